"""Put calls and conferences into the store without anybody having dialled."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from twilio_emulator.store import Record, Store, new_record

from .records import (
    CONFERENCE_STATUSES,
    PARTICIPANT_STATUSES,
    STATUSES,
    Call,
    Conference,
    Participant,
)

P = TypeVar("P", Call, Conference, Participant)

_NAMES = {"from": "from_"}
_MOMENTS = ("date_created", "date_updated", "start_time", "end_time")


def plant_call(store: Store, account_sid: str, **fields: Any) -> Call:
    """Put in a call, in progress unless said otherwise.

    Shape: `fields` by the names of the API's answers (`to`, `from`, `status`, `direction`, `sid`,
    ...), moments as datetimes or ISO 8601 text.
    Raises: ValueError naming a field that calls do not have, a status that is none or a SID that
    is taken.
    """
    now = store.clock.now()
    call: dict[str, Any] = {"to": "", "from_": "", "status": "in-progress", "start_time": now}
    call |= _fields(Call, fields)
    planted = Call(**(new_record(store, account_sid, "CA") | call))
    if planted.has_ended and planted.end_time is None:
        planted = dataclasses.replace(planted, end_time=now)
    return _put(store, planted, STATUSES)


def plant_conference(
    store: Store,
    account_sid: str,
    *,
    participants: Sequence[Mapping[str, Any]] = (),
    **fields: Any,
) -> Conference:
    """Put in a conference with its participants, each on a call of its own.

    Shape: as `plant_call`; a participant without `call_sid` gets a new call in progress.
    Raises: ValueError as `plant_call`, for conferences and participants alike.
    """
    made = new_record(store, account_sid, "CF") | {"friendly_name": ""}
    conference = Conference(**(made | _fields(Conference, fields)))
    _put(store, conference, CONFERENCE_STATUSES)
    for given in participants:
        part = _fields(Participant, given)
        part.setdefault("call_sid", "")
        if not part["call_sid"]:
            part["call_sid"] = plant_call(store, account_sid).sid
        record = new_record(store, account_sid, "CP")
        part["conference_sid"] = conference.sid
        _put(store, Participant(**(record | part)), PARTICIPANT_STATUSES)
    return conference


def _put(store: Store, record: P, statuses: Sequence[str]) -> P:
    what = type(record).__name__.lower()
    if record.status not in statuses:
        raise ValueError(f"a {what} is never {record.status}, but {', '.join(statuses)}")
    if store[type(record)].get(record.sid) is not None:
        raise ValueError(f"there is a {what} {record.sid} already")
    return store.put(record)


def _fields(kind: type[Record], given: Mapping[str, Any]) -> dict[str, Any]:
    known = {field.name for field in dataclasses.fields(kind)} - {"account_sid", "version"}
    fields = {_NAMES.get(name, name): value for name, value in given.items()}
    if unknown := sorted(set(fields) - known):
        raise ValueError(f"a {kind.__name__.lower()} has no {', '.join(unknown)}")
    return {
        name: _moment(value) if name in _MOMENTS and isinstance(value, str) else value
        for name, value in fields.items()
    }


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
