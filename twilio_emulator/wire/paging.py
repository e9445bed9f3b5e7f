"""Cut a list into pages and write Twilio's list envelope.

A cursor names the last item of the page before (`PA` + its SID) or the first of the page after
(`PB` + its SID), so that items made or removed between two pages never shift the rest.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from twilio_emulator.assumptions import NEXT_PAGE_CARRIES_NUMBER

from .call import Call
from .encoding import Json, Page
from .errors import invalid

T = TypeVar("T")

_AFTER, _BEFORE = "PA", "PB"


def _sid_of(item: Any) -> str:
    return str(item.sid)


def page(
    call: Call,
    key: str,
    items: Sequence[T],
    render: Callable[[T], dict[str, Any] | Json],
    *,
    identity: Callable[[T], str] = _sid_of,
    position: Callable[[str], Any] = lambda _identity: None,
) -> Page:
    """Write the page of `items` that the call asks for.

    `identity` gives what a cursor names; `position` tells where an item stands among the others,
    also one that is not in the list by now (`store[Kind].position`, or anything that compares as
    the list is ordered), so that its cursor still works; None when that is not known.
    Raises: ApiError 400/20001 for a cursor of an item that never was in this list.
    """
    size = call.page.size
    start = _start(call, items, identity, position)
    shown = items[start : start + size]
    more = start + size < len(items)
    meta = {
        "first_page_url": _page_url(call, 0, None),
        "key": key,
        "next_page_url": _next(call, _AFTER + identity(shown[-1])) if more else None,
        "page": call.page.number,
        "page_size": size,
        "previous_page_url": (
            _page_url(call, max(call.page.number - 1, 0), _BEFORE + identity(shown[0]))
            if start > 0 and shown
            else None
        ),
        "url": _page_url(call, call.page.number, call.page.token or None),
    }
    return Page(key, [render(item) for item in shown], meta)


def _next(call: Call, token: str) -> str:
    return _page_url(call, call.page.number + 1, token)


def _page_url(call: Call, number: int, token: str | None) -> str:
    query: list[tuple[str, str]] = [
        (name, value) for name, values in call.query.items() for value in values
    ]
    query.append(("PageSize", str(call.page.size)))
    if token is None or NEXT_PAGE_CARRIES_NUMBER:
        query.append(("Page", str(number)))
    if token is not None:
        query.append(("PageToken", token))
    return f"https://{call.route.host}{call.path}?{urlencode(query)}"


def _start(
    call: Call,
    items: Sequence[T],
    identity: Callable[[T], str],
    position: Callable[[str], Any],
) -> int:
    token = call.page.token
    if not token:
        return 0
    kind, named = token[:2], token[2:]
    at = _place(items, identity, position, named)
    if at is None:
        at = _place_of_gone(items, identity, position, named)
        if at is None or kind not in (_AFTER, _BEFORE):
            raise invalid(f"PageToken '{token}' is not valid for this list")
        return at if kind == _AFTER else max(at - call.page.size, 0)
    if kind == _AFTER:
        return at + 1
    if kind == _BEFORE:
        return max(at - call.page.size, 0)
    raise invalid(f"PageToken '{token}' is not valid for this list")


def _place(
    items: Sequence[T],
    identity: Callable[[T], str],
    position: Callable[[str], Any],
    named: str,
) -> int | None:
    """Find an item: at once in a list in order of position, one by one in any other."""
    place = position(named)
    if place is not None:
        at = bisect_left(items, place, key=lambda item: position(identity(item)))
        if at < len(items) and identity(items[at]) == named:
            return at
    return next((n for n, item in enumerate(items) if identity(item) == named), None)


def _place_of_gone(
    items: Sequence[T],
    identity: Callable[[T], str],
    position: Callable[[str], Any],
    named: str,
) -> int | None:
    gone = position(named)
    if gone is None:
        return None
    places = (position(identity(item)) for item in items)
    return next((n for n, place in enumerate(places) if place > gone), len(items))
