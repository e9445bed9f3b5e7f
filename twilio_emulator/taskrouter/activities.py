"""Activities."""

from __future__ import annotations

import dataclasses
from typing import Any

from twilio_emulator import assumptions
from twilio_emulator.store import new_record
from twilio_emulator.wire import Call, Parameter, Route, page

from .events import activity_fields, announce
from .limits import check_room
from .lookup import HOST, ROOT, illegal, part_of, parts, workspace_of
from .records import Activity, TaskQueue, Worker, Workspace
from .rendering import activity_body
from .workspaces import FRIENDLY_NAME, NEW_FRIENDLY_NAME

_LIST = f"{ROOT}/{{WorkspaceSid}}/Activities"
_ONE = f"{_LIST}/{{Sid}}"


def list_activities(call: Call) -> dict[str, Any]:
    """List a workspace's activities."""
    name, available = call.params.get("FriendlyName"), call.params.get("Available")
    found = [
        activity
        for activity in parts(call.store, Activity, workspace_of(call).sid)
        if (name is None or activity.friendly_name == name)
        and (available is None or activity.available == available)
    ]
    position = call.store[Activity].position
    return page(call, "activities", found, activity_body, position=position)


def create_activity(call: Call) -> dict[str, Any]:
    """Create an activity, unavailable unless said otherwise.

    Source: activity page (at most 100 in a workspace).
    """
    workspace = workspace_of(call)
    check_room(call, workspace, Activity)
    activity = call.store.put(
        Activity(
            **new_record(call.store, call.account_sid, "WA"),
            workspace_sid=workspace.sid,
            friendly_name=call.params["FriendlyName"],
            available=call.params.get("Available", False),
        )
    )
    _announce(call, workspace, activity, "created")
    return activity_body(activity)


def fetch_activity(call: Call) -> dict[str, Any]:
    """Show an activity."""
    return activity_body(part_of(call, Activity))


def update_activity(call: Call) -> dict[str, Any]:
    """Rename an activity; `Available` is accepted and ignored, as on Twilio."""
    activity = part_of(call, Activity)
    name = call.params.get("FriendlyName", activity.friendly_name)
    activity = call.store.change(activity, friendly_name=name)
    _announce(call, workspace_of(call), activity, "updated")
    return activity_body(activity)


def delete_activity(call: Call) -> None:
    """Delete an activity that nothing uses."""
    activity, workspace = part_of(call, Activity), workspace_of(call)
    if (use := _use(call, workspace, activity)) is not None:
        raise illegal(
            f"Cannot delete activity {activity.sid} in workspace {workspace.sid} for account"
            f" {call.account_sid} because {use}"
        )
    call.store.remove(activity)
    _announce(call, workspace, activity, "deleted")


def _use(call: Call, workspace: Workspace, activity: Activity) -> str | None:
    if activity.sid in (workspace.default_activity_sid, workspace.timeout_activity_sid):
        return "it is the default or the timeout activity of its workspace"
    if not assumptions.ACTIVITY_IN_USE_IS_KEPT:
        return None
    for queue in parts(call.store, TaskQueue, workspace.sid):
        if activity.sid in (queue.reservation_activity_sid, queue.assignment_activity_sid):
            return f"task queue {queue.sid} refers to it"
    worker = call.store[Worker].index("activity", lambda w: w.activity_sid).first(activity.sid)
    return f"worker {worker.sid} is in it" if worker else None


def _announce(call: Call, workspace: Workspace, activity: Activity, what: str) -> None:
    announce(
        call.emulator,
        workspace,
        f"activity.{what}",
        ("activity", activity.sid),
        f"Activity {activity.friendly_name} {what}",
        activity_fields(activity),
    )


_AVAILABLE = Parameter("Available", "boolean")

ROUTES = (
    Route(
        "GET",
        HOST,
        _LIST,
        list_activities,
        parameters=(Parameter("FriendlyName"), Parameter("Available", "flag")),
        page_size=1000,
    ),
    Route(
        "POST",
        HOST,
        _LIST,
        create_activity,
        parameters=(NEW_FRIENDLY_NAME, _AVAILABLE),
        status=201,
    ),
    Route("GET", HOST, _ONE, fetch_activity),
    Route(
        "POST",
        HOST,
        _ONE,
        update_activity,
        parameters=(FRIENDLY_NAME, dataclasses.replace(_AVAILABLE, source="doc")),
    ),
    Route("DELETE", HOST, _ONE, delete_activity, status=204),
)
