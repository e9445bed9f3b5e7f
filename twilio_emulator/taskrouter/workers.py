"""Workers: attributes, versions and the filters of their list."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from twilio_emulator import assumptions
from twilio_emulator.expressions import ExpressionError, parse
from twilio_emulator.store import Store
from twilio_emulator.wire import Call, Parameter, Reply, Route, invalid, page

from .eligibility import Eligibility
from .event_log import announce, escaped, worker_fields
from .lookup import HOST, ROOT, illegal, new_record, part_named, part_of, parts, workspace_of
from .rates import limit
from .records import Activity, TaskQueue, Worker, WorkerChannel, Workspace
from .rendering import worker_body
from .workspaces import FRIENDLY_NAME, NEW_FRIENDLY_NAME

ATTRIBUTES_LENGTH = 4096

_LIST = f"{ROOT}/{{WorkspaceSid}}/Workers"
_ONE = f"{_LIST}/{{Sid}}"


def worker_named(store: Store, workspace_sid: str, friendly_name: str) -> Worker | None:
    """Find a worker by name; case makes no difference."""
    index = store[Worker].index(
        "name", lambda worker: (worker.workspace_sid, worker.friendly_name.casefold())
    )
    return index.first((workspace_sid, friendly_name.casefold()))


def list_workers(call: Call) -> Reply:
    """List workers by any of the documented filters."""
    limit(call, "TargetWorkersExpression")
    workspace, params = workspace_of(call), call.params
    found = parts(call.store, Worker, workspace.sid)
    for name, condition in _FILTERS.items():
        if name in params:
            keeps = condition(call, workspace, params[name])
            found = [worker for worker in found if keeps(worker)]
    if "Ordering" in params:
        descending = params["Ordering"].endswith(":desc")
        found = sorted(found, key=lambda worker: worker.date_status_changed, reverse=descending)
    return Reply(
        page(
            call,
            "workers",
            found,
            lambda worker: worker_body(call.store, worker),
            position=call.store[Worker].position,
        )
    )


def create_worker(call: Call) -> Reply:
    """Create a worker in the workspace's default activity unless another is given."""
    workspace, params = workspace_of(call), call.params
    _check_name(call, workspace, params["FriendlyName"], None)
    activity_sid = params.get("ActivitySid") or workspace.default_activity_sid
    _activity(call, workspace, activity_sid)
    worker = call.store.put(
        Worker(
            **new_record(call.store, call.account_sid, "WK"),
            workspace_sid=workspace.sid,
            friendly_name=params["FriendlyName"],
            attributes=attributes_text(params.get("Attributes", {})),
            activity_sid=activity_sid,
            date_status_changed=call.store.clock.now(),
        )
    )
    description = f"Worker {worker.friendly_name} created"
    _announce(call, workspace, worker, "worker.created", description)
    return _shown(call, worker)


def fetch_worker(call: Call) -> Reply:
    """Show a worker, its version as ETag."""
    return _shown(call, part_of(call, Worker))


def update_worker(call: Call) -> Reply:
    """Change a worker, under If-Match when it is given."""
    workspace, worker, params = workspace_of(call), part_of(call, Worker), call.params
    call.store.check_version(worker, call.if_match)
    changes: dict[str, Any] = {}
    if "FriendlyName" in params:
        _check_name(call, workspace, params["FriendlyName"], worker)
        changes["friendly_name"] = params["FriendlyName"]
    if "Attributes" in params:
        changes["attributes"] = attributes_text(params["Attributes"])
    if "ActivitySid" in params:
        changes |= _new_activity(call, workspace, worker, params)
    changed = call.store.change(worker, **changes)
    if changed.activity_sid != worker.activity_sid:
        _announce_activity(call, workspace, worker, changed)
    if _raises_event(params, worker, changed):
        description = (
            f"Worker {changed.friendly_name} updated attributes to {escaped(changed.attributes)}"
        )
        _announce(call, workspace, changed, "worker.attributes.update", description)
    return _shown(call, changed)


def delete_worker(call: Call) -> None:
    """Delete a worker, under If-Match when it is given."""
    workspace, worker = workspace_of(call), part_of(call, Worker)
    call.store.check_version(worker, call.if_match)
    channels = call.store[WorkerChannel].index("worker", lambda channel: channel.worker_sid)
    for channel in channels.get(worker.sid):
        call.store.remove(channel)
    call.store.remove(worker)
    description = f"Worker {worker.friendly_name} deleted"
    _announce(call, workspace, worker, "worker.deleted", description)


def _raises_event(params: Mapping[str, Any], old: Worker, new: Worker) -> bool:
    given = "Attributes" in params
    return given and (
        new.attributes != old.attributes or assumptions.UNCHANGED_ATTRIBUTES_RAISE_EVENT
    )


def attributes_text(attributes: dict[str, Any]) -> str:
    """Write attributes the way they are kept: compact JSON, keys in the order given."""
    return json.dumps(attributes, separators=(",", ":"), ensure_ascii=False)


def _shown(call: Call, worker: Worker) -> Reply:
    return Reply(worker_body(call.store, worker), etag=worker.version)


def _check_name(call: Call, workspace: Workspace, name: str, own: Worker | None) -> None:
    namesake = worker_named(call.store, workspace.sid, name)
    if namesake is not None and (own is None or namesake.sid != own.sid):
        raise illegal(
            f"Worker FriendlyName '{name}' is taken in workspace {workspace.sid}"
            f" by {namesake.sid} ('{namesake.friendly_name}')"
        )


def _activity(call: Call, workspace: Workspace, sid: str) -> Activity:
    activity = part_named(call.store, Activity, workspace.sid, sid)
    if activity is None:
        raise invalid(f"Activity '{sid}' does not exist in workspace {workspace.sid}")
    return activity


def _new_activity(
    call: Call, workspace: Workspace, worker: Worker, params: Mapping[str, Any]
) -> dict[str, Any]:
    activity = _activity(call, workspace, params["ActivitySid"])
    if params.get("RejectPendingReservations") and activity.available:
        raise invalid("RejectPendingReservations needs an activity that is not available")
    if activity.sid == worker.activity_sid:
        return {}
    return {"activity_sid": activity.sid, "date_status_changed": call.store.clock.now()}


def _announce(
    call: Call,
    workspace: Workspace,
    worker: Worker,
    event_type: str,
    description: str,
    more: dict[str, str] | None = None,
) -> None:
    fields = {**worker_fields(call.emulator, worker), **(more or {})}
    resource = ("worker", worker.sid)
    announce(call.emulator, workspace, event_type, resource, description, fields)


def _announce_activity(call: Call, workspace: Workspace, old: Worker, new: Worker) -> None:
    """Source: recorded worker.activity.update callbacks."""
    former, present = (
        call.store[Activity].get(old.activity_sid),
        _activity(call, workspace, new.activity_sid),
    )
    spent = (new.date_status_changed - old.date_status_changed).total_seconds()
    more = {
        "WorkerPreviousActivitySid": old.activity_sid,
        "WorkerPreviousActivityName": former.friendly_name if former else "",
        "WorkerTimeInPreviousActivity": str(int(spent)),
        "WorkerTimeInPreviousActivityMs": str(int(spent * 1000)),
    }
    description = f"Worker {new.friendly_name} updated to {present.friendly_name} Activity"
    _announce(call, workspace, new, "worker.activity.update", description, more)


Keeps = Callable[[Worker], bool]


def _named(_call: Call, _workspace: Workspace, name: str) -> Keeps:
    return lambda worker: worker.friendly_name == name


def _in_activities(call: Call, wanted: Callable[[Activity], bool], workspace: Workspace) -> Keeps:
    sids = {item.sid for item in parts(call.store, Activity, workspace.sid) if wanted(item)}
    return lambda worker: worker.activity_sid in sids


def _in_queues(call: Call, wanted: Callable[[TaskQueue], bool], workspace: Workspace) -> Keeps:
    queues = [queue for queue in parts(call.store, TaskQueue, workspace.sid) if wanted(queue)]
    members = call.emulator.state(Eligibility).workers(queues)
    return lambda worker: worker.sid in members


def _fitting(_call: Call, _workspace: Workspace, text: str) -> Keeps:
    try:
        expression = parse(text)
    except ExpressionError as error:
        raise invalid(f"TargetWorkersExpression: {error}") from None
    return lambda worker: expression.matches(_with_fields(_call, worker))


def _with_fields(call: Call, worker: Worker) -> dict[str, Any]:
    activity = call.store[Activity].get(worker.activity_sid)
    fields = {
        "sid": worker.sid,
        "friendly_name": worker.friendly_name,
        "activity_sid": worker.activity_sid,
        "activity_name": activity.friendly_name if activity else None,
    }
    if assumptions.WORKER_FIELDS_HIDE_ATTRIBUTES:
        return {**worker.parsed_attributes, **fields}
    return {**fields, **worker.parsed_attributes}


_FILTERS: dict[str, Callable[[Call, Workspace, Any], Keeps]] = {
    "FriendlyName": _named,
    "ActivitySid": lambda call, ws, sid: _in_activities(call, lambda a: a.sid == sid, ws),
    "ActivityName": lambda call, ws, name: _in_activities(
        call, lambda a: a.friendly_name == name, ws
    ),
    "Available": lambda call, ws, yes: _in_activities(call, lambda a: a.available == yes, ws),
    "TaskQueueSid": lambda call, ws, sid: _in_queues(call, lambda q: q.sid == sid, ws),
    "TaskQueueName": lambda call, ws, name: _in_queues(call, lambda q: q.friendly_name == name, ws),
    "TargetWorkersExpression": _fitting,
}
_ATTRIBUTES = Parameter("Attributes", "object", max_length=ATTRIBUTES_LENGTH)
_ACTIVITY = Parameter("ActivitySid", "sid", sid_prefix="WA", blank=False)

ROUTES = (
    Route(
        "GET",
        HOST,
        _LIST,
        list_workers,
        parameters=(
            Parameter("FriendlyName"),
            _ACTIVITY,
            Parameter("ActivityName"),
            Parameter("Available", "boolean"),
            Parameter("TaskQueueSid", "sid", sid_prefix="WQ", blank=False),
            Parameter("TaskQueueName"),
            Parameter("TargetWorkersExpression"),
            Parameter(
                "Ordering", "enum", choices=("DateStatusChanged:asc", "DateStatusChanged:desc")
            ),
        ),
        page_size=1000,
    ),
    Route(
        "POST",
        HOST,
        _LIST,
        create_worker,
        parameters=(NEW_FRIENDLY_NAME, _ACTIVITY, _ATTRIBUTES),
        status=201,
    ),
    Route("GET", HOST, _ONE, fetch_worker),
    Route(
        "POST",
        HOST,
        _ONE,
        update_worker,
        parameters=(
            FRIENDLY_NAME,
            _ACTIVITY,
            _ATTRIBUTES,
            Parameter("RejectPendingReservations", "boolean"),
        ),
        if_match=True,
    ),
    Route("DELETE", HOST, _ONE, delete_worker, status=204, if_match=True),
)
