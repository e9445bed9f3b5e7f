"""Write tasks and reservations as the answers TaskRouter gives.

Source: taskrouter_v1 OpenAPI document; `addons` is "{}" in recorded bodies.
"""

from __future__ import annotations

from typing import Any

from twilio_emulator.store import Store

from .lookup import BASE, common, iso
from .records import Reservation, Task, TaskChannel, TaskQueue, Worker, Workflow

NO_ADDONS = "{}"


def task_body(store: Store, task: Task) -> dict[str, Any]:
    """Write a task; its version shows in the ETag alone."""
    workspace = f"{BASE}/{task.workspace_sid}"
    url = f"{workspace}/Tasks/{task.sid}"
    channel = store[TaskChannel].get(task.task_channel_sid)
    queue = store[TaskQueue].get(task.task_queue_sid) if task.task_queue_sid else None
    workflow = store[Workflow].get(task.workflow_sid) if task.workflow_sid else None
    entered = task.task_queue_entered_date
    return {
        **common(task, url),
        "addons": NO_ADDONS,
        "age": age(store, task),
        "assignment_status": task.assignment_status,
        "attributes": task.attributes,
        "ignore_capacity": task.ignore_capacity,
        "links": _task_links(workspace, url, task),
        "priority": task.priority,
        "reason": task.reason,
        "routing_target": task.routing_target,
        "task_channel_sid": task.task_channel_sid,
        "task_channel_unique_name": channel.unique_name if channel else None,
        "task_queue_entered_date": iso(entered) if entered else None,
        "task_queue_friendly_name": queue.friendly_name if queue else None,
        "task_queue_sid": task.task_queue_sid,
        "timeout": task.timeout,
        "virtual_start_time": iso(task.virtual_start_time),
        "workflow_friendly_name": workflow.friendly_name if workflow else None,
        "workflow_sid": task.workflow_sid,
        "workspace_sid": task.workspace_sid,
    }


def age(store: Store, task: Task) -> int:
    """Tell how many whole seconds ago a task was created."""
    return int((store.clock.now() - task.date_created).total_seconds())


def reservation_body(store: Store, reservation: Reservation, below: str) -> dict[str, Any]:
    """Write a reservation; `below` is the collection its address is in: Tasks or Workers."""
    workspace = f"{BASE}/{reservation.workspace_sid}"
    task = f"{workspace}/Tasks/{reservation.task_sid}"
    worker = f"{workspace}/Workers/{reservation.worker_sid}"
    reserved = store[Worker].get(reservation.worker_sid)
    owner = task if below == "Tasks" else worker
    return {
        **common(reservation, f"{owner}/Reservations/{reservation.sid}"),
        "links": {"task": task, "worker": worker, "workspace": workspace},
        "reservation_status": reservation.reservation_status,
        "task_sid": reservation.task_sid,
        "worker_name": reserved.friendly_name if reserved else None,
        "worker_sid": reservation.worker_sid,
        "workspace_sid": reservation.workspace_sid,
    }


def _task_links(workspace: str, url: str, task: Task) -> dict[str, str]:
    links = {"workspace": workspace, "reservations": f"{url}/Reservations"}
    if task.task_queue_sid:
        links["task_queue"] = f"{workspace}/TaskQueues/{task.task_queue_sid}"
    if task.workflow_sid:
        links["workflow"] = f"{workspace}/Workflows/{task.workflow_sid}"
    return links
