"""Rules that documents, lists, maps and items share: names, data, expiry, revisions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from twilio_emulator import assumptions
from twilio_emulator.store import StaleVersion
from twilio_emulator.wire import Call, invalid, not_found

from . import errors
from .records import Document, Item, SyncList, SyncMap, SyncObject, SyncService

O = TypeVar("O", Document, SyncList, SyncMap)  # noqa: E741 - the kinds of objects
W = TypeVar("W", Document, SyncList, SyncMap, Item)
DEFAULT_SERVICE = "default"
_UNIQUE_NAME_LIMIT = 256
_SID_SHAPE = re.compile(r"[A-Z]{2}[0-9a-f]{32}")


def render_date(moment: datetime | None) -> str | None:
    """Write a date as Sync does: ISO 8601 UTC in whole seconds."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def services(call: Call) -> Sequence[SyncService]:
    """List the account's services, the ready-made `default` one first."""
    index = call.store[SyncService].index("account", lambda service: service.account_sid)
    has_default = any(service.unique_name for service in index.get(call.account_sid))
    if assumptions.SYNC_DEFAULT_SERVICE_EXISTS and not has_default:
        now = call.store.clock.now()
        call.store.put(
            SyncService(
                sid=call.store.sids.derived("IS", call.account_sid, DEFAULT_SERVICE),
                account_sid=call.account_sid,
                date_created=now,
                date_updated=now,
                unique_name=DEFAULT_SERVICE,
                friendly_name="Default Service",
            )
        )
    return sorted(index.get(call.account_sid), key=lambda service: service.unique_name is None)


def find_service(call: Call, part: str = "ServiceSid") -> SyncService:
    """Find the service an address names by SID or unique name.

    Raises: ApiError 404/20404.
    """
    named = call.sids[part]
    for service in services(call):
        if named in (service.sid, service.unique_name):
            return service
    raise not_found(call)


def in_service(call: Call, kind: type[O], service: SyncService) -> Sequence[O]:
    """List the service's living objects of one kind; expired ones are removed on the way."""
    index = call.store[kind].index("service", lambda item: item.service_sid)
    return living(call, index.get(service.sid))


def find_named(call: Call, kind: type[O], service: SyncService, name: str) -> O | None:
    """Find a living object by SID or unique name."""
    index = call.store[kind].index("name", lambda item: (item.service_sid, item.unique_name))
    by_sid = call.store[kind].get(name)
    found = by_sid if by_sid is not None else index.first((service.sid, name))
    if found is None or found.service_sid != service.sid:
        return None
    alive = living(call, [found])
    return alive[0] if alive else None


def find(call: Call, kind: type[O], part: str = "Sid") -> O:
    """Find the object an address names.

    Raises: ApiError 404/20404.
    """
    found = find_named(call, kind, find_service(call), call.sids[part])
    if found is None:
        raise not_found(call)
    return found


def living(call: Call, records: Iterable[W]) -> Sequence[W]:
    """Take out what has expired; Twilio deletes it some time after its date."""
    now = call.store.clock.now()
    alive = []
    for record in records:
        if record.date_expires is not None and record.date_expires <= now:
            remove(call, record)
        else:
            alive.append(record)
    return alive


def items_of(call: Call, parent: SyncList | SyncMap) -> Sequence[Item]:
    """List the living items of a list or map."""
    index = call.store[Item].index("parent", lambda item: item.parent_sid)
    return living(call, index.get(parent.sid))


def remove(call: Call, record: SyncObject | Item) -> None:
    """Remove an object with the items it holds."""
    if isinstance(record, SyncList | SyncMap):
        index = call.store[Item].index("parent", lambda item: item.parent_sid)
        for item in index.get(record.sid):
            call.store.remove(item)
    call.store.remove(record)


def unique_name(call: Call, kind: type[O], service: SyncService) -> str | None:
    """Read UniqueName for a new object.

    Raises: ApiError 409/54301 when it is taken, 400/54302 when it is not a name.
    """
    name: str | None = call.params.get("UniqueName") or None
    if name is None:
        return None
    if len(name) > _UNIQUE_NAME_LIMIT or _SID_SHAPE.fullmatch(name) or "/" in name:
        raise errors.unique_name_invalid(name)
    if find_named(call, kind, service, name) is not None:
        raise errors.unique_name_taken(name)
    return name


def data(call: Call) -> str:
    """Read Data as compact JSON text, an empty object when it is absent.

    Raises: ApiError 413/54006 above 16 KiB, 400/20001 for anything but an object.
    """
    value = call.params.get("Data", {})
    if not isinstance(value, dict):
        raise invalid("Data must be a JSON object")
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    size = len(text.encode())
    if size > errors.DATA_LIMIT and call.emulator.limits.enforced("sync_sizes"):
        raise errors.data_too_large(size)
    return text


def expiry(call: Call, *names: str) -> datetime | None:
    """Read the first of some time-to-live parameters; 0 or none means never."""
    seconds = next((call.params[name] for name in names if name in call.params), 0)
    return call.store.clock.now() + timedelta(seconds=seconds) if seconds else None


def check_revision(call: Call, record: Document | Item, code: int) -> None:
    """Decide If-Match against a record's revision.

    Raises: ApiError 412 with `code`, 400/54003 for something that is no revision.
    """
    if call.if_match is not None and not re.fullmatch("[0-9]+", call.if_match):
        raise errors.bad_revision(call.if_match)
    try:
        call.store.check_version(record, call.if_match)
    except StaleVersion as stale:
        raise errors.revision_mismatch(code, stale.record.version, stale.expected) from None


def rendered_data(text: str) -> Any:
    """Return the object behind stored data."""
    return json.loads(text)
