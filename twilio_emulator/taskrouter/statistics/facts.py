"""What statistics need of one event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from twilio_emulator.taskrouter.records import Event

_COUNTED = (
    "reservation.",
    "task.canceled",
    "task.completed",
    "task.created",
    "task.deleted",
    "task-queue.entered",
    "task-queue.expression.updated",
    "task-queue.moved",
    "worker.activity.update",
    "workflow.entered",
    "workflow.timeout",
)


class Fact(NamedTuple):
    """One event, reduced to what is counted.

    Units: `moment` in milliseconds since 1970; `age` (of the task), `age_in_queue` and `spent` (in
    the activity the worker left) in seconds.
    """

    moment: int
    event_type: str
    workspace_sid: str
    queue_sid: str
    workflow_sid: str
    worker_sid: str
    channel_sid: str
    age: int
    age_in_queue: int
    activity_sid: str
    spent: float

    @property
    def subjects(self) -> tuple[str, ...]:
        """The SIDs of all that this fact is about."""
        named = (self.workspace_sid, self.queue_sid, self.workflow_sid, self.worker_sid)
        return tuple(sid for sid in named if sid)


def fact_of(event: Event) -> Fact | None:
    """Reduce an event; None for one that no statistic counts."""
    if not event.event_type.startswith(_COUNTED):
        return None
    data = event.event_data
    entered = int(data.get("task_queue_entered_date", event.event_date_ms // 1000))
    return Fact(
        moment=event.event_date_ms,
        event_type=event.event_type,
        workspace_sid=event.workspace_sid,
        queue_sid=data.get("task_queue_sid", ""),
        workflow_sid=data.get("workflow_sid", ""),
        worker_sid=data.get("worker_sid", ""),
        channel_sid=data.get("task_channel_sid", ""),
        age=int(data.get("task_age", 0)),
        age_in_queue=max(event.event_date_ms // 1000 - entered, 0),
        activity_sid=data.get("worker_previous_activity_sid", ""),
        spent=_spent(data),
    )


def _spent(data: Mapping[str, str]) -> float:
    return int(data.get("worker_time_in_previous_activity_ms", 0)) / 1000
