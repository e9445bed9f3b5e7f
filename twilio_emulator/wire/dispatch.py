"""Turn one request into the answer of its route's handler."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from starlette.datastructures import UploadFile
from starlette.requests import Request

from twilio_emulator.store import StaleVersion

from .authentication import account_of
from .call import Call, Reply, UploadedFile
from .errors import PRECONDITION_FAILED, ApiError, invalid
from .parameters import page_request, parse_json, parse_parameters
from .request import Receive, WireRequest
from .route import Route

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

    from .router import Router

_LARGEST_PART = 32 * 1024 * 1024
_PAGING = ("PageSize", "Page", "PageToken")


async def dispatch(emulator: Emulator, router: Router, request: WireRequest) -> tuple[Route, Reply]:
    """Authenticate, find the route, check the parameters, run the handler.

    Raises: ApiError for every refusal, which the caller writes as Twilio's envelope.
    """
    account_sid = account_of(request.header("authorization"), emulator.authenticate)
    route, sids = router.find(request.method, request.host, request.path)
    call = await _call(emulator, account_sid, route, sids, request)
    try:
        return route, await _run(emulator, call)
    except StaleVersion as stale:
        raise ApiError(
            412, PRECONDITION_FAILED, f"Precondition Failed: {stale.record.sid} has changed"
        ) from stale


async def _call(
    emulator: Emulator, account_sid: str, route: Route, sids: dict[str, str], request: WireRequest
) -> Call:
    given, files, body = await _inputs(route, request)
    params = parse_parameters(route, given)
    page = page_request(route, params)
    return Call(
        emulator=emulator,
        account_sid=account_sid,
        route=route,
        path=unquote(request.path),
        sids=sids,
        params=params,
        query={name: values for name, values in given.items() if name not in _PAGING},
        if_match=_version(request.header("if-match")) if route.if_match else None,
        json=body,
        files=files,
        page=page,
    )


async def _run(emulator: Emulator, call: Call) -> Reply:
    handler = call.route.handler
    if inspect.iscoroutinefunction(handler):
        answer = await handler(call)
    else:
        with emulator.store.transaction():
            answer = handler(call)
    return answer if isinstance(answer, Reply) else Reply(answer)


def _version(header: str | None) -> str | None:
    """Strip the quotes: clients send the number bare, quoted, and quoted as weak."""
    return None if header is None else header.strip().removeprefix("W/").strip('"')


async def _inputs(
    route: Route, request: WireRequest
) -> tuple[Mapping[str, Sequence[str]], dict[str, UploadedFile], Any]:
    given = parse_qs(request.query, keep_blank_values=True)
    if request.method != "POST" or route.body == "none":
        return given, {}, None
    if route.body == "json":
        return given, {}, _json(request.body)
    if route.body == "multipart":
        fields, files = await _multipart(request)
        return {**given, **fields}, files, None
    try:
        form = parse_qs(request.body.decode(), keep_blank_values=True)
    except UnicodeDecodeError:
        raise invalid("The post body is not UTF-8") from None
    return {**given, **form}, {}, None


def _json(body: bytes) -> Any:
    return parse_json("The post body", body or b"{}")


async def _multipart(
    request: WireRequest,
) -> tuple[dict[str, list[str]], dict[str, UploadedFile]]:
    if request.content_type != "multipart/form-data":
        raise invalid("The post body is not multipart/form-data")
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
    headers = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in request.headers]
    scope = {"type": "http", "method": request.method, "headers": headers}
    return Request(scope, _replay(request.body))


def _replay(body: bytes) -> Receive:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
