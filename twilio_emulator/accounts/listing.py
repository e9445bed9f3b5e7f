"""The list envelope of the 2010 API: flat, with relative addresses.

Source: API 2010 OpenAPI document, list examples.  The cursor is the one of the other APIs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from twilio_emulator.store import Record
from twilio_emulator.wire import Call, Parameter, page
from twilio_emulator.wire.route import Source

from .addressed import HOST

R = TypeVar("R", bound=Record)

PAGE_SIZE = 1000
_URIS = ("first_page", "next_page", "previous_page")


def flat_page(
    call: Call, key: str, items: Sequence[R], render: Callable[[R], dict[str, Any]]
) -> dict[str, Any]:
    """Write the page of `items`, newest first, that the call asks for.

    Raises: ApiError 400/20001 for a cursor of an item that never was in this list.
    """

    def position(sid: str) -> int | None:
        place = call.store[type(items[0])].position(sid) if items else None
        return None if place is None else -place

    found = page(call, key, items, render, position=position)
    meta, shown = found["meta"], found[key]
    start = meta["page"] * meta["page_size"]
    return {
        key: shown,
        "end": start + max(len(shown) - 1, 0),
        "page": meta["page"],
        "page_size": meta["page_size"],
        "start": start,
        "uri": _relative(meta["url"]),
        **{f"{name}_uri": _relative(meta[f"{name}_url"]) for name in _URIS},
    }


def _relative(url: str | None) -> str | None:
    return None if url is None else url.removeprefix(f"https://{HOST}")


def moment_filters(name: str, source: Source = "spec") -> tuple[Parameter, ...]:
    """Declare the three filters by a moment: on, on or before (`<`), on or after (`>`)."""
    return tuple(
        Parameter(name + sign, "date", blank=False, source=source) for sign in ("", "<", ">")
    )


def is_within(call: Call, name: str, moment: datetime | None) -> bool:
    """Tell whether a moment passes the filters of one name; none passes only without filters.

    Source: call page: a bare date stands for the whole day, and for its beginning with < and >.
    """
    limits = {sign: call.params.get(name + sign) for sign in ("", "<", ">")}
    if moment is None:
        return not any(limits.values())
    on, before, after = limits.values()
    return (
        (on is None or timedelta(0) <= moment - on < _length(on))
        and (before is None or moment <= before)
        and (after is None or moment >= after)
    )


def _length(on: datetime) -> timedelta:
    is_date = (on.hour, on.minute, on.second, on.microsecond) == (0, 0, 0, 0)
    return timedelta(days=1) if is_date else timedelta(seconds=1)
