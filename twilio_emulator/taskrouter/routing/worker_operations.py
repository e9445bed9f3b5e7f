"""What a change of workers, queues and workflows does to tasks and reservations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_emulator.store import Store
from twilio_emulator.taskrouter.records import Task, Worker, Workflow

from .endings import end_reservation, reservations_of_worker
from .load import OPEN
from .progress import enter_workflow
from .reservation_operations import give_back, reject
from .router import look_again

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

WAITING = ("pending", "reserved")


def worker_moved(emulator: Emulator, worker: Worker, *, reject_pending: bool = False) -> None:
    """Look what a worker fits after a change of activity, attributes, channels or capacity.

    Source: TaskRouter's JavaScript SDK (RejectPendingReservations).
    """
    if reject_pending:
        for reservation in reservations_of_worker(emulator.store, worker.sid):
            if reservation.reservation_status == "pending":
                reject(emulator, reservation)
    look_again(emulator)


def worker_removed(emulator: Emulator, worker: Worker) -> None:
    """Cancel what a worker who is being deleted holds; tasks only offered to them wait again.

    A task the worker had accepted stays assigned.  Look again once the worker is taken out.
    """
    for reservation in reservations_of_worker(emulator.store, worker.sid):
        if reservation.reservation_status in OPEN:
            end_reservation(emulator, reservation, "canceled")
            give_back(emulator, reservation.task_sid)


def re_evaluate(emulator: Emulator, workflow: Workflow) -> None:
    """Take the tasks that wait in a workflow through it from its start.

    Source: workflow page (ReEvaluateTasks).
    """
    for task in tasks_of_workflow(emulator.store, workflow.sid):
        if task.assignment_status == "pending" and task.date_workflow_entered is not None:
            enter_workflow(emulator, emulator.store.change(task))
    look_again(emulator)


def tasks_of_workflow(store: Store, workflow_sid: str) -> list[Task]:
    """List the tasks of a workflow that nobody has accepted."""
    index = store[Task].index("workflow", lambda task: task.workflow_sid)
    return [task for task in index.get(workflow_sid) if task.assignment_status in WAITING]


def tasks_of_queue(store: Store, queue_sid: str) -> list[Task]:
    """List the tasks in a queue that nobody has accepted."""
    index = store[Task].index("queue", lambda task: task.task_queue_sid)
    return [task for task in index.get(queue_sid) if task.assignment_status in WAITING]
