"""Reserve workers for a task, all of a batch in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from twilio_emulator import assumptions
from twilio_emulator.store import Store, new_record
from twilio_emulator.taskrouter import assignment
from twilio_emulator.taskrouter.events import announce_reservation
from twilio_emulator.taskrouter.records import Reservation, Task, Worker, Workflow

from .moves import occupy, single_tasking_activity
from .progress import cancel_task

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

MAX_ASSIGNMENTS = 1_000
"""How often a task is offered before it is canceled (limits page); a batch counts once."""

DEFAULT_RESERVATION_TIMEOUT = 120


def reserve(emulator: Emulator, task: Task, workers: Sequence[Worker]) -> None:
    """Offer a task to workers: one reservation, one event, one assignment callback each."""
    with emulator.store.transaction():
        if task.assignment_count >= MAX_ASSIGNMENTS:
            reason = assumptions.TOO_MANY_ASSIGNMENTS_REASON
            cancel_task(emulator, task, reason, description=reason)
            return
        task = emulator.store.change(
            task, assignment_status="reserved", assignment_count=task.assignment_count + 1
        )
        for worker in workers:
            _reserve(emulator, task, worker)


def new_reservation(
    store: Store, task: Task, worker: Worker, date_timeout: datetime, status: str = "pending"
) -> Reservation:
    """Make the reservation that offers a task, as it stands in its present batch, to a worker."""
    return Reservation(
        **new_record(store, task.account_sid, "WR"),
        workspace_sid=task.workspace_sid,
        task_sid=task.sid,
        worker_sid=worker.sid,
        workflow_sid=task.workflow_sid,
        task_queue_sid=task.task_queue_sid,
        task_channel_sid=task.task_channel_sid,
        batch=task.assignment_count,
        date_timeout=date_timeout,
        reservation_status=status,
    )


def _reserve(emulator: Emulator, task: Task, worker: Worker) -> None:
    store = emulator.store
    workflow = store[Workflow].get(task.workflow_sid) if task.workflow_sid else None
    seconds = workflow.task_reservation_timeout if workflow else DEFAULT_RESERVATION_TIMEOUT
    occupy(emulator, worker.sid)
    date_timeout = store.clock.now() + timedelta(seconds=seconds)
    reservation = store.put(new_reservation(store, task, worker, date_timeout))
    single_tasking_activity(emulator, reservation, "reservation")
    announce_reservation(emulator, reservation, "reservation.created")
    store.after_commit(lambda: assignment.offer(emulator, reservation))
