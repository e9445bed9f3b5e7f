"""The Events list: what happened in a workspace, newest first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from twilio_emulator.wire import Call, Parameter, Route, page

from .event_log import workspace_events
from .lookup import HOST, ROOT, part_of, workspace_of
from .records import Event
from .rendering import event_body

DEFAULT_MINUTES = 15

_LIST = f"{ROOT}/{{WorkspaceSid}}/Events"
_ONE = f"{_LIST}/{{Sid}}"
_DATA = {
    "TaskSid": "task_sid",
    "WorkerSid": "worker_sid",
    "ReservationSid": "reservation_sid",
    "TaskQueueSid": "task_queue_sid",
    "WorkflowSid": "workflow_sid",
    "TaskChannel": "task_channel_unique_name",
}


def list_events(call: Call) -> dict[str, Any]:
    """List the events of the last 15 minutes, or of the time asked for."""
    params = call.params
    earliest, latest = _window(call)
    found = [
        event
        for event in workspace_events(call.emulator, workspace_of(call).sid)
        if earliest <= event.date_created <= latest
        and params.get("EventType", event.event_type) == event.event_type
        and params.get("Sid", event.sid) == event.sid
        and all(
            event.event_data.get(field) == params[name]
            for name, field in _DATA.items()
            if name in params
        )
    ]
    return page(call, "events", found, event_body)


def fetch_event(call: Call) -> dict[str, Any]:
    """Show an event."""
    return event_body(part_of(call, Event))


def _window(call: Call) -> tuple[datetime, datetime]:
    params, now = call.params, call.store.clock.now()
    latest: datetime = params.get("EndDate", now)
    minutes = timedelta(minutes=params.get("Minutes", DEFAULT_MINUTES))
    return params.get("StartDate", latest - minutes), latest


ROUTES = (
    Route(
        "GET",
        HOST,
        _LIST,
        list_events,
        parameters=(
            Parameter("EventType"),
            *(Parameter(name) for name in _DATA),
            Parameter("Sid"),
            Parameter("Minutes", "integer", minimum=1),
            Parameter("StartDate", "date"),
            Parameter("EndDate", "date"),
        ),
        page_size=1000,
    ),
    Route("GET", HOST, _ONE, fetch_event),
)
