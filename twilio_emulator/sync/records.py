"""What Sync keeps."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import ClassVar

from twilio_emulator.store import Record

CREATED_BY_REST = "system"


@dataclasses.dataclass(frozen=True, kw_only=True)
class SyncService(Record):
    """A Sync service; only the ready-made one has a unique name."""

    KIND: ClassVar[str] = "sync.service"

    unique_name: str | None = None
    friendly_name: str | None = None
    webhook_url: str | None = None
    reachability_webhooks_enabled: bool = False
    acl_enabled: bool = False
    reachability_debouncing_enabled: bool = False
    reachability_debouncing_window: int = 5000
    webhooks_from_rest_enabled: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class SyncObject(Record):
    """What a document, a list and a map have in common."""

    service_sid: str
    unique_name: str | None = None
    date_expires: datetime | None = None
    created_by: str = CREATED_BY_REST

    @property
    def names(self) -> tuple[str, ...]:
        """List what this object can be asked for by."""
        return (self.sid,) if self.unique_name is None else (self.sid, self.unique_name)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Document(SyncObject):
    """A document; `data` is the JSON text of an object."""

    KIND: ClassVar[str] = "sync.document"

    data: str = "{}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class SyncList(SyncObject):
    """A list; `next_index` is what its next item gets, indexes are never used twice."""

    KIND: ClassVar[str] = "sync.list"

    next_index: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class SyncMap(SyncObject):
    """A map."""

    KIND: ClassVar[str] = "sync.map"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Item(Record):
    """An item of a list (known by its index) or of a map (known by its key).

    Items have no SID at Twilio; `sid` is the parent's SID and the index or key.
    """

    KIND: ClassVar[str] = "sync.item"

    parent_sid: str
    service_sid: str
    index: int | None = None
    key: str | None = None
    data: str = "{}"
    date_expires: datetime | None = None
    created_by: str = CREATED_BY_REST

    @property
    def name(self) -> str:
        """Return the index or the key, as the address has it."""
        return str(self.index) if self.key is None else self.key
