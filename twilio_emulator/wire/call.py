"""What a handler gets and what it gives back.

Nobody changes a call or a reply; they are not frozen only because one of each is made for every
request, and freezing makes that three times as slow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .route import Route

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator
    from twilio_emulator.store import Store


@dataclass(frozen=True)
class UploadedFile:
    """A file part of a multipart body."""

    filename: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class PageRequest:
    """Which page of a list is asked for; `token` is empty for the first."""

    size: int
    number: int
    token: str


NO_PAGE = PageRequest(50, 0, "")


@dataclass(slots=True)
class Call:
    """One authenticated request with its parameters checked."""

    emulator: Emulator
    account_sid: str
    route: Route
    path: str
    sids: Mapping[str, str]
    params: Mapping[str, Any]
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)  # as given, without paging
    if_match: str | None = None
    json: Any = None
    files: Mapping[str, UploadedFile] = field(default_factory=dict)
    page: PageRequest = NO_PAGE

    @property
    def store(self) -> Store:
        """The emulator's store."""
        return self.emulator.store

    def url(self, *segments: str) -> str:
        """Write an address on this call's host: `call.url("v1", "Services", sid)`."""
        path = "/".join(quote(segment, safe="") for segment in segments)
        return f"https://{self.route.host}/{path}"


@dataclass(slots=True)
class Reply:
    """An answer; `status` None means the route's own."""

    body: Any = None
    etag: object = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
