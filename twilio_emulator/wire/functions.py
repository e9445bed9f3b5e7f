"""Requests to Twilio Functions (`*.twil.io`), from outside and from event callbacks alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

FUNCTION_DOMAIN = ".twil.io"


@dataclass(frozen=True)
class FunctionRequest:
    """One HTTP request to a function or asset; `path` is still percent-encoded."""

    method: str
    host: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def url(self) -> str:
        """The address as its caller wrote it, which is what a signature covers."""
        return f"https://{self.host}{self.path}" + (f"?{self.query}" if self.query else "")

    def header(self, name: str) -> str | None:
        """Return the first header of this name, in any case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclass(slots=True)
class FunctionResponse:
    """What the function answered; `raw_headers` go before `headers`, as they are."""

    status: int
    headers: Iterable[tuple[str, str]] = ()
    body: bytes = field(default=b"", repr=False)
    raw_headers: Iterable[tuple[bytes, bytes]] = field(default=(), repr=False)


FunctionHandler: TypeAlias = Callable[[FunctionRequest], Awaitable[FunctionResponse]]
