"""What can be done to a task.

Each operation works inside the present transaction; what follows from it (offers, the next step)
is done after the commit.

Source: task page and task state lifecycle page; texts of refusals as recorded.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import TYPE_CHECKING, Any

from twilio_emulator import assumptions
from twilio_emulator.store import new_record
from twilio_emulator.taskrouter.events import announce_reservation, announce_task
from twilio_emulator.taskrouter.lookup import illegal
from twilio_emulator.taskrouter.records import (
    Task,
    TaskChannel,
    TaskQueue,
    Workflow,
    Workspace,
)

from .endings import (
    end_reservation,
    end_reservations,
    open_reservations,
    reservations_of_task,
)
from .needs import target_of
from .progress import cancel_task, enter_queue, enter_workflow
from .router import look_again

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator


def create_task(
    emulator: Emulator,
    workspace: Workspace,
    *,
    workflow: Workflow | None,
    attributes: str,
    priority: int | None,
    timeout: int,
    task_channel: TaskChannel,
    virtual_start_time: datetime | None,
    routing_target: str | None,
    ignore_capacity: bool,
    task_queue: TaskQueue | None,
) -> Task:
    """Create a task and put it where its way begins.

    A routing target that is a worker or a queue, or a queue given, takes the place of the
    workflow's filters; the workflow still gives callbacks and the reservation timeout.

    Raises: ApiError 400 when the task would have nowhere to go.
    """
    store = emulator.store
    base = new_record(store, workspace.account_sid, "WT")
    target_kind = (routing_target or "")[:2]
    if target_kind == "WQ":
        task_queue = store[TaskQueue].get(routing_target or "")
    if workflow is None and task_queue is None and target_kind != "WK":
        raise illegal(f"Cannot create a task in workspace {workspace.sid} without a workflow")
    task = store.put(
        Task(
            **base,
            workspace_sid=workspace.sid,
            workflow_sid=workflow.sid if workflow else None,
            attributes=attributes,
            priority=priority or 0,
            own_priority=priority or 0,
            timeout=timeout,
            task_channel_sid=task_channel.sid,
            virtual_start_time=virtual_start_time or base["date_created"],
            routing_target=routing_target,
            ignore_capacity=ignore_capacity,
        )
    )
    announce_task(emulator, task, "task.created")
    if task_queue is not None and target_kind != "WK":
        task = _enter_directly(emulator, task, task_queue)
    elif target_kind != "WK":
        task = enter_workflow(emulator, task)
    look_again(emulator)
    return task


def update_task(
    emulator: Emulator,
    task: Task,
    *,
    if_match: str | None = None,
    attributes: str | None = None,
    priority: int | None = None,
    task_channel: TaskChannel | None = None,
    virtual_start_time: datetime | None = None,
) -> Task:
    """Change what is given, announce it, and look whether somebody fits now.

    A priority counts where the task's target has none.

    Raises: StaleVersion.
    """
    changes: dict[str, Any] = {}
    if attributes is not None:
        changes["attributes"] = attributes
    if priority is not None:
        target = target_of(emulator.store, task)
        fixed = target.priority if target else None
        changes |= {"priority": priority if fixed is None else fixed, "own_priority": priority}
    if task_channel is not None:
        changes["task_channel_sid"] = task_channel.sid
    if virtual_start_time is not None:
        changes["virtual_start_time"] = virtual_start_time
    task = emulator.store.change(task, if_match=if_match, **changes)
    announce_task(emulator, task, "task.updated")
    look_again(emulator)
    return task


def set_task_status(
    emulator: Emulator,
    task: Task,
    status: str,
    *,
    reason: str | None = None,
    if_match: str | None = None,
) -> Task:
    """Cancel, wrap up or complete a task, and its reservations with it.

    Raises: StaleVersion, ApiError 400/20001 for what the task's state does not allow.
    """
    emulator.store.check_version(task, if_match)
    task = _with_status(emulator, task, status, reason)
    look_again(emulator)
    return task


def _with_status(emulator: Emulator, task: Task, status: str, reason: str | None) -> Task:
    if status == "canceled":
        if task.assignment_status not in ("pending", "reserved"):
            raise illegal(f"{_cannot(task, 'cancel task')} because it is not pending or reserved.")
        return cancel_task(emulator, task, reason)
    if status == "wrapping":
        if task.assignment_status != "assigned":
            raise illegal(f"{_cannot(task, 'wrap up a task')} because it's not currently assigned")
        return wrap_up_task(emulator, task, reason)
    if status == "completed":
        if task.assignment_status not in ("assigned", "wrapping"):
            raise illegal(f"{_cannot(task, 'complete task')} because it is not currently assigned.")
        return complete_task(emulator, task, reason)
    raise illegal(f"{_cannot(task, 'update task')} because AssignmentStatus cannot be {status}")


def wrap_up_task(emulator: Emulator, task: Task, reason: str | None) -> Task:
    """Begin the wrap-up of an assigned task."""
    task = emulator.store.change(task, assignment_status="wrapping", reason=reason or task.reason)
    for reservation in open_reservations(emulator.store, task.sid):
        wrapping = emulator.store.change(reservation, reservation_status="wrapping")
        announce_reservation(emulator, wrapping, "reservation.wrapup")
    announce_task(emulator, task, "task.wrapup")
    return task


def complete_task(emulator: Emulator, task: Task, reason: str | None) -> Task:
    """Complete a task together with the reservation that was accepted for it."""
    task = emulator.store.change(
        task,
        assignment_status="completed",
        reason=reason or task.reason,
        date_ended=emulator.clock.now(),
    )
    for reservation in open_reservations(emulator.store, task.sid):
        end_reservation(emulator, reservation, "completed")
    announce_task(emulator, task, "task.completed")
    return task


def delete_task(emulator: Emulator, task: Task, *, if_match: str | None = None) -> None:
    """Delete a task in any state; its reservations are canceled and go with it.

    Raises: StaleVersion.
    """
    emulator.store.check_version(task, if_match)
    remove_task(emulator, task, "task.deleted")
    look_again(emulator)


def remove_task(emulator: Emulator, task: Task, event_type: str | None) -> None:
    """Take a task out with its reservations; None is for one that ended and is only forgotten."""
    store = emulator.store
    end_reservations(emulator, task, assumptions.DELETED_TASK_RESERVATIONS)
    if event_type is not None:
        announce_task(emulator, task, event_type)
    for reservation in reservations_of_task(store, task.sid):
        store.remove(reservation)
    store.remove(task)


def _enter_directly(emulator: Emulator, task: Task, queue: TaskQueue) -> Task:
    now = emulator.clock.now()
    task = emulator.store.put(
        dataclasses.replace(task, task_queue_sid=queue.sid, task_queue_entered_date=now)
    )
    enter_queue(emulator, task)
    return task


def _cannot(task: Task, what: str) -> str:
    return (
        f"Cannot {what} {task.sid} in workspace {task.workspace_sid} for account {task.account_sid}"
    )
