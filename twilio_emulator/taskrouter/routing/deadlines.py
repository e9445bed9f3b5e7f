"""When something is due to happen to a task or a reservation by itself.

A deadline is a function of the record alone, so timers are made again from what is stored.

Source: task, reservation and limits pages: a task lives for its timeout before it is assigned, a
day assigned, five minutes ended; a reservation for the workflow's reservation timeout.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from twilio_emulator.store import Timer
from twilio_emulator.taskrouter.records import Reservation, Task

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

ASSIGNED_AT_MOST = timedelta(hours=24)
KEPT_AFTER_END = timedelta(minutes=5)


def end_of_life(task: Task) -> datetime:
    """Return when a task that nobody accepted is canceled."""
    return task.date_created + timedelta(seconds=task.timeout)


def end_of_step(task: Task) -> datetime | None:
    """Return when a task's target times out; None when it has no timeout."""
    if task.step_timeout is None or task.date_workflow_entered is None:
        return None
    return task.date_workflow_entered + timedelta(seconds=task.step_timeout)


def task_deadline(task: Task) -> datetime | None:
    """Return when the next thing is due to happen to a task."""
    match task.assignment_status:
        case "pending":
            return min(end_of_life(task), end_of_step(task) or end_of_life(task))
        case "reserved":
            return end_of_life(task)
        case "assigned" if task.date_assigned is not None:
            return task.date_assigned + ASSIGNED_AT_MOST
        case "canceled" | "completed" if task.date_ended is not None:
            return task.date_ended + KEPT_AFTER_END
    return None


def reservation_deadline(reservation: Reservation) -> datetime | None:
    """Return when a reservation times out."""
    return reservation.date_timeout if reservation.reservation_status == "pending" else None


class Timers:
    """One timer per task and reservation that has a deadline, moved as the records change."""

    def __init__(
        self,
        emulator: Emulator,
        task_due: Callable[[str], None],
        reservation_due: Callable[[str], None],
    ) -> None:
        self._clock = emulator.clock
        self._due = {"task": task_due, "reservation": reservation_due}
        self._set: dict[str, tuple[datetime, Timer]] = {}
        for task in emulator.store[Task]:
            self._task_changed(None, task)
        for reservation in emulator.store[Reservation]:
            self._reservation_changed(None, reservation)
        emulator.store.observe(Task, self._task_changed)
        emulator.store.observe(Reservation, self._reservation_changed)

    def _task_changed(self, old: Task | None, new: Task | None) -> None:
        record = new or old
        if record is not None:
            self._put("task", record.sid, task_deadline(new) if new else None)

    def _reservation_changed(self, old: Reservation | None, new: Reservation | None) -> None:
        record = new or old
        if record is not None:
            self._put("reservation", record.sid, reservation_deadline(new) if new else None)

    def _put(self, kind: str, sid: str, moment: datetime | None) -> None:
        present = self._set.get(sid)
        if present is not None:
            if present[0] == moment:
                return
            present[1].cancel()
            del self._set[sid]
        if moment is not None:
            self._set[sid] = moment, self._clock.at(moment, lambda: self._fire(kind, sid))

    def _fire(self, kind: str, sid: str) -> None:
        del self._set[sid]
        self._due[kind](sid)
