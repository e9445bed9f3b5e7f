"""Filter and order the list of tasks.

Source: taskrouter_v1 OpenAPI document; ordering as its description of `Ordering` says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twilio_emulator import assumptions
from twilio_emulator.expressions import ExpressionError, parse
from twilio_emulator.wire import Call, invalid

from .lookup import parts
from .ordering import Order, SortKey
from .records import Task, TaskQueue, Workflow, Workspace

STATUSES = ("pending", "reserved", "assigned", "canceled", "wrapping", "completed")

Keeps = Callable[[Task], bool]


def filtered(call: Call, workspace: Workspace) -> list[Task]:
    """List a workspace's tasks that pass every filter of a call, in order of creation.

    Raises: ApiError 400/20001 for a filter that cannot be followed.
    """
    found = parts(call.store, Task, workspace.sid)
    for name, condition in _FILTERS.items():
        if name in call.params:
            keeps = condition(call, workspace, call.params[name])
            found = [task for task in found if keeps(task)]
    return found


def order_of(call: Call) -> Order[Task]:
    """Read the order a call asks for: "Attribute:asc|desc" pairs, the first foremost.

    Raises: ApiError 400/20001.
    """
    ordering = call.params.get("Ordering", "")
    pairs = [_pair(text.strip()) for text in ordering.split(",")] if ordering else []
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names) or {"DateCreated", "VirtualStartTime"} <= set(names):
        raise invalid(
            f"Ordering '{ordering}' names an attribute twice,"
            " or both DateCreated and VirtualStartTime"
        )
    return Order(call.store[Task], _SORT_KEYS, pairs)


def _pair(text: str) -> tuple[str, bool]:
    name, _, direction = text.partition(":")
    if name not in _SORT_KEYS or direction not in ("asc", "desc"):
        raise invalid(f"Ordering '{text}' is not one of {', '.join(_SORT_KEYS)} with :asc or :desc")
    return name, direction == "desc"


def _by_status(_call: Call, _workspace: Workspace, given: list[str]) -> Keeps:
    statuses = {status.strip() for value in given for status in value.split(",")}
    unknown = sorted(statuses - set(STATUSES))
    if unknown and assumptions.UNKNOWN_STATUSES_ARE_REFUSED:
        names = ", ".join(unknown)
        raise invalid(f"AssignmentStatus '{names}' is not one of {', '.join(STATUSES)}")
    return lambda task: task.assignment_status in statuses


def _by_queue_name(call: Call, workspace: Workspace, name: str) -> Keeps:
    queues = parts(call.store, TaskQueue, workspace.sid)
    sids = {queue.sid for queue in queues if queue.friendly_name == name}
    return lambda task: task.task_queue_sid in sids


def _by_workflow_name(call: Call, workspace: Workspace, name: str) -> Keeps:
    workflows = parts(call.store, Workflow, workspace.sid)
    sids = {workflow.sid for workflow in workflows if workflow.friendly_name == name}
    return lambda task: task.workflow_sid in sids


def _fitting(_call: Call, _workspace: Workspace, text: str) -> Keeps:
    try:
        expression = parse(text)
    except ExpressionError as error:
        raise invalid(f"EvaluateTaskAttributes: {error}") from None
    return lambda task: expression.matches(task.parsed_attributes)


_FILTERS: dict[str, Callable[[Call, Workspace, Any], Keeps]] = {
    "Priority": lambda _call, _ws, priority: lambda task: task.priority == priority,
    "AssignmentStatus": _by_status,
    "WorkflowSid": lambda _call, _ws, sid: lambda task: task.workflow_sid == sid,
    "WorkflowName": _by_workflow_name,
    "TaskQueueSid": lambda _call, _ws, sid: lambda task: task.task_queue_sid == sid,
    "TaskQueueName": _by_queue_name,
    "RoutingTarget": lambda _call, _ws, sid: lambda task: task.routing_target == sid,
    "HasAddons": lambda _call, _ws, wanted: lambda _task: not wanted,  # no task has any
    "EvaluateTaskAttributes": _fitting,
}
_SORT_KEYS: dict[str, SortKey[Task]] = {
    "DateCreated": lambda task: task.date_created.timestamp(),
    "Priority": lambda task: task.priority,
    "VirtualStartTime": lambda task: task.virtual_start_time.timestamp(),
}
