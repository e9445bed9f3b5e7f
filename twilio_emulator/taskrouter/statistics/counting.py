"""Cumulative statistics, worked out of facts; nothing here reads the store.

Source: taskrouter_v1 OpenAPI document (fields and what they count).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from .facts import Fact

RESERVATIONS = {
    "reservations_accepted": "reservation.accepted",
    "reservations_canceled": "reservation.canceled",
    "reservations_created": "reservation.created",
    "reservations_rejected": "reservation.rejected",
    "reservations_rescinded": "reservation.rescinded",
    "reservations_timed_out": "reservation.timeout",
}
TASKS = {
    "tasks_canceled": "task.canceled",
    "tasks_completed": "task.completed",
    "tasks_deleted": "task.deleted",
    "tasks_moved": "task-queue.moved",
}
QUEUE_TASKS = {**TASKS, "tasks_entered": "task-queue.entered"}
WORKFLOW_TASKS = {
    **TASKS,
    "tasks_entered": "workflow.entered",
    "tasks_timed_out_in_workflow": "workflow.timeout",
}
WORKSPACE_TASKS = {
    **TASKS,
    "tasks_created": "task.created",
    "tasks_timed_out_in_workflow": "workflow.timeout",
}
_ACCEPTED, _CANCELED = "reservation.accepted", "task.canceled"


def counts(facts: Iterable[Fact], names: Mapping[str, str]) -> dict[str, int]:
    """Count facts by the names of statistics, each of one event type."""
    found = Counter(fact.event_type for fact in facts)
    return {name: found[event_type] for name, event_type in names.items()}


def waits(facts: Sequence[Fact], thresholds: Sequence[int] | None) -> dict[str, Any]:
    """Tell how long tasks waited until they were accepted or canceled, since they were created."""
    accepted = [fact.age for fact in facts if fact.event_type == _ACCEPTED]
    canceled = [fact.age for fact in facts if fact.event_type == _CANCELED]
    until_accepted = durations(accepted)
    return {
        "avg_task_acceptance_time": until_accepted["avg"],
        "split_by_wait_time": None
        if thresholds is None
        else {str(threshold): _split(threshold, accepted, canceled) for threshold in thresholds},
        "wait_duration_until_accepted": until_accepted,
        "wait_duration_until_canceled": durations(canceled),
    }


def waits_in_queue(facts: Iterable[Fact]) -> dict[str, int]:
    """Tell how long tasks waited in their queue until they were accepted."""
    return durations([fact.age_in_queue for fact in facts if fact.event_type == _ACCEPTED])


def durations(seconds: Sequence[float]) -> dict[str, int]:
    """Sum up durations, in whole seconds; all 0 where there are none."""
    if not seconds:
        return {"avg": 0, "max": 0, "min": 0, "total": 0}
    return {
        "avg": int(sum(seconds) / len(seconds)),
        "max": int(max(seconds)),
        "min": int(min(seconds)),
        "total": int(sum(seconds)),
    }


def since_expression_changed(facts: Sequence[Fact]) -> Sequence[Fact]:
    """Leave out what happened before the queue's expression last changed."""
    for number in range(len(facts) - 1, -1, -1):
        if facts[number].event_type == "task-queue.expression.updated":
            return facts[number + 1 :]
    return facts


def stays(
    facts: Iterable[Fact], present: tuple[str, datetime], start: datetime, end: datetime
) -> list[tuple[str, float]]:
    """List one worker's stays in activities within a window, cut where they reach beyond it.

    Shape: `facts` are the worker's from the window's start on, to the present; `present` is the
    activity it is in and since when; each stay is the activity's SID and seconds.
    """
    found: list[tuple[str, float]] = []
    first, last = start.timestamp(), end.timestamp()
    changes = [fact for fact in facts if fact.event_type == "worker.activity.update"]
    spells = [
        (fact.activity_sid, fact.moment / 1000 - fact.spent, fact.moment / 1000) for fact in changes
    ]
    spells.append((present[0], present[1].timestamp(), last))
    for activity_sid, since, until in spells:
        seconds = min(until, last) - max(since, first)
        if seconds > 0:
            found.append((activity_sid, seconds))
    return found


def _split(threshold: int, accepted: Sequence[int], canceled: Sequence[int]) -> dict[str, Any]:
    below = {
        "reservations_accepted": sum(wait <= threshold for wait in accepted),
        "tasks_canceled": sum(wait <= threshold for wait in canceled),
    }
    above = {
        "reservations_accepted": len(accepted) - below["reservations_accepted"],
        "tasks_canceled": len(canceled) - below["tasks_canceled"],
    }
    return {"above": above, "below": below}
