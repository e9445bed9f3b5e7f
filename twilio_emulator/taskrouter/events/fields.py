"""The field sets of events, by the callback's names; every value is text.

Source: event reference page; recorded callbacks where a function says so.
"""

from __future__ import annotations

from datetime import datetime

from twilio_emulator.store import Store
from twilio_emulator.taskrouter.records import (
    Activity,
    Reservation,
    Task,
    TaskChannel,
    TaskQueue,
    Worker,
    WorkerChannel,
    Workflow,
)

_REASONS = {"canceled": "TaskCanceledReason", "completed": "TaskCompletedReason"}


def worker_fields(store: Store, worker: Worker) -> dict[str, str]:
    """Give the fields of worker.* events; slashes in the attributes come escaped (recorded)."""
    activity = store[Activity].get(worker.activity_sid)
    return {
        "WorkerSid": worker.sid,
        "WorkerName": worker.friendly_name,
        "WorkerAttributes": escaped(worker.attributes),
        "WorkerActivitySid": worker.activity_sid,
        "WorkerActivityName": activity.friendly_name if activity else "",
        "WorkerVersion": str(worker.version),
    }


def worker_channel_fields(
    channel: WorkerChannel, task_channel: TaskChannel, previous_capacity: int, tasks: int
) -> dict[str, str]:
    """Give what worker.capacity.update and worker.channel.availability.update add (documented)."""
    return {
        "WorkerChannelAvailable": str(channel.available).lower(),
        "WorkerChannelAvailableCapacity": str(channel.configured_capacity),
        "WorkerChannelPreviousCapacity": str(previous_capacity),
        "WorkerChannelTaskCount": str(tasks),
        "TaskChannelSid": task_channel.sid,
        "TaskChannelUniqueName": task_channel.unique_name,
    }


def task_queue_fields(queue: TaskQueue) -> dict[str, str]:
    """Give the fields of task-queue.created, .deleted and .expression.updated (recorded)."""
    return {
        "TaskQueueSid": queue.sid,
        "TaskQueueName": queue.friendly_name,
        "TaskQueueTargetExpression": queue.target_workers,
    }


def activity_fields(activity: Activity) -> dict[str, str]:
    """Give the fields of activity.* (documented)."""
    return {
        "ActivitySid": activity.sid,
        "ActivityName": activity.friendly_name,
        "ActivityAvailable": str(activity.available).lower(),
    }


def task_channel_fields(channel: TaskChannel) -> dict[str, str]:
    """Give the fields of task-channel.* (documented)."""
    return {
        "TaskChannelSid": channel.sid,
        "TaskChannelName": channel.friendly_name,
        "TaskChannelUniqueName": channel.unique_name,
        "TaskChannelOptimizedRouting": str(channel.channel_optimized_routing).lower(),
    }


def workflow_fields(workflow: Workflow) -> dict[str, str]:
    """Give the fields of workflow.created, .updated and .deleted (documented)."""
    return {"WorkflowSid": workflow.sid, "WorkflowName": workflow.friendly_name}


def escaped(text: str) -> str:
    """Write JSON text the way callbacks echo it."""
    return text.replace("/", "\\/")


def task_fields(store: Store, task: Task, event_type: str) -> dict[str, str]:
    """Give the fields of task.* events; a task that was just made names no queue (documented)."""
    fields = _task_fields(store, task)
    if event_type != "task.created":
        fields |= _queue_of(store, task.task_queue_sid)
    return fields


def queue_step_fields(store: Store, task: Task, queue: TaskQueue) -> dict[str, str]:
    """Give the fields of task-queue.entered, .moved and .timeout (documented)."""
    return {**_task_fields(store, task), **task_queue_fields(queue)}


def workflow_step_fields(store: Store, task: Task) -> dict[str, str]:
    """Give the fields of workflow.entered, .target-matched, .timeout and .skipped (documented)."""
    return {
        "WorkflowName": "",
        **_task_fields(store, task),
        **_queue_of(store, task.task_queue_sid),
        **_filter_of(store, task),
    }


def _filter_of(store: Store, task: Task) -> dict[str, str]:
    """Name the filter a task is in; there is none beside the default filter's queue."""
    workflow = store[Workflow].get(task.workflow_sid) if task.workflow_sid else None
    filters = workflow.plan.filters if workflow else ()
    if task.filter_index is None or task.filter_index >= len(filters):
        return {}
    return {"WorkflowFilterName": filters[task.filter_index].name}


def reservation_fields(store: Store, reservation: Reservation) -> dict[str, str]:
    """Give the fields of reservation.* events (recorded)."""
    task = store[Task].get(reservation.task_sid)
    worker = store[Worker].get(reservation.worker_sid)
    return {
        "ReservationSid": reservation.sid,
        "ReservationVersion": str(reservation.version),
        **(_task_fields(store, task) if task else {"TaskSid": reservation.task_sid}),
        **_queue_of(store, reservation.task_queue_sid),
        **(worker_fields(store, worker) if worker else {"WorkerSid": reservation.worker_sid}),
    }


def _task_fields(store: Store, task: Task) -> dict[str, str]:
    """Give what every event about a task carries (recorded for reservations)."""
    channel = store[TaskChannel].get(task.task_channel_sid)
    workflow = store[Workflow].get(task.workflow_sid) if task.workflow_sid else None
    fields = {
        "TaskSid": task.sid,
        "TaskVersion": str(task.version),
        "TaskAttributes": escaped(task.attributes),
        "TaskAge": str(int((store.clock.now() - task.date_created).total_seconds())),
        "TaskPriority": str(task.priority),
        "TaskAssignmentStatus": task.assignment_status,
        "TaskDateCreated": _epoch(task.date_created),
        "TaskVirtualStartTime": _epoch(task.virtual_start_time),
        "TaskIgnoreCapacity": str(task.ignore_capacity).lower(),
        "TaskChannelSid": task.task_channel_sid,
        "TaskChannelUniqueName": channel.unique_name if channel else "",
    }
    if task.task_queue_entered_date is not None:
        fields["TaskQueueEnteredDate"] = _epoch(task.task_queue_entered_date)
    if workflow is not None:
        fields |= workflow_fields(workflow)
    if task.reason is not None and task.assignment_status in _REASONS:
        fields |= {"Reason": task.reason, _REASONS[task.assignment_status]: task.reason}
    return fields


def _epoch(moment: datetime) -> str:
    return str(int(moment.timestamp()))


def _queue_of(store: Store, sid: str | None) -> dict[str, str]:
    queue = store[TaskQueue].get(sid) if sid else None
    return task_queue_fields(queue) if queue else {}
