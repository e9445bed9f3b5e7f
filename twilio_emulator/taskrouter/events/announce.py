"""Record what happens in a workspace and hand it to the callback.

Source: event reference page and recorded callbacks; the field sets stand in `fields`.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

from twilio_emulator import assumptions
from twilio_emulator.store import SidSequence, Store, new_record
from twilio_emulator.taskrouter.records import (
    Event,
    Reservation,
    Task,
    TaskQueue,
    Workspace,
)

from .callbacks import EventCallbacks
from .fields import queue_step_fields, reservation_fields, task_fields, workflow_step_fields

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

FORGOTTEN_AT_A_TIME = 100
"""How many events make room together: finding the oldest costs more the more went before it."""

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
_WITH_OPERATING_UNIT = ("worker", "taskqueue", "reservation")


@cache
def snake_case(name: str) -> str:
    """Turn a callback's field name into the Events list's."""
    return _CAPITAL.sub("_", name).lower()


def announce(
    emulator: Emulator,
    workspace: Workspace,
    event_type: str,
    resource: tuple[str, str],
    description: str,
    fields: dict[str, str],
) -> None:
    """Record an event within the present transaction; its callback follows the commit.

    Shape: `resource` is type (lower case, no hyphen) and SID; `fields` are those of the event's
    group, by the callback's names.
    """
    store = emulator.store
    kind, sid = resource
    event = store.put(
        Event(
            **new_record(store, workspace.account_sid, "EV"),
            workspace_sid=workspace.sid,
            event_type=event_type,
            description=description,
            resource_type=kind,
            resource_sid=sid,
            event_data={
                **{snake_case(name): value for name, value in fields.items()},
                "workspace_sid": workspace.sid,
                "workspace_name": workspace.friendly_name,
            },
            event_date_ms=int(store.clock.time() * 1000),
        )
    )
    _forget_oldest(store)
    if not workspace.event_callback_url:
        return
    if workspace.event_types and event_type not in workspace.event_types:
        return
    form = {**_common_fields(workspace, event), **fields}
    callbacks, url = emulator.state(EventCallbacks), workspace.event_callback_url
    store.after_commit(lambda: callbacks.send(workspace.account_sid, url, event_type, form))


def announce_task(
    emulator: Emulator,
    task: Task,
    event_type: str,
    *,
    description: str | None = None,
    more: dict[str, str] | None = None,
) -> None:
    """Announce a task.* event with the task's present fields and `more`."""
    fields = {**task_fields(emulator.store, task, event_type), **(more or {})}
    text = description or f"Task {task.sid} {_done(event_type)}"
    announce(emulator, _workspace(emulator, task), event_type, ("task", task.sid), text, fields)


def announce_reservation(
    emulator: Emulator,
    reservation: Reservation,
    event_type: str,
    *,
    description: str | None = None,
    more: dict[str, str] | None = None,
) -> None:
    """Announce a reservation.* event with the present fields of reservation, task and worker."""
    fields = {**reservation_fields(emulator.store, reservation), **(more or {})}
    text = description or f"Reservation {reservation.sid} {_done(event_type)}"
    resource = ("reservation", reservation.sid)
    workspace = _workspace(emulator, reservation)
    announce(emulator, workspace, event_type, resource, text, fields)


def announce_queue_step(
    emulator: Emulator,
    task: Task,
    queue: TaskQueue,
    event_type: str,
    *,
    more: dict[str, str] | None = None,
) -> None:
    """Announce task-queue.entered, .moved or .timeout: what a task did in a queue."""
    fields = {**queue_step_fields(emulator.store, task, queue), **(more or {})}
    text = f"Task {task.sid} {_QUEUE_STEPS[event_type]} TaskQueue {queue.friendly_name}"
    announce(emulator, _workspace(emulator, task), event_type, ("task", task.sid), text, fields)


def announce_workflow_step(
    emulator: Emulator, task: Task, event_type: str, *, more: dict[str, str] | None = None
) -> None:
    """Announce workflow.entered, .target-matched, .timeout or .skipped: a task's way through."""
    fields = {**workflow_step_fields(emulator.store, task), **(more or {})}
    name = fields["WorkflowName"]
    text = f"Task {task.sid} {_WORKFLOW_STEPS[event_type]} Workflow {name}"
    announce(emulator, _workspace(emulator, task), event_type, ("task", task.sid), text, fields)


_DONE = {
    "wrapup": "wrapping up",
    "timeout": "timed out",
    "system-deleted": "deleted by the system",
}
_QUEUE_STEPS = {
    "task-queue.entered": "entered",
    "task-queue.moved": "moved out of",
    "task-queue.timeout": "timed out in",
}
_WORKFLOW_STEPS = {
    "workflow.entered": "entered",
    "workflow.target-matched": "matched a target of",
    "workflow.timeout": "timed out of",
    "workflow.skipped": "skipped out of",
}


def _done(event_type: str) -> str:
    verb = event_type.partition(".")[2]
    return _DONE.get(verb, verb)


def _workspace(emulator: Emulator, part: Task | Reservation) -> Workspace:
    workspace = emulator.store[Workspace].get(part.workspace_sid)
    if workspace is None:
        raise LookupError(f"{part.sid} belongs to workspace {part.workspace_sid}, which is gone")
    return workspace


def _common_fields(workspace: Workspace, event: Event) -> dict[str, str]:
    fields = {
        "EventType": event.event_type,
        "AccountSid": workspace.account_sid,
        "WorkspaceSid": workspace.sid,
        "WorkspaceName": workspace.friendly_name,
        "EventDescription": event.description,
        "ResourceType": event.resource_type,
        "ResourceSid": event.resource_sid,
        "Sid": event.sid,
        "Timestamp": str(event.event_date_ms // 1000),
        "TimestampMs": str(event.event_date_ms),
    }
    if event.resource_type in _WITH_OPERATING_UNIT:
        fields["OperatingUnitSid"] = SidSequence.derived(
            assumptions.OPERATING_UNIT_PREFIX, workspace.account_sid
        )
    return fields


def _forget_oldest(store: Store) -> None:
    events = store[Event]
    if len(events) >= assumptions.EVENTS_KEPT + FORGOTTEN_AT_A_TIME:
        for event in list(islice(events, FORGOTTEN_AT_A_TIME)):
            store.remove(event)
