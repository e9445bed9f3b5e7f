"""A worker's capacity on each channel; an address may name one by SID or unique name."""

from __future__ import annotations

from typing import Any

from twilio_emulator.store import SidSequence, Store
from twilio_emulator.wire import Call, Parameter, Route, not_found, page

from . import routing
from .events import announce, worker_channel_fields, worker_fields
from .lookup import HOST, ROOT, part_of, parts, workspace_of
from .records import TaskChannel, Worker, WorkerChannel, Workspace
from .rendering import worker_channel_body
from .task_channels import find_channel

_LIST = f"{ROOT}/{{WorkspaceSid}}/Workers/{{WorkerSid}}/Channels"
_ONE = f"{_LIST}/{{Sid}}"


def channel_of(store: Store, worker: Worker, channel: TaskChannel) -> WorkerChannel:
    """Return a worker's channel, at the default capacity until it was changed."""
    sid = SidSequence.derived("WC", worker.sid, channel.sid)
    return store[WorkerChannel].get(sid) or WorkerChannel(
        sid=sid,
        account_sid=worker.account_sid,
        workspace_sid=worker.workspace_sid,
        worker_sid=worker.sid,
        task_channel_sid=channel.sid,
        date_created=max(worker.date_created, channel.date_created),
        date_updated=max(worker.date_created, channel.date_created),
    )


def list_worker_channels(call: Call) -> dict[str, Any]:
    """List a worker's channels, one for each of the workspace's."""
    worker = part_of(call, Worker, "WorkerSid")
    channels = parts(call.store, TaskChannel, worker.workspace_sid)
    found = [(channel_of(call.store, worker, channel), channel) for channel in channels]
    return page(
        call,
        "channels",
        found,
        lambda pair: _body(call, *pair),
        identity=lambda pair: pair[0].sid,
    )


def fetch_worker_channel(call: Call) -> dict[str, Any]:
    """Show one channel of a worker."""
    _, own, channel = _addressed(call)
    return _body(call, own, channel)


def update_worker_channel(call: Call) -> dict[str, Any]:
    """Change capacity or availability; the worker's version goes up with it."""
    worker, own, channel = _addressed(call)
    changed = call.store.change(
        own,
        configured_capacity=call.params.get("Capacity", own.configured_capacity),
        available=call.params.get("Available", own.available),
    )
    worker = call.store.change(worker)
    workspace = workspace_of(call)
    if changed.configured_capacity != own.configured_capacity:
        _announce(call, workspace, worker, "worker.capacity.update", (own, changed, channel))
    if changed.available != own.available:
        event_type = "worker.channel.availability.update"
        _announce(call, workspace, worker, event_type, (own, changed, channel))
    routing.worker_moved(call.emulator, worker)
    return _body(call, changed, channel)


def _addressed(call: Call) -> tuple[Worker, WorkerChannel, TaskChannel]:
    worker, name = part_of(call, Worker, "WorkerSid"), call.sids["Sid"]
    named = find_channel(call.store, worker.workspace_sid, name)
    if named is not None and named.unique_name == name:
        return worker, channel_of(call.store, worker, named), named
    for channel in parts(call.store, TaskChannel, worker.workspace_sid):
        own = channel_of(call.store, worker, channel)
        if own.sid == name:
            return worker, own, channel
    raise not_found(call)


def _body(call: Call, own: WorkerChannel, channel: TaskChannel) -> dict[str, Any]:
    load = call.emulator.state(routing.Load)
    reserved = load.reserved(own.worker_sid, channel.sid)
    return worker_channel_body(
        own,
        channel,
        assigned=load.assigned(own.worker_sid, channel.sid),
        percentage_free=routing.capacity_percentage(own.configured_capacity, reserved),
    )


def _announce(
    call: Call,
    workspace: Workspace,
    worker: Worker,
    event_type: str,
    change: tuple[WorkerChannel, WorkerChannel, TaskChannel],
) -> None:
    before, after, channel = change
    tasks = call.emulator.state(routing.Load).assigned(worker.sid, channel.sid)
    fields = {
        **worker_fields(call.store, worker),
        **worker_channel_fields(after, channel, before.configured_capacity, tasks),
    }
    description = f"Worker {worker.friendly_name} updated channel {channel.unique_name}"
    resource = ("worker", worker.sid)
    announce(call.emulator, workspace, event_type, resource, description, fields)


ROUTES = (
    Route("GET", HOST, _LIST, list_worker_channels, page_size=1000),
    Route("GET", HOST, _ONE, fetch_worker_channel),
    Route(
        "POST",
        HOST,
        _ONE,
        update_worker_channel,
        parameters=(
            Parameter("Capacity", "integer", minimum=0),
            Parameter("Available", "boolean"),
        ),
    ),
)
