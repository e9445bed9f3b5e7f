"""Turn one request into the answer of its route's handler."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import CoroutineType
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import parse_qs, unquote

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from twilio_emulator.assumptions import IF_MATCH_STAR_FITS_ANY_VERSION, STALE_VERSION_TEXT
from twilio_emulator.store import StaleVersion

from .authentication import account_of
from .call import Call, Reply, UploadedFile
from .errors import PRECONDITION_FAILED, ApiError, invalid
from .parameters import page_request, parse_json, parse_parameters
from .request import Receive, WireRequest
from .route import Route

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

    from .router import Found, Router

_LARGEST_PART = 32 * 1024 * 1024
_FORM = "application/x-www-form-urlencoded"
_PAGING = ("PageSize", "Page", "PageToken")

T = TypeVar("T")
Given: TypeAlias = Mapping[str, Sequence[str]]


class Asked:
    """One API request, read as far as it says who asks what; refusals are kept for `dispatch`."""

    def __init__(self, emulator: Emulator, router: Router, request: WireRequest) -> None:
        self.request = request
        self.account_sid: str | ApiError = _kept(
            account_of, request.header("authorization"), emulator.authenticate
        )
        self.found: Found | ApiError = _kept(
            router.find, request.method, request.host, request.path
        )
        self.given: Given | ApiError = _kept(_given, self.found, request)

    @property
    def proven_account(self) -> str | None:
        """The account whose request it is, None without its credentials."""
        return None if isinstance(self.account_sid, ApiError) else self.account_sid

    def shown(self) -> dict[str, Any]:
        """Write the parameters for the journal, without the secret ones."""
        if not self.given or isinstance(self.given, ApiError):
            return {}
        known = {} if isinstance(self.found, ApiError) else self.found[0].accepted
        return {
            name: "(secret)"
            if name in known and known[name].secret
            else values[0]
            if len(values) == 1
            else values
            for name, values in self.given.items()
        }


def _kept(act: Callable[..., T], *arguments: Any) -> T | ApiError:
    try:
        return act(*arguments)
    except ApiError as error:
        return error


def _accepted(part: T | ApiError) -> T:
    if isinstance(part, ApiError):
        raise part
    return part


def _given(found: Found | ApiError, request: WireRequest) -> dict[str, list[str]]:
    given = _pairs(request.query)
    if request.method != "POST":
        return given
    is_form = (
        request.content_type == _FORM if isinstance(found, ApiError) else found[0].body == "form"
    )
    if not is_form:
        return given
    try:
        return given | _pairs(request.body.decode())
    except UnicodeDecodeError:
        raise invalid("The post body is not UTF-8") from None


def _pairs(text: str) -> dict[str, list[str]]:
    return parse_qs(text, keep_blank_values=True) if text else {}


async def dispatch(emulator: Emulator, asked: Asked) -> Reply:
    """Check the parameters and run the handler; the reply has its status.

    Raises: ApiError for every refusal, which the caller writes as Twilio's envelope.
    """
    account_sid = _accepted(asked.account_sid)
    route, sids = _accepted(asked.found)
    given = _accepted(asked.given)
    files: dict[str, UploadedFile] = {}
    if route.body == "multipart" and asked.request.method == "POST":
        fields, files = await _multipart(asked.request)
        given = {**given, **fields}
    call = _call(emulator, account_sid, route, sids, asked.request, given, files)
    try:
        # An asynchronous handler has not begun when its coroutine comes back.
        with emulator.store.transaction():
            answer = route.handler(call)
        if isinstance(answer, CoroutineType):
            answer = await answer
    except StaleVersion as stale:
        raise ApiError(
            412, PRECONDITION_FAILED, STALE_VERSION_TEXT.format(sid=stale.record.sid)
        ) from stale
    return _with_status(route, answer)


def _call(
    emulator: Emulator,
    account_sid: str,
    route: Route,
    sids: dict[str, str],
    request: WireRequest,
    given: Given,
    files: Mapping[str, UploadedFile],
) -> Call:
    is_json = route.body == "json" and request.method == "POST"
    params = parse_parameters(route, given)
    return Call(
        emulator=emulator,
        account_sid=account_sid,
        route=route,
        path=unquote(request.path) if "%" in request.path else request.path,
        sids=sids,
        params=params,
        query=_unpaged(given) if given else given,
        if_match=_version(request.header("if-match")) if route.if_match else None,
        json=parse_json("The post body", request.body or b"{}") if is_json else None,
        files=files,
        page=page_request(route, params),
    )


def _unpaged(given: Given) -> Given:
    return {name: values for name, values in given.items() if name not in _PAGING}


def _with_status(route: Route, answer: Any) -> Reply:
    if not isinstance(answer, Reply):
        return Reply(answer, status=route.status)
    if answer.status is not None:
        return answer
    return Reply(answer.body, answer.etag, route.status, answer.headers)


def _version(header: str | None) -> str | None:
    """Strip the quotes: clients send the number bare, quoted, and quoted as weak."""
    version = None if header is None else header.strip().removeprefix("W/").strip('"')
    return None if version == "*" and IF_MATCH_STAR_FITS_ANY_VERSION else version


async def _multipart(
    request: WireRequest,
) -> tuple[dict[str, list[str]], dict[str, UploadedFile]]:
    if request.content_type != "multipart/form-data":
        raise invalid("The post body is not multipart/form-data")
    try:
        return await _parts(request)
    except (LookupError, ValueError, MultiPartException) as error:  # no boundary, no such charset
        raise invalid(f"The post body cannot be read as multipart/form-data: {error}") from None


async def _parts(request: WireRequest) -> tuple[dict[str, list[str]], dict[str, UploadedFile]]:
    fields: dict[str, list[str]] = {}
    files: dict[str, UploadedFile] = {}
    async with _starlette(request).form(max_part_size=_LARGEST_PART) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                content_type = value.content_type or "application/octet-stream"
                content = await value.read()
                files[name] = UploadedFile(value.filename or "", content_type, content)
            else:
                fields.setdefault(name, []).append(value)
    return fields, files


def _starlette(request: WireRequest) -> Request:
    scope = {"type": "http", "method": request.method, "headers": request.raw_headers}
    return Request(scope, _replay(request.body))


def _replay(body: bytes) -> Receive:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
