"""The Events list: what happened in a workspace, newest first."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from twilio_emulator.store import Store
from twilio_emulator.taskrouter.lookup import HOST, ROOT, part_of, parts, workspace_of
from twilio_emulator.taskrouter.records import Event
from twilio_emulator.wire import Call, Parameter, Route, page

from .rendering import event_body

DEFAULT_MINUTES = 15
MOST_MINUTES = 1_000_000  # more than a year, and still a date

_LIST = f"{ROOT}/{{WorkspaceSid}}/Events"
_ONE = f"{_LIST}/{{Sid}}"

# Each has an index of its own; the narrowest first: few events are about one reservation.
_INDEXED = {
    "ReservationSid": "reservation_sid",
    "TaskSid": "task_sid",
    "WorkerSid": "worker_sid",
    "TaskQueueSid": "task_queue_sid",
    "WorkflowSid": "workflow_sid",
}
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_CHANNEL = ("task_channel_sid", "task_channel_unique_name")


def list_events(call: Call) -> dict[str, Any]:
    """List the events of the last 15 minutes, or of the time asked for."""
    events = _narrowest(call.store, workspace_of(call).sid, call.params)
    earliest, latest = _window(call)
    # Events are kept in the order they happened.
    first = bisect_left(events, earliest, key=_date)
    last = bisect_right(events, latest, key=_date)
    found = events[first:last][::-1]
    for wanted in _conditions(call.params):
        found = [event for event in found if wanted(event)]
    return page(call, "events", found, event_body, position=_newest_first(call.store))


def fetch_event(call: Call) -> dict[str, Any]:
    """Show an event."""
    return event_body(part_of(call, Event))


def _narrowest(store: Store, workspace_sid: str, params: Mapping[str, Any]) -> list[Event]:
    if "Sid" in params:
        event = store[Event].get(params["Sid"])
        return [event] if event is not None and event.workspace_sid == workspace_sid else []
    for name, field in _INDEXED.items():
        if name in params:
            index = store[Event].index(field, _about(field))
            return index.get((workspace_sid, params[name]))
    return parts(store, Event, workspace_sid)


def _about(field: str) -> Callable[[Event], tuple[str, str | None]]:
    return lambda event: (event.workspace_sid, event.event_data.get(field))


def _date(event: Event) -> datetime:
    return event.date_created


def _conditions(params: Mapping[str, Any]) -> Iterator[Callable[[Event], bool]]:
    """Yield what each further filter asks for; the first indexed one is met already."""
    indexed = [(field, params[name]) for name, field in _INDEXED.items() if name in params]
    for field, sid in indexed if "Sid" in params else indexed[1:]:
        yield _is_about(field, sid)
    if (event_type := params.get("EventType")) is not None:
        yield lambda event: event.event_type == event_type
    if (channel := params.get("TaskChannel")) is not None:
        yield lambda event: channel in [event.event_data.get(field) for field in _CHANNEL]


def _is_about(field: str, sid: str) -> Callable[[Event], bool]:
    return lambda event: event.event_data.get(field) == sid


def _newest_first(store: Store) -> Callable[[str], int | None]:
    """Tell where events stand in their list, also those that no longer pass its filters."""

    def position(sid: str) -> int | None:
        place = store[Event].position(sid)
        return None if place is None else -place

    return position


def _window(call: Call) -> tuple[datetime, datetime]:
    params, now = call.params, call.store.clock.now()
    latest: datetime = params.get("EndDate", now)
    minutes = timedelta(minutes=params.get("Minutes", DEFAULT_MINUTES))
    first = latest - minutes if latest - _BEGINNING > minutes else _BEGINNING
    return params.get("StartDate", first), latest


def _sid(name: str, prefix: str) -> Parameter:
    return Parameter(name, "sid", sid_prefix=prefix, blank=False)


ROUTES = (
    Route(
        "GET",
        HOST,
        _LIST,
        list_events,
        parameters=(
            Parameter("EventType"),
            _sid("TaskSid", "WT"),
            _sid("WorkerSid", "WK"),
            _sid("ReservationSid", "WR"),
            _sid("TaskQueueSid", "WQ"),
            _sid("WorkflowSid", "WW"),
            _sid("Sid", "EV"),
            Parameter("TaskChannel"),
            Parameter("Minutes", "integer", minimum=1, maximum=MOST_MINUTES),
            Parameter("StartDate", "date"),
            Parameter("EndDate", "date"),
        ),
        page_size=1000,
    ),
    Route("GET", HOST, _ONE, fetch_event),
)
