"""Real-time statistics, worked out of what there is at this moment.

Source: taskrouter_v1 OpenAPI document (fields and what they count).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from twilio_emulator.store import Store
from twilio_emulator.taskrouter.eligibility import Eligibility
from twilio_emulator.taskrouter.lookup import parts
from twilio_emulator.taskrouter.records import (
    Activity,
    Task,
    TaskQueue,
    Worker,
    WorkerChannel,
    Workflow,
    Workspace,
)
from twilio_emulator.wire import Call

STATUSES = ("assigned", "pending", "reserved", "wrapping")
_WAITING = ("pending", "reserved")


def workspace_now(call: Call, workspace: Workspace, channel_sid: str | None) -> dict[str, Any]:
    """Count a workspace's tasks and workers."""
    tasks = parts(call.store, Task, workspace.sid)
    return {
        **_tasks_now(call.store, tasks, channel_sid),
        **workers_now(call.store, workspace, None, None),
    }


def workflow_now(call: Call, workflow: Workflow, channel_sid: str | None) -> dict[str, Any]:
    """Count a workflow's tasks."""
    tasks = call.store[Task].index("workflow", lambda task: task.workflow_sid).get(workflow.sid)
    return _tasks_now(call.store, tasks, channel_sid)


def queue_now(call: Call, queue: TaskQueue, channel_sid: str | None) -> dict[str, Any]:
    """Count a queue's tasks and workers, and name the task that has been in it the longest."""
    store = call.store
    tasks = store[Task].index("queue", lambda task: task.task_queue_sid).get(queue.sid)
    waiting = _waiting(tasks, channel_sid)
    entered = [(task.task_queue_entered_date or task.date_created, task) for task in waiting]
    age, sid = _longest(store, entered)
    activities = parts(store, Activity, queue.workspace_sid)
    workers = call.emulator.state(Eligibility).activities(queue)
    return {
        **_tasks_now(store, tasks, channel_sid),
        "activity_statistics": _activities_now(activities, workers),
        "longest_relative_task_age_in_queue": age,
        "longest_relative_task_sid_in_queue": sid,
        "total_available_workers": sum(workers[item.sid] for item in activities if item.available),
        "total_eligible_workers": sum(workers[item.sid] for item in activities),
    }


def workers_now(
    store: Store, workspace: Workspace, chosen: Collection[str] | None, channel_sid: str | None
) -> dict[str, Any]:
    """Count workers by activity: all or some SIDs, on a channel only those who take tasks of it."""
    activities = parts(store, Activity, workspace.sid)
    if chosen is None and channel_sid is None:
        index = store[Worker].index("activity", lambda worker: worker.activity_sid)
        workers = Counter({item.sid: index.count(item.sid) for item in activities})
    else:
        closed = _closed(store, channel_sid)
        workers = Counter(
            worker.activity_sid
            for worker in parts(store, Worker, workspace.sid)
            if worker.sid not in closed and (chosen is None or worker.sid in chosen)
        )
    return {
        "activity_statistics": _activities_now(activities, workers),
        "total_workers": sum(workers.values()),
    }


def _closed(store: Store, channel_sid: str | None) -> set[str]:
    """Name the workers who take no tasks of a channel."""
    channels = store[WorkerChannel].index("channel", lambda item: item.task_channel_sid)
    return {
        item.worker_sid
        for item in channels.get(channel_sid)
        if not item.available or not item.configured_capacity
    }


def _activities_now(
    activities: Iterable[Activity], workers: Mapping[str, int]
) -> list[dict[str, Any]]:
    return [
        {
            "friendly_name": activity.friendly_name,
            "sid": activity.sid,
            "workers": workers.get(activity.sid, 0),
        }
        for activity in activities
    ]


def _tasks_now(store: Store, tasks: Iterable[Task], channel_sid: str | None) -> dict[str, Any]:
    live = [
        task
        for task in tasks
        if task.assignment_status in STATUSES and channel_sid in (None, task.task_channel_sid)
    ]
    created = [(task.date_created, task) for task in _waiting(live, channel_sid)]
    age, sid = _longest(store, created)
    by_status = Counter(task.assignment_status for task in live)
    by_priority = Counter(str(task.priority) for task in live)
    return {
        "longest_task_waiting_age": age,
        "longest_task_waiting_sid": sid,
        "tasks_by_priority": dict(sorted(by_priority.items(), key=lambda item: int(item[0]))),
        "tasks_by_status": {status: by_status[status] for status in STATUSES},
        "total_tasks": len(live),
    }


def _waiting(tasks: Iterable[Task], channel_sid: str | None) -> list[Task]:
    return [
        task
        for task in tasks
        if task.assignment_status in _WAITING and channel_sid in (None, task.task_channel_sid)
    ]


def _longest(store: Store, waiting: Sequence[tuple[datetime, Task]]) -> tuple[int, str | None]:
    if not waiting:
        return 0, None
    since, task = min(waiting, key=lambda pair: pair[0])
    return int((store.clock.now() - since).total_seconds()), task.sid
