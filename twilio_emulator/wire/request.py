"""Read one HTTP request whole and work out which of Twilio's hosts it is meant for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

from twilio_emulator.admin.request import PREFIX

from .functions import FUNCTION_DOMAIN

LARGEST_BODY = 64 * 2**20
"""Bytes of a request to one of Twilio's hosts: twice the largest file of an upload."""
LARGEST_OWN_BODY = 512 * 2**20
"""Bytes of a request to an own route: a snapshot may hold many uploads."""
_DEFAULT_REGION = ".us1.twilio.com"

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class CutOff(Exception):
    """The client hung up in the middle of its request, so nothing of it is carried out."""


class TooLarge(Exception):
    """The body is longer than the emulator takes into memory."""


@dataclass(slots=True)
class WireRequest:
    """One request as it came; `path` is still percent-encoded and without a host prefix.

    Shape: names in `raw_headers` are lower case.
    """

    method: str
    host: str
    path: str
    query: str
    raw_headers: Sequence[tuple[bytes, bytes]] = field(repr=False)
    named_headers: Mapping[bytes, bytes] = field(repr=False)  # the last of each name
    body: bytes = field(repr=False)
    client: str

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """All headers."""
        return tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in self.raw_headers)

    def header(self, name: str) -> str | None:
        """Return the last header of this (lower-case) name."""
        found = self.named_headers.get(name.encode())
        return None if found is None else found.decode("latin-1")

    @property
    def content_type(self) -> str:
        """The media type without its parameters."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()


async def read_request(scope: Scope, receive: Receive) -> WireRequest:
    """Read the request to its end.

    Raises: CutOff when the client hangs up before it; TooLarge, with the rest of the body still
    to come.
    """
    headers = scope["headers"]
    named = dict(headers)
    # Without either there is none, and waiting for nothing takes time as well.
    has_body = b"content-length" in named or b"transfer-encoding" in named
    body = await _body(receive, _most(scope["path"])) if has_body else b""
    host, path = split_host(
        named.get(b"host", b"").decode("latin-1"),
        scope["raw_path"].decode("latin-1").partition("?")[0],
    )
    client = scope.get("client") or ("", 0)
    query = scope["query_string"].decode("latin-1")
    return WireRequest(scope["method"], host, path, query, headers, named, body, client[0])


def _most(path: str) -> int:
    return LARGEST_OWN_BODY if path.startswith(PREFIX) else LARGEST_BODY


async def _body(receive: Receive, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CutOff
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise TooLarge(
                f"The body has more than {most >> 20} MiB, which is the most the emulator takes"
            )
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def split_host(named: str, path: str) -> tuple[str, str]:
    """Return the Twilio host and the path below it.

    A first path segment that is a Twilio host wins over the Host header, so that plain tools
    can write http://127.0.0.1:4010/taskrouter.twilio.com/v1/Workspaces.
    """
    first, slash, rest = path[1:].partition("/")
    if "." in first and is_twilio_host(first):
        return _in_default_region(first), "/" + rest if slash else "/"
    return _in_default_region(named), path


@lru_cache(maxsize=256)
def _in_default_region(named: str) -> str:
    """Take port, edge and default region out of a host: api.ashburn.us1.twilio.com.

    Other regions have data of their own, which is not emulated; their hosts stay as they are.
    Source: Twilio's page "Global Infrastructure", {product}.{edge}.{region}.twilio.com.
    """
    host = named.partition(":")[0].lower()
    if not host.endswith(_DEFAULT_REGION):
        return host
    return host.partition(".")[0] + ".twilio.com"


def is_twilio_host(host: str) -> bool:
    """Tell whether a name belongs to Twilio."""
    return host.lower().endswith((".twilio.com", FUNCTION_DOMAIN))
