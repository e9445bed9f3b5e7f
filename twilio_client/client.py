"""`TwilioClient`: typed answers and errors over the shared transport."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import requests

from twilio_client.attribute_json import json_text, parse_json
from twilio_client.credentials import Credentials
from twilio_client.errors import Unreachable, error_for, unexpected
from twilio_client.retry import Deadline, RetryPolicy
from twilio_client.transport import Transport, was_sent

if TYPE_CHECKING:
    from twilio.rest import Client

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Response:
    """An answer: status, the JSON body (or {} where there is none) and the headers."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str]
    text: str = ""

    @property
    def etag(self) -> str | None:
        """Return the version for If-Match, without the quotes Twilio puts around it.

        A proxy that compresses makes it a weak one, `W/"3"`: the version is the same.
        """
        value = self.headers.get("ETag", "")
        return value.removeprefix("W/").strip('"') or None


class TwilioClient:
    """Talks to one account.

    Safe to share between threads. Each call takes `what`, the phrase errors begin with
    ("create TaskQueue 'Sales' in WS…").
    """

    def __init__(
        self,
        credentials: Credentials,
        base_url: str | None = None,
        *,
        retry: RetryPolicy | None = None,
        transport: Transport | None = None,
    ) -> None:
        """Prepare a client; nothing is sent yet."""
        self.credentials = credentials
        self.transport = transport or Transport(base_url, retry=retry)
        self._auth = (credentials.username, credentials.password)

    @cached_property
    def sdk(self) -> Client:
        """The official SDK's client, over the same connections, budget and retries."""
        from twilio.rest import Client  # 0.2 s to import: only for those who use it

        username, password = self._auth
        return Client(username, password, self.credentials.account_sid, http_client=self.transport)

    def get(
        self,
        url: str,
        params: Params | None = None,
        *,
        deadline: Deadline | None = None,
        what: str = "",
    ) -> Response:
        """Read one resource. Raises: TwilioError; repeating a read is always safe."""
        return self._call("GET", url, what, params=form(params), deadline=deadline)

    def post(
        self,
        url: str,
        data: Params | None = None,
        *,
        json_body: object = None,
        if_match: str | None = None,
        repeatable: bool = False,
        deadline: Deadline | None = None,
        what: str = "",
    ) -> Response:
        """Create or update a resource with a form, or with `json_body` where the API takes JSON.

        `repeatable` declares that doing it twice does no harm (an update that sets values).
        `deadline` says until when it may be repeated, instead of the policy's attempts.

        Raises: TwilioError, whose `retry_safe` tells whether to repeat.
        """
        headers = {"If-Match": if_match} if if_match is not None else None
        body = {"json": json_body} if json_body is not None else {"data": form(data)}
        sending = {"headers": headers, "repeatable": repeatable, "deadline": deadline}
        return self._call("POST", url, what, **sending, **body)

    def delete(self, url: str, *, if_match: str | None = None, what: str = "") -> Response:
        """Delete a resource. Raises: NotFound where it is gone already, other TwilioErrors."""
        headers = {"If-Match": if_match} if if_match is not None else None
        return self._call("DELETE", url, what, headers=headers)

    def upload(
        self,
        url: str,
        fields: Params,
        *,
        filename: str,
        content: bytes,
        content_type: str,
        what: str = "",
    ) -> Response:
        """Upload a function's or an asset's content (multipart). Raises: TwilioError."""
        file = {"Content": (filename, content, content_type)}
        # Every upload makes a version of its own, and versions nobody uses are purged by
        # Twilio: sending one twice does no harm.
        return self._call("POST", url, what, data=form(fields), files=file, repeatable=True)

    def list(
        self, url: str, params: Params | None = None, *, page_size: int = 1000, what: str = ""
    ) -> Iterator[dict[str, Any]]:
        """Go through all records of a list, page by page, following Twilio's own links.

        Raises: TwilioError at the page that failed: a partial list is never taken for a whole.
        """
        page = self.get(url, {**(params or {}), "PageSize": page_size}, what=what).body
        while True:
            records, following = _records(page, what or f"GET {url}")
            yield from records
            if not following:
                return
            page = self.get(following, what=what).body

    def call_function(
        self,
        url: str,
        *,
        form_body: Params | None = None,
        json_body: object = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Response:
        """Call a Twilio Function (`https://….twil.io/…`) as anybody could: without credentials.

        Returns the answer whatever its status. Raises: Unreachable.
        """
        body = {"json": json_body} if json_body is not None else {"data": form(form_body)}
        return self._send("POST", url, f"call {url}", headers=headers, timeout=timeout, **body)

    def _call(self, method: str, url: str, what: str, **request: Any) -> Response:
        what = what or f"{method} {url}"
        answer = self._send(method, url, what, auth=self._auth, **request)
        if answer.status >= 300:
            refused = answer.status in (401, 403)
            where = self._placed(what) if refused else what
            raise error_for(where, answer.status, answer.body, reading=method == "GET")
        return answer

    def _send(self, method: str, url: str, what: str, **request: Any) -> Response:
        try:
            answer = self.transport.send(method, url, **request)
        except requests.RequestException as error:
            raise Unreachable(
                self._placed(what),
                twilio_message=_reason(error),
                retry_safe=method == "GET" or not was_sent(error),
            ) from error
        return Response(answer.status_code, _parsed(answer), answer.headers, answer.text)

    def _placed(self, what: str) -> str:
        """Say whom was talked to where it was not Twilio: credentials went there as well."""
        base_url = self.transport.base_url
        return f"{what} at {base_url.rpartition('@')[2]}" if base_url else what


def form(values: Params | None) -> dict[str, str | list[str]]:
    """Turn Python values into form values.

    None is left out, True becomes "true", a list is sent as repeated keys, a dict as compact
    JSON.
    """
    return {name: _text(value) for name, value in (values or {}).items() if value is not None}


def _records(page: dict[str, Any], what: str) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page's records, and where the next page is."""
    try:
        records, following = page[page["meta"]["key"]], page["meta"].get("next_page_url")
    except (KeyError, TypeError, AttributeError) as error:
        raise unexpected(what, "list") from error
    if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
        raise unexpected(what, "list")
    return records, following


def _text(value: object) -> str | list[str]:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return json_text(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [str(_text(item)) for item in value]
    return str(value)


def _parsed(answer: requests.Response) -> dict[str, Any]:
    try:
        body = parse_json(answer.content.decode())
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {"value": body}


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "timed out"
    return "connection dropped" if was_sent(error) else "connection refused or host not found"
