"""Tasks: what is routed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from twilio_emulator import assumptions
from twilio_emulator.wire import Call, Parameter, Reply, Route, invalid, page

from . import routing
from .limits import check_attributes
from .lookup import (
    HOST,
    ROOT,
    attributes_text,
    illegal,
    part_named,
    part_of,
    parts,
    workspace_of,
)
from .rates import limit
from .records import Task, TaskChannel, TaskQueue, Worker, Workflow, Workspace
from .task_channels import find_channel
from .task_filters import STATUSES, filtered, order_of
from .task_rendering import task_body

DEFAULT_TIMEOUT = 86_400
LONGEST_TIMEOUT = 1_209_600
LARGEST_PRIORITY = 2**31 - 1
EARLIEST_START = datetime(1900, 1, 1, tzinfo=UTC)
DEFAULT_CHANNEL = "default"

_LIST = f"{ROOT}/{{WorkspaceSid}}/Tasks"
_ONE = f"{_LIST}/{{Sid}}"
_SETTABLE = ("canceled", "wrapping", "completed")
_TARGETS: dict[str, type[Worker | TaskQueue | Workflow]] = {
    "WK": Worker,
    "WQ": TaskQueue,
    "WW": Workflow,
}


def list_tasks(call: Call) -> dict[str, Any]:
    """List tasks by any of the documented filters."""
    limit(call, "EvaluateTaskAttributes")
    order = order_of(call)
    found = order.sort(filtered(call, workspace_of(call)))
    return page(
        call,
        "tasks",
        found,
        lambda task: task_body(call.store, task),
        position=order.position,
    )


def create_task(call: Call) -> Reply:
    """Create a task; it is pending in the answer, and routed before the next request."""
    workspace, params = workspace_of(call), call.params
    target = _routing_target(call, workspace)
    task = routing.create_task(
        call.emulator,
        workspace,
        workflow=_workflow(call, workspace, target),
        attributes=_attributes(call) or "{}",
        priority=params.get("Priority"),
        timeout=params.get("Timeout", DEFAULT_TIMEOUT),
        task_channel=_channel(call, workspace, params.get("TaskChannel") or DEFAULT_CHANNEL),
        virtual_start_time=_start_time(call),
        routing_target=target.sid if target else None,
        ignore_capacity=_ignore_capacity(params, target),
        task_queue=_queue(call, workspace),
    )
    return _shown(call, task)


def fetch_task(call: Call) -> Reply:
    """Show a task, its version as ETag."""
    return _shown(call, part_of(call, Task))


def update_task(call: Call) -> Reply:
    """Change a task or its status, under If-Match when it is given."""
    task, params = part_of(call, Task), call.params
    call.store.check_version(task, call.if_match)
    _check_update(task, params)
    changes = _changes(call)
    if changes:
        task = routing.update_task(call.emulator, task, **changes)
    if "AssignmentStatus" in params:
        status, reason = params["AssignmentStatus"], params.get("Reason") or None
        task = routing.set_task_status(call.emulator, task, status, reason=reason)
    return _shown(call, task)


def delete_task(call: Call) -> None:
    """Delete a task in whatever state it is, under If-Match when it is given."""
    routing.delete_task(call.emulator, part_of(call, Task), if_match=call.if_match)


def _shown(call: Call, task: Task) -> Reply:
    return Reply(task_body(call.store, task), etag=task.version)


def _check_update(task: Task, params: Mapping[str, Any]) -> None:
    status = params.get("AssignmentStatus")
    if status is None:
        return
    if assumptions.STATUS_AND_ATTRIBUTES_ARE_REFUSED and "Attributes" in params:
        raise illegal(
            f"Cannot update Attributes and AssignmentStatus of task {task.sid} in one request:"
            " send two"
        )
    if status not in _SETTABLE:
        raise illegal(
            f"Cannot set AssignmentStatus of task {task.sid} to {status}:"
            f" only {', '.join(_SETTABLE)} can be set"
        )


def _changes(call: Call) -> dict[str, Any]:
    params, changes = call.params, dict[str, Any]()
    if (attributes := _attributes(call)) is not None:
        changes["attributes"] = attributes
    if "Priority" in params:
        changes["priority"] = params["Priority"]
    if params.get("TaskChannel"):
        changes["task_channel"] = _channel(call, workspace_of(call), params["TaskChannel"])
    if (start := _start_time(call)) is not None:
        changes["virtual_start_time"] = start
    return changes


def _attributes(call: Call) -> str | None:
    given = call.params.get("Attributes")
    if given is None:
        return None
    check_attributes(call)
    return attributes_text(given)


def _start_time(call: Call) -> datetime | None:
    moment: datetime | None = call.params.get("VirtualStartTime")
    if moment is not None and not EARLIEST_START <= moment <= call.store.clock.now():
        raise invalid(f"VirtualStartTime {moment.isoformat()} is before 1900 or in the future")
    return moment


def _channel(call: Call, workspace: Workspace, name: str) -> TaskChannel:
    channel = find_channel(call.store, workspace.sid, name)
    if channel is None:
        raise invalid(f"TaskChannel '{name}' does not exist in workspace {workspace.sid}")
    return channel


def _workflow(
    call: Call, workspace: Workspace, target: Worker | TaskQueue | Workflow | None
) -> Workflow | None:
    """Find the workflow asked for, or the only one; a routing target needs none."""
    if isinstance(target, Workflow):
        return target
    if sid := call.params.get("WorkflowSid"):
        workflow = part_named(call.store, Workflow, workspace.sid, sid)
        if workflow is None:
            raise invalid(f"Workflow '{sid}' does not exist in workspace {workspace.sid}")
        return workflow
    workflows = parts(call.store, Workflow, workspace.sid)
    if len(workflows) == 1 and assumptions.ONLY_WORKFLOW_IS_TAKEN:
        return workflows[0]
    if target is not None or call.params.get("TaskQueueSid"):
        return None
    raise invalid(
        f"WorkflowSid is missing: workspace {workspace.sid} has {len(workflows)} workflows"
    )


def _queue(call: Call, workspace: Workspace) -> TaskQueue | None:
    sid = call.params.get("TaskQueueSid")
    if not sid:
        return None
    queue = part_named(call.store, TaskQueue, workspace.sid, sid)
    if queue is None:
        raise invalid(f"TaskQueue '{sid}' does not exist in workspace {workspace.sid}")
    return queue


def _routing_target(call: Call, workspace: Workspace) -> Worker | TaskQueue | Workflow | None:
    sid = call.params.get("RoutingTarget")
    if not sid:
        return None
    kind = _TARGETS.get(sid[:2])
    target = call.store[kind].get(sid) if kind else None
    if target is None or target.workspace_sid != workspace.sid:
        raise invalid(
            f"RoutingTarget '{sid}' is no worker, queue or workflow of workspace {workspace.sid}"
        )
    return target


def _ignore_capacity(
    params: Mapping[str, Any], target: Worker | TaskQueue | Workflow | None
) -> bool:
    if isinstance(target, Worker):
        return bool(params.get("IgnoreCapacity", True))
    if "IgnoreCapacity" in params and assumptions.IGNORE_CAPACITY_NEEDS_A_WORKER:
        raise invalid("IgnoreCapacity can only be used when RoutingTarget is a worker")
    return False


_ATTRIBUTES = Parameter("Attributes", "object")
_PRIORITY = Parameter("Priority", "integer", minimum=0, maximum=LARGEST_PRIORITY)
_TASK_CHANNEL = Parameter("TaskChannel")
_START_TIME = Parameter("VirtualStartTime", "date")

ROUTES = (
    Route(
        "GET",
        HOST,
        _LIST,
        list_tasks,
        parameters=(
            Parameter("Priority", "integer"),
            Parameter("AssignmentStatus", repeated=True, blank=False),
            Parameter("WorkflowSid", "sid", sid_prefix="WW", blank=False),
            Parameter("WorkflowName"),
            Parameter("TaskQueueSid", "sid", sid_prefix="WQ", blank=False),
            Parameter("TaskQueueName"),
            Parameter("EvaluateTaskAttributes"),
            Parameter("RoutingTarget"),
            Parameter("Ordering"),
            Parameter("HasAddons", "boolean"),
        ),
        page_size=1000,
    ),
    Route(
        "POST",
        HOST,
        _LIST,
        create_task,
        parameters=(
            Parameter("WorkflowSid", "sid", sid_prefix="WW"),
            _ATTRIBUTES,
            _PRIORITY,
            Parameter("Timeout", "integer", minimum=1, maximum=LONGEST_TIMEOUT),
            _TASK_CHANNEL,
            _START_TIME,
            Parameter("RoutingTarget"),
            Parameter("IgnoreCapacity", "flag"),
            Parameter("TaskQueueSid", "sid", sid_prefix="WQ"),
        ),
        status=201,
    ),
    Route("GET", HOST, _ONE, fetch_task),
    Route(
        "POST",
        HOST,
        _ONE,
        update_task,
        parameters=(
            _ATTRIBUTES,
            Parameter("AssignmentStatus", "enum", choices=STATUSES),
            Parameter("Reason"),
            _PRIORITY,
            _TASK_CHANNEL,
            _START_TIME,
        ),
        if_match=True,
    ),
    Route("DELETE", HOST, _ONE, delete_task, status=204, if_match=True),
)
