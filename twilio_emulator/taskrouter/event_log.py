"""Record what happens in a workspace and hand it to the callback.

Source: event reference page and recorded callbacks; field sets are noted where they are made.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twilio_emulator import assumptions
from twilio_emulator.store import SidSequence

from .callbacks import Callbacks
from .lookup import new_record, parts
from .records import (
    Activity,
    Event,
    TaskChannel,
    TaskQueue,
    Worker,
    WorkerChannel,
    Workflow,
    Workspace,
)

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def snake_case(name: str) -> str:
    """Turn a callback's field name into the Events list's."""
    return _CAPITAL.sub("_", name).lower()


def announce(
    emulator: Emulator,
    workspace: Workspace,
    event_type: str,
    resource: tuple[str, str],
    description: str,
    fields: dict[str, str],
) -> None:
    """Record an event within the present transaction; its callback follows the commit.

    Shape: `resource` is type (lower case, no hyphen) and SID; `fields` are those of the event's
    group, by the callback's names.
    """
    store = emulator.store
    kind, sid = resource
    moment = int(store.clock.time() * 1000)
    event = store.put(
        Event(
            **new_record(store, workspace.account_sid, "EV"),
            workspace_sid=workspace.sid,
            event_type=event_type,
            description=description,
            resource_type=kind,
            resource_sid=sid,
            event_data={
                **{snake_case(name): value for name, value in fields.items()},
                "workspace_sid": workspace.sid,
                "workspace_name": workspace.friendly_name,
            },
            event_date_ms=moment,
        )
    )
    _forget_oldest(emulator)
    if not workspace.event_callback_url:
        return
    if workspace.event_types and event_type not in workspace.event_types:
        return
    form = {**_common_fields(workspace, event), **fields}
    callbacks, url = emulator.state(Callbacks), workspace.event_callback_url
    store.after_commit(lambda: callbacks.send(workspace.account_sid, url, event_type, form))


def _common_fields(workspace: Workspace, event: Event) -> dict[str, str]:
    fields = {
        "EventType": event.event_type,
        "AccountSid": workspace.account_sid,
        "WorkspaceSid": workspace.sid,
        "WorkspaceName": workspace.friendly_name,
        "EventDescription": event.description,
        "ResourceType": event.resource_type,
        "ResourceSid": event.resource_sid,
        "Sid": event.sid,
        "Timestamp": str(event.event_date_ms // 1000),
        "TimestampMs": str(event.event_date_ms),
    }
    if event.resource_type in ("worker", "taskqueue"):
        fields["OperatingUnitSid"] = SidSequence.derived(
            assumptions.OPERATING_UNIT_PREFIX, workspace.account_sid
        )
    return fields


def _forget_oldest(emulator: Emulator) -> None:
    events = emulator.store[Event]
    if len(events) > assumptions.EVENTS_KEPT:
        emulator.store.remove(next(iter(events)))


def worker_fields(emulator: Emulator, worker: Worker) -> dict[str, str]:
    """Give the fields of worker.* events; slashes in the attributes come escaped (recorded)."""
    activity = emulator.store[Activity].get(worker.activity_sid)
    return {
        "WorkerSid": worker.sid,
        "WorkerName": worker.friendly_name,
        "WorkerAttributes": escaped(worker.attributes),
        "WorkerActivitySid": worker.activity_sid,
        "WorkerActivityName": activity.friendly_name if activity else "",
        "WorkerVersion": str(worker.version),
    }


def worker_channel_fields(
    channel: WorkerChannel, task_channel: TaskChannel, previous_capacity: int
) -> dict[str, str]:
    """Give what worker.capacity.update and worker.channel.availability.update add (documented)."""
    return {
        "WorkerChannelAvailable": str(channel.available).lower(),
        "WorkerChannelAvailableCapacity": str(channel.configured_capacity),
        "WorkerChannelPreviousCapacity": str(previous_capacity),
        "WorkerChannelTaskCount": "0",
        "TaskChannelSid": task_channel.sid,
        "TaskChannelUniqueName": task_channel.unique_name,
    }


def task_queue_fields(queue: TaskQueue) -> dict[str, str]:
    """Give the fields of task-queue.created, .deleted and .expression.updated (recorded)."""
    return {
        "TaskQueueSid": queue.sid,
        "TaskQueueName": queue.friendly_name,
        "TaskQueueTargetExpression": queue.target_workers,
    }


def activity_fields(activity: Activity) -> dict[str, str]:
    """Give the fields of activity.* (documented)."""
    return {
        "ActivitySid": activity.sid,
        "ActivityName": activity.friendly_name,
        "ActivityAvailable": str(activity.available).lower(),
    }


def task_channel_fields(channel: TaskChannel) -> dict[str, str]:
    """Give the fields of task-channel.* (documented)."""
    return {
        "TaskChannelSid": channel.sid,
        "TaskChannelName": channel.friendly_name,
        "TaskChannelUniqueName": channel.unique_name,
        "TaskChannelOptimizedRouting": str(channel.channel_optimized_routing).lower(),
    }


def workflow_fields(workflow: Workflow) -> dict[str, str]:
    """Give the fields of workflow.created, .updated and .deleted (documented)."""
    return {"WorkflowSid": workflow.sid, "WorkflowName": workflow.friendly_name}


def escaped(text: str) -> str:
    """Write JSON text the way callbacks echo it."""
    return text.replace("/", "\\/")


def workspace_events(emulator: Emulator, workspace_sid: str) -> list[Event]:
    """List a workspace's events, newest first."""
    return parts(emulator.store, Event, workspace_sid)[::-1]
