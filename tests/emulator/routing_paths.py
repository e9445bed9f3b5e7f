"""Short ways to write workflows and to see where their tasks have come to."""

from __future__ import annotations

import json
from typing import Any

from .task_centre import TaskCentre


def queue(centre: TaskCentre, name: str, **settings: Any) -> str:
    """Make a queue."""
    return str(centre.make("TaskQueues", FriendlyName=name, **settings)["sid"])


def flow(*filters: dict[str, Any], default: str | None = None) -> str:
    """Write a configuration with these filters."""
    task_routing: dict[str, Any] = {"filters": list(filters)}
    if default is not None:
        task_routing["default_filter"] = {"queue": default}
    return json.dumps({"task_routing": task_routing})


def route(
    centre: TaskCentre, *filters: dict[str, Any], default: str | None = None, **more: Any
) -> None:
    """Give the centre's workflow these filters."""
    configuration = flow(*filters, default=default)
    centre.change(f"/Workflows/{centre.workflow}", Configuration=configuration, **more)


def all_tasks(*targets: dict[str, Any]) -> dict[str, Any]:
    """Write a filter every task fits."""
    return {"filter_friendly_name": "all", "expression": "1==1", "targets": list(targets)}


def queue_of(centre: TaskCentre, task: str) -> str:
    """Return the SID of the queue a task is in."""
    return str(centre.get(f"/Tasks/{task}")["task_queue_sid"])


def offered(centre: TaskCentre, task: str) -> list[str]:
    """Return the names of the workers a task is offered to."""
    return [item["worker_name"] for item in centre.reservations(task, ReservationStatus="pending")]
