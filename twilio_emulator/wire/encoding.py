"""Write answers as JSON, once per version of a record.

What a record looks like in an answer changes with the record, and with the few other records it
shows something of.  Records never change, they are replaced; so an answer that was written stays
true for as long as the same records are asked about.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from twilio_emulator.store import Record

_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
_KEPT = "_written"


class Json(bytes):
    """JSON that is already written: an answer's body, or one item of a page."""


class Page(dict[str, Any]):
    """A list envelope, whose items may be written already."""

    def __init__(self, key: str, items: list[Any], meta: dict[str, Any]) -> None:
        super().__init__({key: items, "meta": meta})
        self.key = key

    def encode(self) -> bytes:
        """Write the envelope."""
        items = b",".join(encode(item) for item in self[self.key])
        key, meta = encode(self.key), encode(self["meta"])
        return b'{%b:[%b],"meta":%b}' % (key, items, meta)


def encode(value: Any) -> bytes:
    """Write a value as compact JSON in UTF-8; what is written already stays as it is."""
    if isinstance(value, Json):
        return value
    return value.encode() if isinstance(value, Page) else _ENCODER.encode(value).encode()


def written(record: Record, shows: tuple[Record | None, ...], body: Callable[[], Any]) -> Json:
    """Return the JSON of `body()`, written once for this record and those it shows besides.

    Shape: `shows` are all other records whose fields `body` reads; the same number on each call.
    """
    kept = record.__dict__.get(_KEPT)
    if kept is not None and kept[0] == shows:  # a look at who they are, mostly
        return kept[1]  # type: ignore[no-any-return]
    text = Json(encode(body()))
    # Beside the fields, as functools.cached_property does it: the record stays as it is.
    record.__dict__[_KEPT] = (shows, text)
    return text
