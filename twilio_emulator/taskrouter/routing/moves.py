"""Move workers from one activity to another and note what occupies them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from twilio_emulator import assumptions
from twilio_emulator.taskrouter.events import announce, worker_fields
from twilio_emulator.taskrouter.records import (
    Activity,
    Reservation,
    TaskQueue,
    Worker,
    Workspace,
)

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator


def move_worker(emulator: Emulator, worker_sid: str, activity_sid: str | None) -> None:
    """Put a worker into an activity and announce it, unless they are there or either is gone."""
    store = emulator.store
    worker = store[Worker].get(worker_sid)
    activity = store[Activity].get(activity_sid) if activity_sid else None
    if worker is None or activity is None or worker.activity_sid == activity.sid:
        return
    moved = store.change(worker, activity_sid=activity.sid, date_status_changed=store.clock.now())
    announce_move(emulator, worker, moved)


def announce_move(emulator: Emulator, old: Worker, new: Worker) -> None:
    """Announce worker.activity.update.

    Source: recorded worker.activity.update callbacks.
    """
    store = emulator.store
    workspace = store[Workspace].get(new.workspace_sid)
    former, present = store[Activity].get(old.activity_sid), store[Activity].get(new.activity_sid)
    if workspace is None or present is None:
        return
    spent = (new.date_status_changed - old.date_status_changed).total_seconds()
    fields = {
        **worker_fields(store, new),
        "WorkerPreviousActivitySid": old.activity_sid,
        "WorkerPreviousActivityName": former.friendly_name if former else "",
        "WorkerTimeInPreviousActivity": str(int(spent)),
        "WorkerTimeInPreviousActivityMs": str(int(spent * 1000)),
    }
    description = f"Worker {new.friendly_name} updated to {present.friendly_name} Activity"
    resource = ("worker", new.sid)
    announce(emulator, workspace, "worker.activity.update", resource, description, fields)


def occupy(emulator: Emulator, worker_sid: str) -> None:
    """Note that a task was offered to a worker, and count the worker's version up.

    Source: TaskRouter's JavaScript SDK, which reckons with both versions after a reservation.
    """
    store = emulator.store
    worker = store[Worker].get(worker_sid)
    if worker is not None:
        store.change(worker, date_occupied=store.clock.now())


def release(emulator: Emulator, worker_sid: str, *, completed: bool) -> None:
    """Note that a task has left a worker; completing one counts the worker's version up."""
    store = emulator.store
    worker = store[Worker].get(worker_sid)
    if worker is None:
        return
    if completed:
        store.change(worker, date_occupied=store.clock.now())
    elif assumptions.OFFERS_END_IDLENESS:
        store.put(dataclasses.replace(worker, date_occupied=store.clock.now()))


def single_tasking_activity(emulator: Emulator, reservation: Reservation, stage: str) -> None:
    """Where workers do one task at a time, put one into the queue's activity for a stage.

    Shape: `stage` is reservation or assignment.
    Source: task queue page (ReservationActivitySid, AssignmentActivitySid).
    """
    store = emulator.store
    workspace = store[Workspace].get(reservation.workspace_sid)
    queue = store[TaskQueue].get(reservation.task_queue_sid or "")
    if workspace is None or workspace.multi_task_enabled or queue is None:
        return
    activity_sid = {
        "reservation": queue.reservation_activity_sid,
        "assignment": queue.assignment_activity_sid,
    }[stage]
    move_worker(emulator, reservation.worker_sid, activity_sid)
