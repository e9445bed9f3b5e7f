"""Routing: activities, task channels, task queues and workflows.

Owns: one resource per entry of the definition that is not `existing`, and the workspace's
default and timeout activity where the definition names them.
Does not own: entries that are `existing`, which are looked up.

The order of things follows from the SIDs that flow: activities, then queues, then workflows,
so that on removal a workflow goes (or is updated) before its queues. A workflow that asks one of
the stack's own functions also waits for their deployment. The settings point at activities, and
give the former ones back before those are removed.

Type: `contactcentre:index:Routing`. Children: `twilio:taskrouter:` Activity, TaskChannel,
TaskQueue, Workflow, WorkspaceSettings.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components import look_ups
from components.definition.model import (
    OWN_FUNCTION,
    Activity,
    Definition,
    Existing,
    TaskChannel,
    TaskQueue,
    Workflow,
)
from components.naming import child
from components.workflow_configuration import configuration
from pulumi_twilio.resources import taskrouter

Sids = dict[str, pulumi.Output[str]]


@dataclass(frozen=True)
class OwnFunctions:
    """The functions that workflows may ask: `https://<domain>`, and what makes them answer."""

    url: pulumi.Output[str]
    deployment: pulumi.Resource


@dataclass(frozen=True)
class RoutingArgs:
    """What is routed how in which workspace; every mapping is by the definition's keys."""

    workspace_sid: pulumi.Input[str]
    activities: Mapping[str, Activity | Existing]
    task_channels: Mapping[str, TaskChannel | Existing]
    task_queues: Mapping[str, TaskQueue | Existing]
    workflows: Mapping[str, Workflow]
    functions: OwnFunctions
    default_activity: str | None = None
    timeout_activity: str | None = None

    @classmethod
    def of(
        cls,
        definition: Definition,
        workspace_sid: pulumi.Input[str],
        functions: OwnFunctions,
    ) -> "RoutingArgs":
        """Take what a definition says of routing."""
        return cls(
            workspace_sid,
            activities=definition.activities,
            task_channels=definition.task_channels,
            task_queues=definition.task_queues,
            workflows=definition.workflows,
            functions=functions,
            default_activity=definition.workspace.default_activity,
            timeout_activity=definition.workspace.timeout_activity,
        )


class Routing(pulumi.ComponentResource):
    """Everything that decides which worker is offered a task."""

    activity_sids: Sids
    """Activities' SIDs by key."""
    task_channel_sids: Sids
    """Task channels' SIDs by key."""
    task_queue_sids: Sids
    """Task queues' SIDs by key."""
    workflow_sids: Sids
    """Workflows' SIDs by key."""

    def __init__(
        self, name: str, args: RoutingArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare all entries, each named `<name>-<key>`."""
        super().__init__("contactcentre:index:Routing", name, {}, opts)
        self._prefix = name
        self._workspace = pulumi.Output.from_input(args.workspace_sid)
        self._functions = args.functions
        self._options = pulumi.ResourceOptions(parent=self)
        self.activity_sids = {k: self._activity(k, v) for k, v in args.activities.items()}
        self._settings(args)
        self.task_channel_sids = {k: self._channel(k, v) for k, v in args.task_channels.items()}
        self.task_queue_sids = {k: self._queue(k, v) for k, v in args.task_queues.items()}
        self.workflow_sids = {k: self._workflow(k, v) for k, v in args.workflows.items()}
        self.register_outputs(
            {"taskQueueSids": self.task_queue_sids, "workflowSids": self.workflow_sids}
        )

    def _activity(self, key: str, entry: Activity | Existing) -> pulumi.Output[str]:
        if isinstance(entry, Existing):
            return look_ups.activity_sid(entry, self._workspace, self)
        return taskrouter.Activity(
            child(self._prefix, key),
            workspace_sid=self._workspace,
            friendly_name=entry.friendly_name,
            available=entry.available,
            opts=self._options,
        ).sid

    def _settings(self, args: RoutingArgs) -> None:
        if args.default_activity is None and args.timeout_activity is None:
            return
        taskrouter.WorkspaceSettings(
            child(self._prefix, "settings"),
            workspace_sid=self._workspace,
            default_activity_sid=self._activity_sid(args.default_activity),
            timeout_activity_sid=self._activity_sid(args.timeout_activity),
            opts=self._options,
        )

    def _activity_sid(self, key: str | None) -> pulumi.Output[str] | None:
        return None if key is None else self.activity_sids[key]

    def _channel(self, key: str, entry: TaskChannel | Existing) -> pulumi.Output[str]:
        if isinstance(entry, Existing):
            return look_ups.task_channel_sid(entry, self._workspace, self)
        return taskrouter.TaskChannel(
            child(self._prefix, key),
            workspace_sid=self._workspace,
            friendly_name=entry.friendly_name,
            unique_name=entry.unique_name,
            channel_optimized_routing=entry.channel_optimized_routing,
            opts=self._options,
        ).sid

    def _queue(self, key: str, entry: TaskQueue | Existing) -> pulumi.Output[str]:
        if isinstance(entry, Existing):
            return look_ups.task_queue_sid(entry, self._workspace, self)
        return taskrouter.TaskQueue(
            child(self._prefix, key),
            workspace_sid=self._workspace,
            friendly_name=entry.friendly_name,
            target_workers=entry.target_workers,
            max_reserved_workers=entry.max_reserved_workers,
            task_order=entry.task_order,
            reservation_activity_sid=self._activity_sid(entry.reservation_activity),
            assignment_activity_sid=self._activity_sid(entry.assignment_activity),
            opts=self._options,
        ).sid

    def _workflow(self, key: str, entry: Workflow) -> pulumi.Output[str]:
        return taskrouter.Workflow(
            child(self._prefix, key),
            workspace_sid=self._workspace,
            friendly_name=entry.friendly_name,
            configuration=configuration(entry, self.task_queue_sids),
            task_reservation_timeout=entry.task_reservation_timeout,
            assignment_callback_url=self._callback_url(entry.assignment_callback_url),
            fallback_assignment_callback_url=self._callback_url(
                entry.fallback_assignment_callback_url
            ),
            re_evaluate_tasks=entry.re_evaluate_tasks,
            opts=self._workflow_options(entry),
        ).sid

    def _callback_url(self, url: str | None) -> pulumi.Input[str] | None:
        if url is None or not url.startswith(OWN_FUNCTION):
            return url
        return self._functions.url.apply(lambda domain: f"{domain}{url}")

    def _workflow_options(self, entry: Workflow) -> pulumi.ResourceOptions:
        if not entry.calls_own_functions:
            return self._options
        return pulumi.ResourceOptions(parent=self, depends_on=[self._functions.deployment])
