"""A definition's types: what components are built from, checked and immutable.

Optional values that the definition leaves out are None and not sent to Twilio, so that its own
defaults hold; durations are in seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

FLEX = "flex"
OWN_FUNCTION = "/"
"""How the address of a function of this stack begins; the domain is known to the deployment."""


@dataclass(frozen=True)
class Existing:
    """Something this definition refers to and does not own, by SID or by name."""

    reference: str


@dataclass(frozen=True)
class OwnedWorkspace:
    """A workspace that the stack creates and deletes."""

    friendly_name: str
    prioritize_queue_order: str | None = None
    template: str | None = None


@dataclass(frozen=True)
class Workspace:
    """The workspace, and the keys of its default and timeout activities."""

    source: Existing | OwnedWorkspace
    default_activity: str | None = None
    timeout_activity: str | None = None


@dataclass(frozen=True)
class Activity:
    """An activity that the stack creates."""

    friendly_name: str
    available: bool


@dataclass(frozen=True)
class TaskChannel:
    """A task channel that the stack creates."""

    friendly_name: str
    unique_name: str
    channel_optimized_routing: bool | None = None


@dataclass(frozen=True)
class TaskQueue:
    """A task queue that the stack creates; activities are keys."""

    friendly_name: str
    target_workers: str | None = None
    max_reserved_workers: int | None = None
    task_order: str | None = None
    reservation_activity: str | None = None
    assignment_activity: str | None = None


@dataclass(frozen=True)
class Target:
    """One step of a filter; `queue` is a key, None inherits the step before."""

    queue: str | None = None
    priority: int | None = None
    timeout: int | None = None
    expression: str | None = None
    order_by: str | None = None
    skip_if: str | None = None
    known_worker_sid: str | None = None
    known_worker_friendly_name: str | None = None


@dataclass(frozen=True)
class Filter:
    """Which tasks, and the steps they go through."""

    friendly_name: str
    expression: str
    targets: tuple[Target, ...]


@dataclass(frozen=True)
class Workflow:
    """A workflow; `default_queue` is a key.

    Shape: a callback's address is an https address, or `/path` of a function of this stack.
    """

    friendly_name: str
    filters: tuple[Filter, ...] = ()
    default_queue: str | None = None
    task_reservation_timeout: int | None = None
    assignment_callback_url: str | None = None
    fallback_assignment_callback_url: str | None = None
    re_evaluate_tasks: bool | None = None

    @property
    def calls_own_functions(self) -> bool:
        """Whether a callback's address is one of the stack's own functions."""
        urls = (self.assignment_callback_url, self.fallback_assignment_callback_url)
        return any(url is not None and url.startswith(OWN_FUNCTION) for url in urls)

    @property
    def queue_keys(self) -> frozenset[str]:
        """The keys of all queues that a task of this workflow may enter."""
        named = {target.queue for filter_ in self.filters for target in filter_.targets}
        return frozenset(key for key in {*named, self.default_queue} if key is not None)


@dataclass(frozen=True)
class EventCallback:
    """The workspace's callback; without `url` the deployed event handler receives the events."""

    events: tuple[str, ...]
    url: str | None = None
    take_over: bool = False


@dataclass(frozen=True)
class SyncService:
    """A Sync service that the stack creates."""

    friendly_name: str
    acl_enabled: bool | None = None


@dataclass(frozen=True)
class ConfigValue:
    """A variable's value that the stack's Pulumi configuration holds as a secret."""

    key: str


@dataclass(frozen=True)
class Functions:
    """The Functions service, its environment and its variables.

    Without `dependencies` those of `functions/package.json` hold.
    """

    service: str
    environment: str
    friendly_name: str | None = None
    domain_suffix: str | None = None
    runtime: str = "node22"
    ui_editable: bool | None = None
    dependencies: Mapping[str, str] | None = None
    variables: Mapping[str, str | ConfigValue] = field(default_factory=dict)


@dataclass(frozen=True)
class PostDeploy:
    """How long the checks after a deployment may take, and what their failure means."""

    on_failure: Literal["fail", "warn"] = "fail"
    event_timeout_seconds: int = 60
    sync_timeout_seconds: int = 1800


@dataclass(frozen=True)
class Definition:
    """A whole contact centre."""

    workspace: Workspace
    activities: Mapping[str, Activity | Existing]
    task_channels: Mapping[str, TaskChannel | Existing]
    task_queues: Mapping[str, TaskQueue | Existing]
    workflows: Mapping[str, Workflow]
    event_callback: EventCallback
    sync: SyncService | Existing
    functions: Functions
    post_deploy: PostDeploy
