"""Answer the statistics requests about workspaces, workflows and queues.

Source: taskrouter_v1 OpenAPI document; statistics pages of each resource.
"""

from __future__ import annotations

from typing import Any

from twilio_emulator.taskrouter.lookup import HOST, part_named, part_of, parts, workspace_of
from twilio_emulator.taskrouter.records import TaskQueue, Workflow, Workspace
from twilio_emulator.wire import Call, invalid, page

from .asked import Asked, asked, channel_of
from .counting import (
    QUEUE_TASKS,
    RESERVATIONS,
    WORKFLOW_TASKS,
    WORKSPACE_TASKS,
    counts,
    since_expression_changed,
    waits,
    waits_in_queue,
)
from .realtime import queue_now, workflow_now, workspace_now

BULK_QUEUES = 50

Statistics = dict[str, Any]


def workspace_realtime(call: Call) -> Statistics:
    """Tell what is in a workspace now."""
    workspace = workspace_of(call)
    channel_sid = channel_of(call, workspace.sid)
    return {**about(call, workspace), **workspace_now(call, workspace, channel_sid)}


def workspace_cumulative(call: Call) -> Statistics:
    """Tell what happened in a workspace."""
    workspace = workspace_of(call)
    return {**about(call, workspace), **_workspace_past(call, workspace)}


def workspace_statistics(call: Call) -> Statistics:
    """Tell what is in a workspace now, and what happened in it."""
    workspace = workspace_of(call)
    now = workspace_now(call, workspace, channel_of(call, workspace.sid))
    past = _workspace_past(call, workspace)
    return {**about(call, workspace), "cumulative": past, "realtime": now}


def workflow_realtime(call: Call) -> Statistics:
    """Tell what is in a workflow now."""
    workflow = part_of(call, Workflow, "WorkflowSid")
    now = workflow_now(call, workflow, channel_of(call, workflow.workspace_sid))
    return {**_about_workflow(call, workflow), **now}


def workflow_cumulative(call: Call) -> Statistics:
    """Tell what happened in a workflow."""
    workflow = part_of(call, Workflow, "WorkflowSid")
    return {**_about_workflow(call, workflow), **_workflow_past(call, workflow)}


def workflow_statistics(call: Call) -> Statistics:
    """Tell what is in a workflow now, and what happened in it."""
    workflow = part_of(call, Workflow, "WorkflowSid")
    now = workflow_now(call, workflow, channel_of(call, workflow.workspace_sid))
    past = _workflow_past(call, workflow)
    return {**_about_workflow(call, workflow), "cumulative": past, "realtime": now}


def queue_realtime(call: Call) -> Statistics:
    """Tell what is in a queue now, and who may take it."""
    queue = part_of(call, TaskQueue, "TaskQueueSid")
    now = queue_now(call, queue, channel_of(call, queue.workspace_sid))
    return {**_about_queue(call, queue), **now}


def queue_cumulative(call: Call) -> Statistics:
    """Tell what happened in a queue."""
    queue = part_of(call, TaskQueue, "TaskQueueSid")
    return {**_about_queue(call, queue), **_queue_past(call, queue, _asked(call))}


def queue_statistics(call: Call) -> Statistics:
    """Tell what is in a queue now, and what happened in it."""
    queue = part_of(call, TaskQueue, "TaskQueueSid")
    return {**_about_queue(call, queue), **_queue_both(call, queue, _asked(call))}


def list_queue_statistics(call: Call) -> Statistics:
    """List the statistics of all queues, or of those of a name."""
    workspace, wanted = workspace_of(call), _asked(call)
    name = call.params.get("FriendlyName")
    queues = parts(call.store, TaskQueue, workspace.sid)
    found = [queue for queue in queues if name in (None, queue.friendly_name)]

    def body(queue: TaskQueue) -> Statistics:
        shown = {**_about_queue(call, queue), **_queue_both(call, queue, wanted)}
        del shown["url"]
        return shown

    position = call.store[TaskQueue].position
    return page(call, "task_queues_statistics", found, body, position=position)


def bulk_queue_realtime(call: Call) -> Statistics:
    """Tell what is in up to 50 queues now.

    Raises: ApiError 400/20001 for anything but `{"queueSids": [...]}` with SIDs of the workspace.
    """
    workspace = workspace_of(call)
    queues = [queue_named(call, workspace, sid) for sid in _queue_sids(call)]
    data = [{"task_queue_sid": queue.sid, **_queue_in_bulk(call, queue)} for queue in queues]
    return {
        **about(call, workspace),
        "task_queue_data": data,
        "task_queue_response_count": len(data),
    }


def _queue_in_bulk(call: Call, queue: TaskQueue) -> Statistics:
    """Source: example of the OpenAPI document, which shows fewer fields than for one queue."""
    now = queue_now(call, queue, None)
    return {name: value for name, value in now.items() if not name.startswith("longest_relative")}


def _asked(call: Call) -> Asked:
    return asked(call, workspace_of(call).sid)


def about(call: Call, workspace: Workspace) -> Statistics:
    """Write what every answer says about itself."""
    return {
        "account_sid": workspace.account_sid,
        "url": f"https://{HOST}{call.path}",
        "workspace_sid": workspace.sid,
    }


def _about_workflow(call: Call, workflow: Workflow) -> Statistics:
    return {**about(call, workspace_of(call)), "workflow_sid": workflow.sid}


def _about_queue(call: Call, queue: TaskQueue) -> Statistics:
    return {**about(call, workspace_of(call)), "task_queue_sid": queue.sid}


def _workspace_past(call: Call, workspace: Workspace) -> Statistics:
    wanted = _asked(call)
    facts = wanted.facts(call, workspace.sid)
    counted = counts(facts, {**RESERVATIONS, **WORKSPACE_TASKS})
    return {**counted, **waits(facts, wanted.thresholds), **wanted.times}


def _workflow_past(call: Call, workflow: Workflow) -> Statistics:
    wanted = _asked(call)
    facts = wanted.facts(call, workflow.sid)
    counted = counts(facts, {**RESERVATIONS, **WORKFLOW_TASKS})
    return {**counted, **waits(facts, wanted.thresholds), **wanted.times}


def _queue_past(call: Call, queue: TaskQueue, wanted: Asked) -> Statistics:
    facts = wanted.facts(call, queue.sid)
    return {
        **counts(since_expression_changed(facts), RESERVATIONS),
        **counts(facts, QUEUE_TASKS),
        **waits(facts, wanted.thresholds),
        "wait_duration_in_queue_until_accepted": waits_in_queue(facts),
        **wanted.times,
    }


def _queue_both(call: Call, queue: TaskQueue, wanted: Asked) -> Statistics:
    past = _queue_past(call, queue, wanted)
    return {"cumulative": past, "realtime": queue_now(call, queue, wanted.channel_sid)}


def _queue_sids(call: Call) -> list[str]:
    given = call.json.get("queueSids") if isinstance(call.json, dict) else None
    if not isinstance(given, list) or not all(isinstance(sid, str) for sid in given):
        raise invalid('The post body must be {"queueSids": ["WQ...", ...]}')
    if not 1 <= len(given) <= BULK_QUEUES:
        raise invalid(f"queueSids has {len(given)} queues, 1 to {BULK_QUEUES} are possible")
    return given


def queue_named(call: Call, workspace: Workspace, sid: str) -> TaskQueue:
    """Return a queue of the workspace that a parameter names.

    Raises: ApiError 400/20001 when there is none.
    """
    queue = part_named(call.store, TaskQueue, workspace.sid, sid)
    if queue is None:
        raise invalid(f"TaskQueue '{sid}' does not exist in workspace {workspace.sid}")
    return queue
