"""Task channels; an address may name one by SID or by unique name."""

from __future__ import annotations

import re
from typing import Any

from twilio_emulator import assumptions
from twilio_emulator.store import Store, new_record
from twilio_emulator.wire import Call, Parameter, Route, invalid, not_found, page

from .events import announce, task_channel_fields
from .lookup import HOST, ROOT, illegal, part_named, parts, workspace_of
from .records import TaskChannel, WorkerChannel, Workspace
from .rendering import task_channel_body
from .workspaces import FRIENDLY_NAME, NEW_FRIENDLY_NAME

_LIST = f"{ROOT}/{{WorkspaceSid}}/TaskChannels"
_ONE = f"{_LIST}/{{Sid}}"
_UNIQUE_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


def find_channel(store: Store, workspace_sid: str, name: str) -> TaskChannel | None:
    """Find a channel by SID or unique name."""
    index = store[TaskChannel].index("name", lambda c: (c.workspace_sid, c.unique_name))
    return part_named(store, TaskChannel, workspace_sid, name) or index.first((workspace_sid, name))


def _channel_of(call: Call) -> TaskChannel:
    channel = find_channel(call.store, workspace_of(call).sid, call.sids["Sid"])
    if channel is None:
        raise not_found(call)
    return channel


def list_task_channels(call: Call) -> dict[str, Any]:
    """List a workspace's channels."""
    found = parts(call.store, TaskChannel, workspace_of(call).sid)
    position = call.store[TaskChannel].position
    return page(call, "channels", found, task_channel_body, position=position)


def create_task_channel(call: Call) -> dict[str, Any]:
    """Create a channel; its unique name is letters, digits, `_` and `$`, no digit first."""
    workspace, unique_name = workspace_of(call), call.params["UniqueName"]
    if not _UNIQUE_NAME.fullmatch(unique_name):
        raise invalid(f"UniqueName '{unique_name}' may only have letters, digits, _ and $")
    if find_channel(call.store, workspace.sid, unique_name) is not None:
        raise illegal(f"Task channel '{unique_name}' exists in workspace {workspace.sid}")
    channel = call.store.put(
        TaskChannel(
            **new_record(call.store, call.account_sid, "TC"),
            workspace_sid=workspace.sid,
            friendly_name=call.params["FriendlyName"],
            unique_name=unique_name,
            channel_optimized_routing=call.params.get("ChannelOptimizedRouting", False),
        )
    )
    _announce(call, workspace, channel, "created")
    return task_channel_body(channel)


def fetch_task_channel(call: Call) -> dict[str, Any]:
    """Show a channel."""
    return task_channel_body(_channel_of(call))


def update_task_channel(call: Call) -> dict[str, Any]:
    """Change a channel's name or routing."""
    channel = _channel_of(call)
    channel = call.store.change(
        channel,
        friendly_name=call.params.get("FriendlyName", channel.friendly_name),
        channel_optimized_routing=call.params.get(
            "ChannelOptimizedRouting", channel.channel_optimized_routing
        ),
    )
    _announce(call, workspace_of(call), channel, "updated")
    return task_channel_body(channel)


def delete_task_channel(call: Call) -> None:
    """Delete a channel and every worker's capacity on it."""
    channel, workspace = _channel_of(call), workspace_of(call)
    if channel.unique_name == "default" and assumptions.DEFAULT_TASK_CHANNEL_IS_KEPT:
        raise illegal(f"Cannot delete task channel {channel.sid} because it is the default one")
    for worker_channel in parts(call.store, WorkerChannel, workspace.sid):
        if worker_channel.task_channel_sid == channel.sid:
            call.store.remove(worker_channel)
    call.store.remove(channel)
    _announce(call, workspace, channel, "deleted")


def _announce(call: Call, workspace: Workspace, channel: TaskChannel, what: str) -> None:
    announce(
        call.emulator,
        workspace,
        f"task-channel.{what}",
        ("taskchannel", channel.sid),
        f"TaskChannel {channel.friendly_name} {what}",
        task_channel_fields(channel),
    )


_OPTIMIZED = Parameter("ChannelOptimizedRouting", "boolean")

ROUTES = (
    Route("GET", HOST, _LIST, list_task_channels, page_size=1000),
    Route(
        "POST",
        HOST,
        _LIST,
        create_task_channel,
        parameters=(NEW_FRIENDLY_NAME, Parameter("UniqueName", required=True), _OPTIMIZED),
        status=201,
    ),
    Route("GET", HOST, _ONE, fetch_task_channel),
    Route("POST", HOST, _ONE, update_task_channel, parameters=(FRIENDLY_NAME, _OPTIMIZED)),
    Route("DELETE", HOST, _ONE, delete_task_channel, status=204),
)
