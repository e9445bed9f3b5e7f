"""Read one HTTP request whole and work out which of Twilio's hosts it is meant for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from .functions import FUNCTION_DOMAIN

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True)
class WireRequest:
    """One request as it came; `path` is still percent-encoded and without a host prefix."""

    method: str
    host: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    client: str

    def header(self, name: str) -> str | None:
        """Return the last header of this (lower-case) name."""
        found = None
        for key, value in self.headers:
            if key == name:
                found = value
        return found

    @property
    def content_type(self) -> str:
        """The media type without its parameters."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()


async def read_request(scope: Scope, receive: Receive) -> WireRequest:
    """Read the request to its end."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    headers = tuple((k.decode("latin-1").lower(), v.decode("latin-1")) for k, v in scope["headers"])
    named = next((value for key, value in headers if key == "host"), "")
    host, path = split_host(named, scope["raw_path"].decode("latin-1").partition("?")[0])
    client = scope.get("client") or ("", 0)
    query = scope["query_string"].decode("latin-1")
    return WireRequest(scope["method"], host, path, query, headers, bytes(body), client[0])


def split_host(named: str, path: str) -> tuple[str, str]:
    """Return the Twilio host and the path below it.

    A first path segment that is a Twilio host wins over the Host header, so that plain tools
    can write http://127.0.0.1:4010/taskrouter.twilio.com/v1/Workspaces.
    """
    first, slash, rest = path[1:].partition("/")
    if is_twilio_host(first):
        return first.lower(), "/" + rest if slash else "/"
    return named.partition(":")[0].lower(), path


def is_twilio_host(host: str) -> bool:
    """Tell whether a name belongs to Twilio."""
    return host.lower().endswith((".twilio.com", FUNCTION_DOMAIN))
