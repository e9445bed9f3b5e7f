"""The base of everything the emulator keeps, and its JSON form on disk."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from .store import Store


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """One version of one resource.

    Shape: fields of subclasses hold JSON values, `bytes` or aware `datetime`s; `KIND` names
    the record class on disk and must stay the same between releases.
    """

    KIND: ClassVar[str]

    sid: str
    account_sid: str
    date_created: datetime
    date_updated: datetime
    version: int = 0

    def dump(self) -> str:
        """Write the fields as JSON text."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return json.dumps(fields, default=_encode, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> Self:
        """Read a record back; fields added since it was written take their defaults."""
        return cls(**json.loads(text, object_hook=_decode))


def _encode(value: object) -> object:
    if isinstance(value, datetime):
        return {"$date": value.isoformat()}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode("ascii")}
    raise TypeError(f"a record cannot hold {type(value).__name__}")


def _decode(value: Mapping[str, Any]) -> object:
    if len(value) == 1:
        if "$date" in value:
            return datetime.fromisoformat(value["$date"])
        if "$bytes" in value:
            return base64.b64decode(value["$bytes"])
    return value


def new_record(store: Store, account_sid: str, prefix: str) -> dict[str, Any]:
    """Give the fields every new record begins with."""
    now, sid = store.clock.now(), store.new_sid(prefix)
    return {"sid": sid, "account_sid": account_sid, "date_created": now, "date_updated": now}
