"""Workspaces and what a new one comes with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from twilio_emulator import assumptions
from twilio_emulator.store import Record, Store, new_record
from twilio_emulator.wire import Call, Parameter, Route, invalid, page

from . import routing
from .events import announce
from .events.types import EVENT_TYPES
from .lookup import HOST, ROOT, illegal, part_named, parts, workspace_of
from .records import (
    Activity,
    Event,
    Reservation,
    Task,
    TaskChannel,
    TaskQueue,
    Worker,
    WorkerChannel,
    Workflow,
    Workspace,
)
from .rendering import workspace_body

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_ACTIVITIES = (("Offline", False), ("Unavailable", False), ("Available", True))
DEFAULT_CHANNELS = (
    ("default", "Default"),
    ("voice", "Voice"),
    ("chat", "Chat"),
    ("sms", "SMS"),
    ("video", "Video"),
)
FRIENDLY_NAME_LENGTH = 64

FRIENDLY_NAME = Parameter("FriendlyName", max_length=FRIENDLY_NAME_LENGTH, blank=False)
NEW_FRIENDLY_NAME = Parameter(
    "FriendlyName", required=True, max_length=FRIENDLY_NAME_LENGTH, blank=False
)
_SETTINGS = (
    Parameter("EventCallbackUrl", "url"),
    Parameter("EventsFilter"),
    Parameter("MultiTaskEnabled", "boolean"),
    Parameter("PrioritizeQueueOrder", "enum", choices=("FIFO", "LIFO")),
)


def make_workspace(
    store: Store,
    account_sid: str,
    friendly_name: str,
    activities: tuple[tuple[str, bool], ...] = DEFAULT_ACTIVITIES,
    **settings: Any,
) -> Workspace:
    """Make a workspace with its activities and channels; Offline is default and timeout activity.

    Source: activity and multitasking pages (default content).
    """
    base = new_record(store, account_sid, "WS")
    made = {
        name: store.put(
            Activity(
                **new_record(store, account_sid, "WA"),
                workspace_sid=base["sid"],
                friendly_name=name,
                available=available,
            )
        )
        for name, available in activities
    }
    for unique_name, name in DEFAULT_CHANNELS:
        store.put(
            TaskChannel(
                **new_record(store, account_sid, "TC"),
                workspace_sid=base["sid"],
                friendly_name=name,
                unique_name=unique_name,
            )
        )
    offline = made["Offline"].sid
    return store.put(
        Workspace(
            **base,
            friendly_name=friendly_name,
            default_activity_sid=offline,
            timeout_activity_sid=offline,
            **settings,
        )
    )


def make_queue_and_workflow(
    store: Store, workspace: Workspace, queue_name: str, workflow_name: str
) -> tuple[TaskQueue, Workflow]:
    """Make a queue for everyone and a workflow that sends every task to it."""
    queue = store.put(
        TaskQueue(
            **new_record(store, workspace.account_sid, "WQ"),
            workspace_sid=workspace.sid,
            friendly_name=queue_name,
        )
    )
    configuration = {"task_routing": {"filters": [], "default_filter": {"queue": queue.sid}}}
    workflow = store.put(
        Workflow(
            **new_record(store, workspace.account_sid, "WW"),
            workspace_sid=workspace.sid,
            friendly_name=workflow_name,
            configuration=json.dumps(configuration),
            queue_sids=[queue.sid],
        )
    )
    return queue, workflow


def create_workspace(call: Call) -> dict[str, Any]:
    """Create a workspace, with Template=FIFO also a queue and a workflow."""
    params = call.params
    _check_events(params.get("EventsFilter", ""))
    workspace = make_workspace(
        call.store,
        call.account_sid,
        params["FriendlyName"],
        event_callback_url=params.get("EventCallbackUrl", ""),
        events_filter=params.get("EventsFilter"),
        multi_task_enabled=params.get("MultiTaskEnabled", True),
        prioritize_queue_order=params.get("PrioritizeQueueOrder", "FIFO"),
    )
    if params.get("Template") == "FIFO":
        make_queue_and_workflow(
            call.store,
            workspace,
            assumptions.FIFO_QUEUE_NAME,
            assumptions.FIFO_WORKFLOW_NAME,
        )
    _announce(call, workspace, "created")
    return workspace_body(call.store, workspace)


def _check_events(events_filter: str) -> None:
    names = {name.strip() for name in events_filter.split(",") if name.strip()}
    if assumptions.UNKNOWN_EVENT_TYPES_ARE_REFUSED and (unknown := names - EVENT_TYPES):
        raise invalid(f"EventsFilter names unknown event types: {', '.join(sorted(unknown))}")


def fetch_workspace(call: Call) -> dict[str, Any]:
    """Show a workspace."""
    return workspace_body(call.store, workspace_of(call, "Sid"))


def list_workspaces(call: Call) -> dict[str, Any]:
    """List the account's workspaces."""
    name = call.params.get("FriendlyName")
    found = [
        workspace
        for workspace in call.store[Workspace]
        if workspace.account_sid == call.account_sid
        and (name is None or workspace.friendly_name == name)
    ]
    return page(
        call,
        "workspaces",
        found,
        lambda workspace: workspace_body(call.store, workspace),
        position=call.store[Workspace].position,
    )


def update_workspace(call: Call) -> dict[str, Any]:
    """Change a workspace."""
    workspace = workspace_of(call, "Sid")
    params = call.params
    changes: dict[str, Any] = {
        field: params[name] for name, field in _FIELDS.items() if name in params
    }
    _check_events(params.get("EventsFilter", ""))
    for field in ("default_activity_sid", "timeout_activity_sid"):
        if field in changes:
            _check_activity(call, workspace, changes[field])
    if (
        assumptions.MULTITASKING_IS_ONE_WAY
        and workspace.multi_task_enabled
        and changes.get("multi_task_enabled") is False
    ):
        raise illegal(
            f"Cannot disable multitasking of workspace {workspace.sid}: it cannot be undone"
        )
    workspace = call.store.change(workspace, **changes)
    _announce(call, workspace, "updated")
    routing.look_again(call.emulator)
    return workspace_body(call.store, workspace)


def delete_workspace(call: Call) -> None:
    """Delete a workspace and everything in it."""
    workspace = workspace_of(call, "Sid")
    # Announced first: an event is kept in its workspace, and goes with it.
    _announce(call, workspace, "deleted")
    for part in list(_everything_in(call.store, workspace.sid)):
        call.store.remove(part)
    call.store.remove(workspace)


def _everything_in(store: Store, workspace_sid: str) -> Iterator[Record]:
    for kind in _PARTS:
        yield from parts(store, kind, workspace_sid)  # type: ignore[type-var]


def _check_activity(call: Call, workspace: Workspace, sid: str) -> None:
    if part_named(call.store, Activity, workspace.sid, sid) is None:
        raise invalid(f"Activity '{sid}' does not exist in workspace {workspace.sid}")


def _announce(call: Call, workspace: Workspace, what: str) -> None:
    announce(
        call.emulator,
        workspace,
        f"workspace.{what}",
        ("workspace", workspace.sid),
        f"Workspace {workspace.friendly_name} {what}",
        {},
    )


_PARTS = (
    Reservation,
    Task,
    Worker,
    WorkerChannel,
    Workflow,
    TaskQueue,
    TaskChannel,
    Activity,
    Event,
)
_FIELDS = {
    "FriendlyName": "friendly_name",
    "EventCallbackUrl": "event_callback_url",
    "EventsFilter": "events_filter",
    "MultiTaskEnabled": "multi_task_enabled",
    "PrioritizeQueueOrder": "prioritize_queue_order",
    "DefaultActivitySid": "default_activity_sid",
    "TimeoutActivitySid": "timeout_activity_sid",
}

ROUTES = (
    Route(
        "GET",
        HOST,
        ROOT,
        list_workspaces,
        parameters=(Parameter("FriendlyName"),),
        page_size=1000,
    ),
    Route(
        "POST",
        HOST,
        ROOT,
        create_workspace,
        parameters=(
            NEW_FRIENDLY_NAME,
            *_SETTINGS,
            Parameter("Template", "enum", choices=("NONE", "FIFO")),
        ),
        status=201,
    ),
    Route("GET", HOST, f"{ROOT}/{{Sid}}", fetch_workspace),
    Route(
        "POST",
        HOST,
        f"{ROOT}/{{Sid}}",
        update_workspace,
        parameters=(
            FRIENDLY_NAME,
            *_SETTINGS,
            Parameter("DefaultActivitySid", "sid", sid_prefix="WA", blank=False),
            Parameter("TimeoutActivitySid", "sid", sid_prefix="WA", blank=False),
        ),
    ),
    Route("DELETE", HOST, f"{ROOT}/{{Sid}}", delete_workspace, status=204),
)
