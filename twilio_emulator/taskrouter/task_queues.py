"""Task queues and the two ways to ask which queues a worker fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twilio_emulator import assumptions
from twilio_emulator.expressions import ExpressionError, parse
from twilio_emulator.store import new_record
from twilio_emulator.wire import Call, Parameter, Route, invalid, page

from . import routing
from .eligibility import Eligibility
from .events import announce, task_queue_fields
from .limits import check_room
from .lookup import HOST, ROOT, illegal, part_named, part_of, parts, workspace_of
from .ordering import Order
from .rates import limit
from .records import Activity, TaskQueue, Worker, Workflow, Workspace
from .rendering import task_queue_body

MAX_RESERVED_WORKERS = 50

_LIST = f"{ROOT}/{{WorkspaceSid}}/TaskQueues"
_ONE = f"{_LIST}/{{Sid}}"


def list_task_queues(call: Call) -> dict[str, Any]:
    """List queues: all, of a name, or those that fit a worker or some attributes."""
    limit(call, "EvaluateWorkerAttributes")
    workspace, params = workspace_of(call), call.params
    found = parts(call.store, TaskQueue, workspace.sid)
    for name, condition in _FILTERS.items():
        if name in params:
            keeps = condition(call, workspace, params[name])
            found = [queue for queue in found if keeps(queue)]
    order = Order.by_one(
        call.store[TaskQueue],
        params.get("Ordering", ""),
        DateUpdated=lambda queue: queue.date_updated.timestamp(),
    )
    return page(
        call,
        "task_queues",
        order.sort(found),
        lambda queue: task_queue_body(call.store, queue),
        position=order.position,
    )


def create_task_queue(call: Call) -> dict[str, Any]:
    """Create a queue, for every worker (`1==1`) unless said otherwise."""
    workspace = workspace_of(call)
    check_room(call, workspace, TaskQueue)
    queue = call.store.put(
        TaskQueue(
            **new_record(call.store, call.account_sid, "WQ"),
            workspace_sid=workspace.sid,
            **_fields(call, workspace),
        )
    )
    description = f"TaskQueue {queue.sid} created"
    _announce(call, workspace, queue, "task-queue.created", description)
    return task_queue_body(call.store, queue)


def fetch_task_queue(call: Call) -> dict[str, Any]:
    """Show a queue."""
    return task_queue_body(call.store, part_of(call, TaskQueue))


def update_task_queue(call: Call) -> dict[str, Any]:
    """Change a queue; only a changed expression is an event."""
    workspace, queue = workspace_of(call), part_of(call, TaskQueue)
    changed = call.store.change(queue, **_fields(call, workspace))
    if changed.target_workers != queue.target_workers:
        description = f"TaskQueue {changed.sid} expression updated to '{changed.target_workers}'"
        _announce(call, workspace, changed, "task-queue.expression.updated", description)
    routing.look_again(call.emulator)
    return task_queue_body(call.store, changed)


def delete_task_queue(call: Call) -> None:
    """Delete a queue that no workflow refers to and no task waits in.

    Source: task queue page ("Delete": 400 while tasks are processed against it).
    """
    workspace, queue = workspace_of(call), part_of(call, TaskQueue)
    if waiting := routing.tasks_of_queue(call.store, queue.sid):
        raise illegal(
            f"Cannot delete task queue {queue.sid} in workspace {workspace.sid} for account"
            f" {call.account_sid} because {len(waiting)} tasks wait in it, {waiting[0].sid} first"
        )
    for workflow in parts(call.store, Workflow, workspace.sid):
        if queue.sid in workflow.queue_sids and assumptions.QUEUE_IN_WORKFLOW_IS_KEPT:
            raise illegal(
                f"Cannot delete task queue {queue.sid} in workspace {workspace.sid} for account"
                f" {call.account_sid} because workflow {workflow.sid} refers to it"
            )
    call.store.remove(queue)
    description = f"TaskQueue {queue.sid} deleted"
    _announce(call, workspace, queue, "task-queue.deleted", description)


def _fields(call: Call, workspace: Workspace) -> dict[str, Any]:
    params = call.params
    fields = {field: params[name] for name, field in _FIELDS.items() if name in params}
    for field in ("reservation_activity_sid", "assignment_activity_sid"):
        if field in fields:
            fields[field] = _activity(call, workspace, fields[field])
    if "target_workers" in fields:
        check_expression("TargetWorkers", fields["target_workers"])
    return fields


def check_expression(what: str, text: str) -> None:
    """Refuse an expression that does not parse.

    Raises: ApiError 400/20001.
    """
    try:
        parse(text)
    except ExpressionError as error:
        raise invalid(f"{what}: {error}") from None


def _activity(call: Call, workspace: Workspace, sid: str) -> str | None:
    if not sid:
        return None
    if part_named(call.store, Activity, workspace.sid, sid) is None:
        raise invalid(f"Activity '{sid}' does not exist in workspace {workspace.sid}")
    return sid


def _announce(
    call: Call, workspace: Workspace, queue: TaskQueue, event_type: str, description: str
) -> None:
    resource = ("taskqueue", queue.sid)
    fields = task_queue_fields(queue)
    announce(call.emulator, workspace, event_type, resource, description, fields)


Keeps = Callable[[TaskQueue], bool]


def _named(_call: Call, _workspace: Workspace, name: str) -> Keeps:
    return lambda queue: queue.friendly_name == name


def _fitting_worker(call: Call, workspace: Workspace, sid: str) -> Keeps:
    worker = part_named(call.store, Worker, workspace.sid, sid)
    if worker is None:
        return lambda _queue: False
    eligibility = call.emulator.state(Eligibility)
    return lambda queue: eligibility.fits(queue, worker)


def _fitting_attributes(_call: Call, _workspace: Workspace, attributes: dict[str, Any]) -> Keeps:
    return lambda queue: queue.expression.matches(attributes)


_FILTERS: dict[str, Callable[[Call, Workspace, Any], Keeps]] = {
    "FriendlyName": _named,
    "WorkerSid": _fitting_worker,
    "EvaluateWorkerAttributes": _fitting_attributes,
}
_FIELDS = {
    "FriendlyName": "friendly_name",
    "TargetWorkers": "target_workers",
    "MaxReservedWorkers": "max_reserved_workers",
    "TaskOrder": "task_order",
    "ReservationActivitySid": "reservation_activity_sid",
    "AssignmentActivitySid": "assignment_activity_sid",
}
_SETTINGS = (
    Parameter("TargetWorkers"),
    Parameter("MaxReservedWorkers", "integer", minimum=1, maximum=MAX_RESERVED_WORKERS),
    Parameter("TaskOrder", "enum", choices=("FIFO", "LIFO")),
    Parameter("ReservationActivitySid", "sid", sid_prefix="WA"),
    Parameter("AssignmentActivitySid", "sid", sid_prefix="WA"),
)

ROUTES = (
    Route(
        "GET",
        HOST,
        _LIST,
        list_task_queues,
        parameters=(
            Parameter("FriendlyName"),
            Parameter("EvaluateWorkerAttributes", "object"),
            Parameter("WorkerSid", "sid", sid_prefix="WK", blank=False),
            Parameter("Ordering", "enum", choices=("DateUpdated:asc", "DateUpdated:desc")),
        ),
        page_size=1000,
    ),
    Route(
        "POST",
        HOST,
        _LIST,
        create_task_queue,
        parameters=(Parameter("FriendlyName", required=True, blank=False), *_SETTINGS),
        status=201,
    ),
    Route("GET", HOST, _ONE, fetch_task_queue),
    Route(
        "POST",
        HOST,
        _ONE,
        update_task_queue,
        parameters=(Parameter("FriendlyName", blank=False), *_SETTINGS),
    ),
    Route("DELETE", HOST, _ONE, delete_task_queue, status=204),
)
