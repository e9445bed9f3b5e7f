"""Take tasks along their way through a workflow, and out of it."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import TYPE_CHECKING

from twilio_emulator import assumptions
from twilio_emulator.taskrouter.events import (
    announce_queue_step,
    announce_task,
    announce_workflow_step,
)
from twilio_emulator.taskrouter.records import Task, TaskQueue, Workflow

from .endings import end_reservations
from .steps import Step, first_step, step_after_skip, step_after_timeout

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator


def enter_workflow(emulator: Emulator, task: Task) -> Task:
    """Begin a task's way through its workflow; without a step that takes it, it is in no queue.

    The version stays that of the task: the way begins with whatever made or changed it.
    """
    workflow = _workflow(emulator, task)
    if workflow is None:
        return task
    announce_workflow_step(emulator, task, "workflow.entered")
    begun = dataclasses.replace(
        task, date_workflow_entered=_beginning(emulator, task), timeouts_passed=0, step_timeout=None
    )
    step = first_step(workflow.plan, task.parsed_attributes)
    if step is not None:
        return take_step(emulator, begun, step)
    return emulator.store.put(
        dataclasses.replace(begun, task_queue_sid=None, filter_index=None, target_index=None)
    )


def _beginning(emulator: Emulator, task: Task) -> datetime:
    if task.date_workflow_entered is None or assumptions.RE_EVALUATION_RESTARTS_TIMEOUTS:
        return emulator.clock.now()
    return task.date_workflow_entered


def take_step(emulator: Emulator, task: Task, step: Step) -> Task:
    """Put a task at a step of its workflow and announce where it has come to."""
    former = _queue(emulator, task)
    passed = task.timeouts_passed + (step.timeout or 0)
    is_same = former is not None and former.sid == step.queue_sid
    is_new = not is_same or assumptions.SAME_QUEUE_IS_ENTERED_AGAIN
    now = emulator.clock.now()
    task = emulator.store.put(
        dataclasses.replace(
            task,
            date_updated=now,
            task_queue_sid=step.queue_sid,
            task_queue_entered_date=now if is_new else task.task_queue_entered_date,
            filter_index=step.filter_index,
            target_index=step.target_index,
            timeouts_passed=passed,
            step_timeout=None if step.timeout is None else passed,
            priority=task.own_priority if step.priority is None else step.priority,
        )
    )
    announce_workflow_step(emulator, task, "workflow.target-matched")
    if is_new:
        enter_queue(emulator, task, former)
    return task


def enter_queue(emulator: Emulator, task: Task, former: TaskQueue | None = None) -> None:
    """Announce that a task has come into its queue, from another one or from none."""
    queue = _queue(emulator, task)
    if former is not None:
        announce_queue_step(emulator, task, former, "task-queue.moved")
    if queue is not None:
        announce_queue_step(emulator, task, queue, "task-queue.entered")


def time_out(emulator: Emulator, task: Task) -> Task:
    """Take a task from the target that timed out to the next, or out of the workflow."""
    queue, workflow = _queue(emulator, task), _workflow(emulator, task)
    if queue is not None:
        announce_queue_step(emulator, task, queue, "task-queue.timeout")
    step = (
        step_after_timeout(
            workflow.plan, task.filter_index, task.target_index, task.parsed_attributes
        )
        if workflow
        else None
    )
    return _go_on(emulator, task, step, "workflow.timeout", assumptions.WORKFLOW_TIMEOUT_REASON)


def skip(emulator: Emulator, task: Task) -> Task:
    """Take a task from the target it skips to the next, or out of the workflow."""
    workflow = _workflow(emulator, task)
    step = (
        step_after_skip(workflow.plan, task.filter_index, task.target_index, task.parsed_attributes)
        if workflow
        else None
    )
    return _go_on(emulator, task, step, "workflow.skipped", assumptions.WORKFLOW_SKIPPED_REASON)


def _go_on(emulator: Emulator, task: Task, step: Step | None, end: str, reason: str) -> Task:
    """Take a task to its next step; without one it leaves the workflow and is canceled."""
    if step is not None:
        return take_step(emulator, emulator.store.change(task), step)
    announce_workflow_step(emulator, task, end)
    return cancel_task(emulator, task, reason)


def cancel_task(
    emulator: Emulator, task: Task, reason: str | None, *, description: str | None = None
) -> Task:
    """Cancel a task and the reservations it has, whoever asked for it.

    Source: TaskRouter's JavaScript SDK (pending reservations become canceled).
    """
    task = emulator.store.change(
        task, assignment_status="canceled", reason=reason, date_ended=emulator.clock.now()
    )
    end_reservations(emulator, task, "canceled")
    announce_task(emulator, task, "task.canceled", description=description)
    return task


def _workflow(emulator: Emulator, task: Task) -> Workflow | None:
    return emulator.store[Workflow].get(task.workflow_sid) if task.workflow_sid else None


def _queue(emulator: Emulator, task: Task) -> TaskQueue | None:
    return emulator.store[TaskQueue].get(task.task_queue_sid) if task.task_queue_sid else None
