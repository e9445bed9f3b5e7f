"""Items of Sync lists and maps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from twilio_emulator.wire import Call, Parameter, Reply, Route, invalid, not_found, page

from . import errors, rules
from .containers import COLLECTION_TTL
from .documents import DATA, TTL
from .rates import count_read, count_write
from .records import Item, SyncList, SyncMap
from .services import HOST, PAGE_SIZE

_KEY_LIMIT = 320
_ITEM_TTL = Parameter("ItemTtl", "integer", minimum=0, maximum=31536000)
_LIST_ITEMS = "/v1/Services/{ServiceSid}/Lists/{ListSid}/Items"
_MAP_ITEMS = "/v1/Services/{ServiceSid}/Maps/{MapSid}/Items"


def render(item: Item) -> dict[str, Any]:
    """Write an item as Sync answers it."""
    parents, identity = ("Lists", "index") if item.key is None else ("Maps", "key")
    base = f"https://{HOST}/v1/Services/{item.service_sid}/{parents}/{item.parent_sid}"
    return {
        identity: item.index if item.key is None else item.key,
        "account_sid": item.account_sid,
        "service_sid": item.service_sid,
        f"{parents.lower()[:-1]}_sid": item.parent_sid,
        "revision": str(item.version),
        "data": rules.rendered_data(item.data),
        "date_expires": rules.render_date(item.date_expires),
        "date_created": rules.render_date(item.date_created),
        "date_updated": rules.render_date(item.date_updated),
        "created_by": item.created_by,
        "url": f"{base}/Items/{quote(item.name, safe='')}",
    }


def _reply(item: Item) -> Reply:
    return Reply(render(item), etag=item.version)


def _parent(call: Call) -> SyncList | SyncMap:
    if "ListSid" in call.sids:
        return rules.find(call, SyncList, "ListSid")
    return rules.find(call, SyncMap, "MapSid")


def _item(call: Call) -> Item:
    parent = _parent(call)
    name = call.sids["Index"] if isinstance(parent, SyncList) else call.sids["Key"]
    found = call.store[Item].get(f"{parent.sid}/{name}")
    if found is None or not rules.living(call, [found]):
        raise not_found(call)
    return found


def create_item(call: Call) -> Reply:
    """Append an item to a list, or put one under a new key into a map."""
    parent = _parent(call)
    text = rules.data(call)
    count_write(call, parent.sid, text)
    index, key = _identity(call, parent)
    now = call.store.clock.now()
    item = Item(
        sid=f"{parent.sid}/{index if key is None else key}",
        account_sid=call.account_sid,
        date_created=now,
        date_updated=now,
        parent_sid=parent.sid,
        service_sid=parent.service_sid,
        index=index,
        key=key,
        data=text,
        date_expires=rules.expiry(call, "ItemTtl", "Ttl"),
    )
    call.store.put(item)
    _touch(call, parent, next_index=None if index is None else index + 1)
    return _reply(item)


def _identity(call: Call, parent: SyncList | SyncMap) -> tuple[int | None, str | None]:
    if isinstance(parent, SyncList):
        return parent.next_index, None
    key: str = call.params["Key"]
    present = call.store[Item].get(f"{parent.sid}/{key}")
    if present is not None and rules.living(call, [present]):
        raise errors.map_key_taken(key)
    return None, key


def _touch(call: Call, parent: SyncList | SyncMap, next_index: int | None = None) -> None:
    changes: dict[str, Any] = {} if next_index is None else {"next_index": next_index}
    if "CollectionTtl" in call.params:
        changes["date_expires"] = rules.expiry(call, "CollectionTtl")
    call.store.change(parent, **changes)


def list_items(call: Call) -> dict[str, Any]:
    """List items by index, or by key, from a place on and in either direction."""
    parent = _parent(call)
    count_read(call, parent.sid)
    items = rules.items_of(call, parent)
    ordered = sorted(items, key=lambda item: (item.index or 0, item.key or ""))
    if call.params.get("Order") == "desc":
        ordered.reverse()
    return page(call, "items", _from(call, ordered), render, identity=lambda item: item.name)


def _from(call: Call, ordered: Sequence[Item]) -> Sequence[Item]:
    if "From" not in call.params:
        return ordered
    start = call.params["From"]
    backwards = call.params.get("Order") == "desc"
    inclusive = call.params.get("Bounds", "inclusive") == "inclusive"
    return [item for item in ordered if _is_past(item, start, backwards, inclusive)]


def _is_past(item: Item, start: str, backwards: bool, inclusive: bool) -> bool:
    place: int | str = item.name
    bound: int | str = start
    if item.key is None:
        if not re.fullmatch("[0-9]{1,18}", start):
            raise invalid(f"From '{start}' is not an index")
        place, bound = item.index or 0, int(start)
    if place == bound:
        return inclusive
    return (place < bound) is backwards  # type: ignore[operator]  # both int, or both str


def fetch_item(call: Call) -> Reply:
    """Read an item."""
    item = _item(call)
    count_read(call, item.parent_sid)
    return _reply(item)


def _check(call: Call, item: Item) -> None:
    is_list = item.key is None
    code = errors.LIST_ITEM_REVISION_MISMATCH if is_list else errors.MAP_ITEM_REVISION_MISMATCH
    rules.check_revision(call, item, code)


def update_item(call: Call) -> Reply:
    """Replace an item's data or its time to live, under If-Match when given.

    Raises: ApiError 400/20001 for CollectionTtl alone.
    Source: OpenAPI document.
    """
    item = _item(call)
    _check(call, item)
    changes: dict[str, Any] = {}
    if "Data" in call.params:
        changes["data"] = rules.data(call)
    if {"ItemTtl", "Ttl"} & call.params.keys():
        changes["date_expires"] = rules.expiry(call, "ItemTtl", "Ttl")
    if not changes and "CollectionTtl" in call.params:
        raise invalid("CollectionTtl can only be given together with Data, Ttl or ItemTtl")
    count_write(call, item.parent_sid, changes.get("data", ""))
    changed = call.store.change(item, **changes)
    _touch(call, _parent(call))
    return _reply(changed)


def delete_item(call: Call) -> None:
    """Delete an item, under If-Match when given."""
    item = _item(call)
    _check(call, item)
    count_write(call, item.parent_sid)
    call.store.remove(item)
    _touch(call, _parent(call))


def _routes(every: str, name: str, new: tuple[Parameter, ...]) -> tuple[Route, ...]:
    one = f"{every}/{{{name}}}"
    ttl = (TTL, _ITEM_TTL, COLLECTION_TTL)
    data = Parameter("Data", "object", required=True)
    listing = (
        Parameter("Order", "enum", choices=("asc", "desc")),
        Parameter("From"),
        Parameter("Bounds", "enum", choices=("inclusive", "exclusive")),
    )
    return (
        Route("POST", HOST, every, create_item, parameters=(*new, data, *ttl), status=201),
        Route("GET", HOST, every, list_items, parameters=listing, page_size=PAGE_SIZE),
        Route("GET", HOST, one, fetch_item),
        Route("POST", HOST, one, update_item, parameters=(DATA, *ttl), if_match=True),
        Route("DELETE", HOST, one, delete_item, status=204, if_match=True),
    )


_KEY = Parameter("Key", required=True, max_length=_KEY_LIMIT, blank=False)
ROUTES = (*_routes(_LIST_ITEMS, "Index", ()), *_routes(_MAP_ITEMS, "Key", (_KEY,)))
