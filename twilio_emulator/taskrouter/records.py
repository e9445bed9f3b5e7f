"""What TaskRouter keeps, one class per resource."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from twilio_emulator.expressions import Expression, parse
from twilio_emulator.store import Record

from .plans import Plan, read_plan


@dataclass(frozen=True, kw_only=True)
class Workspace(Record):
    """A workspace; `prioritize_queue_order` is FIFO or LIFO."""

    KIND: ClassVar[str] = "taskrouter.workspace"

    friendly_name: str
    default_activity_sid: str
    timeout_activity_sid: str
    event_callback_url: str = ""
    events_filter: str | None = None
    multi_task_enabled: bool = True
    prioritize_queue_order: str = "FIFO"

    @cached_property
    def event_types(self) -> frozenset[str]:
        """The event types asked for; empty means all of them."""
        names = (name.strip() for name in (self.events_filter or "").split(","))
        return frozenset(name for name in names if name)


@dataclass(frozen=True, kw_only=True)
class _Part(Record):
    """Something inside a workspace."""

    workspace_sid: str


@dataclass(frozen=True, kw_only=True)
class Activity(_Part):
    """What a worker can be doing, and whether tasks may be offered meanwhile."""

    KIND: ClassVar[str] = "taskrouter.activity"

    friendly_name: str
    available: bool


@dataclass(frozen=True, kw_only=True)
class TaskChannel(_Part):
    """A kind of work with its own capacity per worker."""

    KIND: ClassVar[str] = "taskrouter.task_channel"

    friendly_name: str
    unique_name: str
    channel_optimized_routing: bool = False


@dataclass(frozen=True, kw_only=True)
class TaskQueue(_Part):
    """A queue; `target_workers` is the expression its workers fit."""

    KIND: ClassVar[str] = "taskrouter.task_queue"

    friendly_name: str
    target_workers: str = "1==1"
    max_reserved_workers: int = 1
    task_order: str = "FIFO"
    reservation_activity_sid: str | None = None
    assignment_activity_sid: str | None = None

    @cached_property
    def expression(self) -> Expression:
        """The parsed expression."""
        return parse(self.target_workers)


@dataclass(frozen=True, kw_only=True)
class Workflow(_Part):
    """A workflow; `configuration` is the JSON text as given."""

    KIND: ClassVar[str] = "taskrouter.workflow"

    friendly_name: str
    configuration: str
    queue_sids: list[str] = field(default_factory=list)
    assignment_callback_url: str = ""
    fallback_assignment_callback_url: str = ""
    task_reservation_timeout: int = 120

    @cached_property
    def plan(self) -> Plan:
        """The configuration as the routing reads it, worked out once per version."""
        return read_plan(self.configuration)


@dataclass(frozen=True, kw_only=True)
class Worker(_Part):
    """A worker; `attributes` is a JSON object as text, `version` its ETag.

    Shape: `date_occupied` is when a task was last offered to the worker or left it again.
    """

    KIND: ClassVar[str] = "taskrouter.worker"

    friendly_name: str
    attributes: str
    activity_sid: str
    date_status_changed: datetime
    date_occupied: datetime | None = None

    @cached_property
    def parsed_attributes(self) -> dict[str, Any]:
        """The attributes, parsed once per version."""
        parsed: dict[str, Any] = json.loads(self.attributes)
        return parsed


@dataclass(frozen=True, kw_only=True)
class WorkerChannel(_Part):
    """A worker's capacity on a channel, kept once it differs from the default."""

    KIND: ClassVar[str] = "taskrouter.worker_channel"

    worker_sid: str
    task_channel_sid: str
    configured_capacity: int = 1
    available: bool = True


@dataclass(frozen=True, kw_only=True)
class Event(_Part):
    """Something that happened in a workspace; `event_data` by snake_case names."""

    KIND: ClassVar[str] = "taskrouter.event"

    event_type: str
    description: str
    resource_type: str
    resource_sid: str
    event_data: dict[str, str]
    event_date_ms: int


@dataclass(frozen=True, kw_only=True)
class Task(_Part):
    """A task; `attributes` is a JSON object as text, `version` its ETag.

    Shape: `assignment_status` is pending, reserved, assigned, wrapping, completed or canceled.
    `own_priority` is what the task was given, `priority` what counts (a target may override it).
    `filter_index` and `target_index` say where in its workflow's configuration the task is:
    both None outside of any filter (the default filter's queue, a routing target, no queue).
    `date_workflow_entered` is when its way through the workflow began, `step_timeout` how many
    seconds after that its present step ends (None: never), `timeouts_passed` the sum of the
    timeouts of all steps so far.
    `assignment_count` counts the batches of reservations made for it so far.
    """

    KIND: ClassVar[str] = "taskrouter.task"

    workflow_sid: str | None
    attributes: str
    priority: int
    own_priority: int
    timeout: int
    task_channel_sid: str
    virtual_start_time: datetime
    assignment_status: str = "pending"
    reason: str | None = None
    routing_target: str | None = None
    ignore_capacity: bool = False
    task_queue_sid: str | None = None
    task_queue_entered_date: datetime | None = None
    date_workflow_entered: datetime | None = None
    filter_index: int | None = None
    target_index: int | None = None
    timeouts_passed: int = 0
    step_timeout: int | None = None
    assignment_count: int = 0
    date_assigned: datetime | None = None
    date_ended: datetime | None = None

    @cached_property
    def parsed_attributes(self) -> dict[str, Any]:
        """The attributes, parsed once per version; none where a seeded text is no JSON object."""
        try:
            parsed = json.loads(self.attributes)
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}


@dataclass(frozen=True, kw_only=True)
class Reservation(_Part):
    """A task offered to a worker.

    Shape: `reservation_status` is pending, accepted, rejected, timeout, canceled, rescinded,
    wrapping or completed; `batch` is the `assignment_count` of its task when it was made.
    """

    KIND: ClassVar[str] = "taskrouter.reservation"

    task_sid: str
    worker_sid: str
    workflow_sid: str | None
    task_queue_sid: str | None
    task_channel_sid: str
    batch: int
    date_timeout: datetime
    reservation_status: str = "pending"


RECORDS: tuple[type[Record], ...] = (
    Workspace,
    Activity,
    TaskChannel,
    TaskQueue,
    Workflow,
    Worker,
    WorkerChannel,
    Task,
    Reservation,
    Event,
)
