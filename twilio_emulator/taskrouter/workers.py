"""Workers: attributes, versions and the filters of their list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twilio_emulator import assumptions
from twilio_emulator.expressions import ExpressionError, parse
from twilio_emulator.store import new_record
from twilio_emulator.wire import Call, Parameter, Reply, Route, invalid, page
from twilio_emulator.wire.encoding import Json, written

from . import routing
from .eligibility import Eligibility
from .events import announce, escaped, worker_fields
from .limits import check_attributes, check_room
from .lookup import HOST, ROOT, attributes_text, illegal, part_named, part_of, parts, workspace_of
from .ordering import Order
from .rates import limit
from .records import Activity, TaskQueue, Worker, WorkerChannel, Workspace
from .rendering import worker_body
from .worker_names import worker_named
from .workspaces import FRIENDLY_NAME, NEW_FRIENDLY_NAME

_LIST = f"{ROOT}/{{WorkspaceSid}}/Workers"
_ONE = f"{_LIST}/{{Sid}}"


def list_workers(call: Call) -> Reply:
    """List workers by any of the documented filters."""
    limit(call, "TargetWorkersExpression")
    workspace, params = workspace_of(call), call.params
    found = parts(call.store, Worker, workspace.sid)
    for name, condition in _FILTERS.items():
        if name in params:
            keeps = condition(call, workspace, params[name])
            found = [worker for worker in found if keeps(worker)]
    order = Order.by_one(
        call.store[Worker],
        params.get("Ordering", ""),
        DateStatusChanged=lambda worker: worker.date_status_changed.timestamp(),
    )
    return Reply(
        page(
            call,
            "workers",
            order.sort(found),
            lambda worker: _written(call, worker),
            position=order.position,
        )
    )


def create_worker(call: Call) -> Reply:
    """Create a worker in the workspace's default activity unless another is given."""
    workspace, params = workspace_of(call), call.params
    check_room(call, workspace, Worker)
    check_attributes(call)
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
    routing.worker_moved(call.emulator, worker)
    return _shown(call, worker)


def fetch_worker(call: Call) -> Reply:
    """Show a worker, its version as ETag."""
    return _shown(call, part_of(call, Worker))


def update_worker(call: Call) -> Reply:
    """Change a worker, under If-Match when it is given."""
    workspace, worker, params = workspace_of(call), part_of(call, Worker), call.params
    check_attributes(call)
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
        routing.announce_move(call.emulator, worker, changed)
    if _raises_event(params, worker, changed):
        description = (
            f"Worker {changed.friendly_name} updated attributes to {escaped(changed.attributes)}"
        )
        _announce(call, workspace, changed, "worker.attributes.update", description)
    is_rejecting = "ActivitySid" in params and params.get("RejectPendingReservations", False)
    routing.worker_moved(call.emulator, changed, reject_pending=is_rejecting)
    return _shown(call, changed)


def delete_worker(call: Call) -> None:
    """Delete a worker, under If-Match when it is given."""
    workspace, worker = workspace_of(call), part_of(call, Worker)
    call.store.check_version(worker, call.if_match)
    if not assumptions.BUSY_WORKERS_CAN_BE_DELETED:
        _require_idle(call, worker)
    routing.worker_removed(call.emulator, worker)
    channels = call.store[WorkerChannel].index("worker", lambda channel: channel.worker_sid)
    for channel in channels.get(worker.sid):
        call.store.remove(channel)
    call.store.remove(worker)
    description = f"Worker {worker.friendly_name} deleted"
    _announce(call, workspace, worker, "worker.deleted", description)
    routing.look_again(call.emulator)


def _require_idle(call: Call, worker: Worker) -> None:
    activity = call.store[Activity].get(worker.activity_sid)
    if (activity and activity.available) or call.emulator.state(routing.Load).open(worker.sid):
        raise illegal(f"Worker {worker.sid} is available or has reservations")


def _raises_event(params: Mapping[str, Any], old: Worker, new: Worker) -> bool:
    given = "Attributes" in params
    return given and (
        new.attributes != old.attributes or assumptions.UNCHANGED_ATTRIBUTES_RAISE_EVENT
    )


def _written(call: Call, worker: Worker) -> Json:
    activity = call.store[Activity].get(worker.activity_sid)
    return written(worker, (activity,), lambda: worker_body(call.store, worker))


def _shown(call: Call, worker: Worker) -> Reply:
    return Reply(_written(call, worker), etag=worker.version)


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
    if not (activity.available or assumptions.LEAVING_KEEPS_OFFERS):
        _require_no_offers(call, worker, params)
    return {"activity_sid": activity.sid, "date_status_changed": call.store.clock.now()}


def _require_no_offers(call: Call, worker: Worker, params: Mapping[str, Any]) -> None:
    offers = routing.reservations_of_worker(call.store, worker.sid)
    pending = any(offer.reservation_status == "pending" for offer in offers)
    if pending and not params.get("RejectPendingReservations"):
        raise illegal(f"Worker {worker.sid} has pending reservations")


def _announce(
    call: Call,
    workspace: Workspace,
    worker: Worker,
    event_type: str,
    description: str,
) -> None:
    fields = worker_fields(call.store, worker)
    resource = ("worker", worker.sid)
    announce(call.emulator, workspace, event_type, resource, description, fields)


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


def _fitting(call: Call, _workspace: Workspace, text: str) -> Keeps:
    try:
        expression = parse(text)
    except ExpressionError as error:
        raise invalid(f"TargetWorkersExpression: {error}") from None
    return lambda worker: expression.matches(routing.WorkerScope(call.store, worker))


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
_ATTRIBUTES = Parameter("Attributes", "object")
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
            Parameter("Available", "flag"),
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
