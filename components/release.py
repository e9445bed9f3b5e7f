"""The last component of a stack: proves that what was deployed works.

Owns: `twilio:taskrouter:Release` and the two hooks bound to it.
Does not own: anything the hooks look at; the component's `opts` must depend on all of it.

A hook that fails *before* its resource is created or updated keeps the resource from being
recorded, so the next `pulumi up` runs it again; a failed hook *after* would be forgotten.
Both hooks may therefore run again at any time, and are idempotent.

Type: `contactcentre:index:Release`. Children: one `twilio:taskrouter:Release`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.definition.model import PostDeploy
from pulumi_twilio.resources import taskrouter
from taskrouter_ops import CallbackSettings, OperationError, Target
from taskrouter_ops.callback_verification import verify
from taskrouter_ops.probe import ProbeTimes
from taskrouter_ops.queue_sync import run
from taskrouter_ops.release_record import ReleaseRecord, Step
from twilio_client import TwilioClient, TwilioError, credentials_from

VERIFY_CALLBACKS: Step = "verify-callbacks"
SYNC_WORKER_QUEUES: Step = "sync-worker-queues"

# Keys among the release's triggers.
CALLBACK_URL = "callbackUrl"
CALLBACK_EVENTS = "callbackEvents"


@dataclass(frozen=True)
class ReleaseArgs:
    """What is released, and what must cause a new verification and sync.

    Shape: `functions_url` is `https://<domain>`; `callback_url` and `events` are what the
    workspace's event callback must read back as; `triggers` maps a name a reviewer understands
    to a value that changes when the hooks have to run again.

    `post_deploy` bounds what the hooks wait for, and says what their failure means: "fail"
    stops the update; "warn" warns, and the release stays unverified, so that the next update
    runs the hooks again.
    """

    workspace_sid: pulumi.Input[str]
    sync_service_sid: pulumi.Input[str]
    functions_url: pulumi.Input[str]
    callback_url: pulumi.Input[str]
    events: pulumi.Input[Sequence[str]]
    triggers: Mapping[str, pulumi.Input[str]]
    post_deploy: PostDeploy = field(default_factory=PostDeploy)


class Release(pulumi.ComponentResource):
    """Verifies the callbacks and syncs the workers' queues, and keeps the record of it."""

    status: pulumi.Output[str | None]
    """`verified` or `unverified`."""
    verified_at: pulumi.Output[str | None]
    """When the last verification was good, ISO 8601 in UTC."""
    checks: pulumi.Output[Any]
    """What was checked: name, outcome, detail."""
    last_sync: pulumi.Output[Any]
    """Counts of the last worker-queue sync."""
    batch_document_sid: pulumi.Output[str | None]
    """The Sync document with that sync's progress."""

    def __init__(
        self, name: str, args: ReleaseArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the release; `opts` depends on everything else of the stack."""
        super().__init__("contactcentre:index:Release", name, {}, opts)
        release = taskrouter.Release(
            name,
            workspace_sid=args.workspace_sid,
            sync_service_sid=args.sync_service_sid,
            functions_url=args.functions_url,
            triggers=_triggers(args),
            opts=pulumi.ResourceOptions(parent=self, hooks=_hooks(args.post_deploy)),
        )
        self.status = release.status
        self.verified_at = release.verified_at
        self.checks = release.checks
        self.last_sync = release.last_sync
        self.batch_document_sid = release.batch_document_sid
        self.register_outputs({"status": self.status, "lastSync": self.last_sync})


def _triggers(args: ReleaseArgs) -> dict[str, pulumi.Input[str]]:
    """Add the callback's settings, which the hooks read back from the release's inputs.

    Each key stays a value of its own, so that one that is not known yet hides no other.
    """
    events = pulumi.Output.from_input(args.events).apply(lambda names: ",".join(sorted(names)))
    return {**args.triggers, CALLBACK_URL: args.callback_url, CALLBACK_EVENTS: events}


def _hooks(post_deploy: PostDeploy) -> pulumi.ResourceHookBinding:
    hooks: list[Any] = [
        pulumi.ResourceHook(VERIFY_CALLBACKS, _in_thread(verify_callbacks, post_deploy)),
        pulumi.ResourceHook(SYNC_WORKER_QUEUES, _in_thread(sync_worker_queues, post_deploy)),
    ]
    return pulumi.ResourceHookBinding(before_create=hooks, before_update=hooks)


def _in_thread(
    step: Callable[[Mapping[str, Any], PostDeploy], None], post_deploy: PostDeploy
) -> Any:
    """Make a hook that leaves the program's event loop free while the step waits for Twilio."""

    async def hook(args: pulumi.ResourceHookArgs) -> None:
        inputs = await _plain(args.new_inputs or {})
        await asyncio.to_thread(step, inputs, post_deploy)

    return hook


async def _plain(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Unwrap secrets, which arrive in a hook as outputs."""
    return {
        key: await value.future() if isinstance(value, pulumi.Output) else value
        for key, value in inputs.items()
    }


def verify_callbacks(inputs: Mapping[str, Any], post_deploy: PostDeploy) -> None:
    """Prove that the workspace's events arrive, see `taskrouter_ops.callback_verification`."""
    client, target = _client(), _target(inputs)
    triggers = inputs["triggers"]
    settings = CallbackSettings(triggers[CALLBACK_URL], triggers[CALLBACK_EVENTS].split(","))
    token, record = client.credentials.auth_token, ReleaseRecord(client, target)
    try:
        times = ProbeTimes(arrival=post_deploy.event_timeout_seconds)
        checks = verify(client, target, settings, _show, auth_token=token, probe_times=times)
        record.verified(checks)
    except (OperationError, TwilioError) as error:
        _failed(VERIFY_CALLBACKS, error, record, post_deploy)
    else:
        pulumi.log.info(f"{VERIFY_CALLBACKS}: {len(checks)} checks without a failure")


def sync_worker_queues(inputs: Mapping[str, Any], post_deploy: PostDeploy) -> None:
    """Bring every worker's queues in line, see `taskrouter_ops.queue_sync`."""
    client, target = _client(), _target(inputs)
    record = ReleaseRecord(client, target)
    try:
        limit = post_deploy.sync_timeout_seconds
        result = run(client, target, _show, reason="pulumi up", limit_seconds=limit)
        record.synced(result)
    except (OperationError, TwilioError) as error:
        _failed(SYNC_WORKER_QUEUES, error, record, post_deploy)
    else:
        pulumi.log.info(f"{SYNC_WORKER_QUEUES}: {result.line()}")


def _failed(step: Step, error: Exception, record: ReleaseRecord, post_deploy: PostDeploy) -> None:
    """Keep the failure in the record, then warn or stop the update."""
    try:
        record.failed(step, str(error))
    except TwilioError as unrecorded:
        pulumi.log.warn(f"{step}: the failure could not be recorded: {unrecorded}")
    if post_deploy.on_failure == "fail":
        raise error
    pulumi.log.warn(f"{step}: {error} (postDeploy.onFailure is warn, the release is unverified)")


def _show(line: str) -> None:
    pulumi.log.info(line, ephemeral=True)


def _client() -> TwilioClient:
    config = pulumi.Config("twilio")
    keys = ("accountSid", "authToken", "apiKeySid", "apiKeySecret", "baseUrl")
    found = credentials_from({key: config.get(key) for key in keys}, os.environ)
    return TwilioClient(found.credentials, found.base_url)


def _target(inputs: Mapping[str, Any]) -> Target:
    return Target(
        workspace_sid=inputs["workspaceSid"],
        sync_service_sid=inputs["syncServiceSid"],
        functions_url=inputs["functionsUrl"],
    )
