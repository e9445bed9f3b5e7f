"""Workflows."""

from __future__ import annotations

from typing import Any

from twilio_emulator import assumptions
from twilio_emulator.store import new_record
from twilio_emulator.wire import Call, Parameter, Route, page

from . import routing
from .configuration import queues_of
from .events import announce, workflow_fields
from .limits import check_configuration
from .lookup import HOST, ROOT, illegal, part_named, part_of, parts, workspace_of
from .records import TaskQueue, Workflow, Workspace
from .rendering import workflow_body

MAX_RESERVATION_TIMEOUT = 86_400

_LIST = f"{ROOT}/{{WorkspaceSid}}/Workflows"
_ONE = f"{_LIST}/{{Sid}}"


def list_workflows(call: Call) -> dict[str, Any]:
    """List a workspace's workflows."""
    name = call.params.get("FriendlyName")
    found = [
        workflow
        for workflow in parts(call.store, Workflow, workspace_of(call).sid)
        if name is None or workflow.friendly_name == name
    ]
    position = call.store[Workflow].position
    return page(call, "workflows", found, workflow_body, position=position)


def create_workflow(call: Call) -> dict[str, Any]:
    """Create a workflow."""
    workspace = workspace_of(call)
    workflow = call.store.put(
        Workflow(
            **new_record(call.store, call.account_sid, "WW"),
            workspace_sid=workspace.sid,
            **_fields(call, workspace),
        )
    )
    _announce(call, workspace, workflow, "created")
    return workflow_body(workflow)


def fetch_workflow(call: Call) -> dict[str, Any]:
    """Show a workflow."""
    return workflow_body(part_of(call, Workflow))


def update_workflow(call: Call) -> dict[str, Any]:
    """Change a workflow, with ReEvaluateTasks also the way of the tasks that wait in it."""
    workspace = workspace_of(call)
    workflow = call.store.change(part_of(call, Workflow), **_fields(call, workspace))
    _announce(call, workspace, workflow, "updated")
    if call.params.get("ReEvaluateTasks"):
        routing.re_evaluate(call.emulator, workflow)
    else:
        routing.look_again(call.emulator)
    return workflow_body(workflow)


def delete_workflow(call: Call) -> None:
    """Delete a workflow in which no task waits."""
    workspace, workflow = workspace_of(call), part_of(call, Workflow)
    waiting = routing.tasks_of_workflow(call.store, workflow.sid)
    if waiting and assumptions.WORKFLOW_WITH_WAITING_TASKS_IS_KEPT:
        raise illegal(
            f"Cannot delete workflow {workflow.sid} in workspace {workspace.sid} for account"
            f" {call.account_sid} because {len(waiting)} tasks wait in it, {waiting[0].sid} first"
        )
    call.store.remove(workflow)
    _announce(call, workspace, workflow, "deleted")


def _fields(call: Call, workspace: Workspace) -> dict[str, Any]:
    params = call.params
    check_configuration(call)
    fields = {field: params[name] for name, field in _FIELDS.items() if name in params}
    if "configuration" in fields:
        fields["queue_sids"] = queues_of(
            fields["configuration"],
            lambda sid: part_named(call.store, TaskQueue, workspace.sid, sid) is not None,
        )
    return fields


def _announce(call: Call, workspace: Workspace, workflow: Workflow, what: str) -> None:
    announce(
        call.emulator,
        workspace,
        f"workflow.{what}",
        ("workflow", workflow.sid),
        f"Workflow {workflow.friendly_name} {what}",
        workflow_fields(workflow),
    )


_FIELDS = {
    "FriendlyName": "friendly_name",
    "Configuration": "configuration",
    "AssignmentCallbackUrl": "assignment_callback_url",
    "FallbackAssignmentCallbackUrl": "fallback_assignment_callback_url",
    "TaskReservationTimeout": "task_reservation_timeout",
}
_SETTINGS = (
    Parameter("AssignmentCallbackUrl", "url"),
    Parameter("FallbackAssignmentCallbackUrl", "url"),
    Parameter("TaskReservationTimeout", "integer", minimum=1, maximum=MAX_RESERVATION_TIMEOUT),
)

ROUTES = (
    Route(
        "GET",
        HOST,
        _LIST,
        list_workflows,
        parameters=(Parameter("FriendlyName"),),
        page_size=1000,
    ),
    Route(
        "POST",
        HOST,
        _LIST,
        create_workflow,
        parameters=(
            Parameter("FriendlyName", required=True, blank=False),
            Parameter("Configuration", required=True),
            *_SETTINGS,
        ),
        status=201,
    ),
    Route("GET", HOST, _ONE, fetch_workflow),
    Route(
        "POST",
        HOST,
        _ONE,
        update_workflow,
        parameters=(
            Parameter("FriendlyName", blank=False),
            Parameter("Configuration"),
            Parameter("ReEvaluateTasks", "boolean"),
            *_SETTINGS,
        ),
    ),
    Route("DELETE", HOST, _ONE, delete_workflow, status=204),
)
