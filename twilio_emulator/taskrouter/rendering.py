"""Write records as the answers TaskRouter gives.

Source: taskrouter_v1 OpenAPI document, fields and links of each resource.
"""

from __future__ import annotations

from typing import Any

from twilio_emulator.store import Store

from .lookup import BASE, common, iso
from .records import (
    Activity,
    TaskChannel,
    TaskQueue,
    Worker,
    WorkerChannel,
    Workflow,
    Workspace,
)

_STATISTICS = {
    "statistics": "Statistics",
    "real_time_statistics": "RealTimeStatistics",
    "cumulative_statistics": "CumulativeStatistics",
}
_WORKSPACE_LINKS = {
    "activities": "Activities",
    "task_queues": "TaskQueues",
    "tasks": "Tasks",
    "workers": "Workers",
    "workflows": "Workflows",
    "task_channels": "TaskChannels",
    "events": "Events",
}


def _statistics(url: str) -> dict[str, str]:
    return {name: f"{url}/{path}" for name, path in _STATISTICS.items()}


def _activity_name(store: Store, sid: str | None) -> str | None:
    activity = store[Activity].get(sid) if sid else None
    return activity.friendly_name if activity else None


def workspace_body(store: Store, workspace: Workspace) -> dict[str, Any]:
    """Write a workspace."""
    url = f"{BASE}/{workspace.sid}"
    return {
        **common(workspace, url),
        "default_activity_name": _activity_name(store, workspace.default_activity_sid),
        "default_activity_sid": workspace.default_activity_sid,
        "event_callback_url": workspace.event_callback_url,
        "events_filter": workspace.events_filter,
        "friendly_name": workspace.friendly_name,
        "links": {
            **{name: f"{url}/{path}" for name, path in _WORKSPACE_LINKS.items()},
            **_statistics(url),
        },
        "multi_task_enabled": workspace.multi_task_enabled,
        "prioritize_queue_order": workspace.prioritize_queue_order,
        "timeout_activity_name": _activity_name(store, workspace.timeout_activity_sid),
        "timeout_activity_sid": workspace.timeout_activity_sid,
    }


def activity_body(activity: Activity) -> dict[str, Any]:
    """Write an activity."""
    workspace = f"{BASE}/{activity.workspace_sid}"
    return {
        **common(activity, f"{workspace}/Activities/{activity.sid}"),
        "available": activity.available,
        "friendly_name": activity.friendly_name,
        "links": {"workspace": workspace},
        "workspace_sid": activity.workspace_sid,
    }


def task_channel_body(channel: TaskChannel) -> dict[str, Any]:
    """Write a task channel."""
    workspace = f"{BASE}/{channel.workspace_sid}"
    return {
        **common(channel, f"{workspace}/TaskChannels/{channel.sid}"),
        "channel_optimized_routing": channel.channel_optimized_routing,
        "friendly_name": channel.friendly_name,
        "links": {"workspace": workspace},
        "unique_name": channel.unique_name,
        "workspace_sid": channel.workspace_sid,
    }


def task_queue_body(store: Store, queue: TaskQueue) -> dict[str, Any]:
    """Write a task queue; activities that are not set are null and have no link."""
    workspace = f"{BASE}/{queue.workspace_sid}"
    url = f"{workspace}/TaskQueues/{queue.sid}"
    links = {
        "workspace": workspace,
        **_statistics(url),
        "list_statistics": f"{workspace}/TaskQueues/Statistics",
        "bulk_real_time_statistics": f"{workspace}/TaskQueues/RealTimeStatistics",
    }
    if queue.assignment_activity_sid:
        links["assignment_activity"] = f"{workspace}/Activities/{queue.assignment_activity_sid}"
    if queue.reservation_activity_sid:
        links["reservation_activity"] = f"{workspace}/Activities/{queue.reservation_activity_sid}"
    return {
        **common(queue, url),
        "assignment_activity_name": _activity_name(store, queue.assignment_activity_sid),
        "assignment_activity_sid": queue.assignment_activity_sid,
        "friendly_name": queue.friendly_name,
        "links": links,
        "max_reserved_workers": queue.max_reserved_workers,
        "reservation_activity_name": _activity_name(store, queue.reservation_activity_sid),
        "reservation_activity_sid": queue.reservation_activity_sid,
        "target_workers": queue.target_workers,
        "task_order": queue.task_order,
        "workspace_sid": queue.workspace_sid,
    }


def workflow_body(workflow: Workflow) -> dict[str, Any]:
    """Write a workflow."""
    url = f"{BASE}/{workflow.workspace_sid}/Workflows/{workflow.sid}"
    return {
        **common(workflow, url),
        "assignment_callback_url": workflow.assignment_callback_url,
        "configuration": workflow.configuration,
        "document_content_type": "application/json",
        "fallback_assignment_callback_url": workflow.fallback_assignment_callback_url,
        "friendly_name": workflow.friendly_name,
        "links": _statistics(url),
        "task_reservation_timeout": workflow.task_reservation_timeout,
        "workspace_sid": workflow.workspace_sid,
    }


def worker_body(store: Store, worker: Worker) -> dict[str, Any]:
    """Write a worker; its version shows in the ETag alone."""
    workspace = f"{BASE}/{worker.workspace_sid}"
    workers = f"{workspace}/Workers"
    url = f"{workers}/{worker.sid}"
    activity = store[Activity].get(worker.activity_sid)
    return {
        **common(worker, url),
        "activity_name": activity.friendly_name if activity else None,
        "activity_sid": worker.activity_sid,
        "attributes": worker.attributes,
        "available": activity.available if activity else False,
        "date_status_changed": iso(worker.date_status_changed),
        "friendly_name": worker.friendly_name,
        "links": {
            "channels": f"{url}/Channels",
            "activity": f"{workspace}/Activities/{worker.activity_sid}",
            "workspace": workspace,
            **_statistics(workers),
            "worker_statistics": f"{url}/Statistics",
            "worker_channels": f"{url}/Channels",
            "reservations": f"{url}/Reservations",
        },
        "workspace_sid": worker.workspace_sid,
    }


def worker_channel_body(
    channel: WorkerChannel, task_channel: TaskChannel, *, assigned: int, percentage_free: int
) -> dict[str, Any]:
    """Write a worker's channel with what is assigned on it and how much of it is free."""
    url = f"{BASE}/{channel.workspace_sid}/Workers/{channel.worker_sid}/Channels/{channel.sid}"
    return {
        **common(channel, url),
        "assigned_tasks": assigned,
        "available": channel.available,
        "available_capacity_percentage": percentage_free,
        "configured_capacity": channel.configured_capacity,
        "task_channel_sid": task_channel.sid,
        "task_channel_unique_name": task_channel.unique_name,
        "worker_sid": channel.worker_sid,
        "workspace_sid": channel.workspace_sid,
    }
