"""Write events as the answers the Events API gives.

Source: taskrouter_v1 OpenAPI document.
"""

from __future__ import annotations

from typing import Any

from twilio_emulator.taskrouter.lookup import BASE, iso
from twilio_emulator.taskrouter.records import Event

_COLLECTIONS = {
    "worker": "Workers",
    "taskqueue": "TaskQueues",
    "workflow": "Workflows",
    "activity": "Activities",
    "taskchannel": "TaskChannels",
    "task": "Tasks",
}


def event_body(event: Event) -> dict[str, Any]:
    """Write an event of the Events list."""
    workspace = f"{BASE}/{event.workspace_sid}"
    return {
        "account_sid": event.account_sid,
        "actor_sid": event.workspace_sid,
        "actor_type": "workspace",
        "actor_url": workspace,
        "description": event.description,
        "event_data": event.event_data,
        "event_date": iso(event.date_created),
        "event_date_ms": event.event_date_ms,
        "event_type": event.event_type,
        "resource_sid": event.resource_sid,
        "resource_type": event.resource_type,
        "resource_url": _resource_url(workspace, event),
        "sid": event.sid,
        "source": "twilio",
        "source_ip_address": "127.0.0.1",
        "url": f"{workspace}/Events/{event.sid}",
        "workspace_sid": event.workspace_sid,
    }


def _resource_url(workspace: str, event: Event) -> str:
    if event.resource_type == "reservation":
        task = event.event_data["task_sid"]
        return f"{workspace}/Tasks/{task}/Reservations/{event.resource_sid}"
    collection = _COLLECTIONS.get(event.resource_type)
    return f"{workspace}/{collection}/{event.resource_sid}" if collection else workspace
