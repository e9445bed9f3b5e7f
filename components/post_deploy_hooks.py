"""The two post-deploy hooks: verify the callbacks, then sync the workers' queues.

They run before the release is recorded, possibly several times, and are idempotent. What they
find goes to the release's record in Sync; what they are doing shows beside the release.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pulumi

from components.definition.model import PostDeploy
from components.release_triggers import removed_queues
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

# Beside the release's inputs: the SIDs of the queues this update deletes after the hooks.
LEAVING = "leavingTaskQueues"


@dataclass(frozen=True)
class Announcer:
    """Shows lines beside a resource, from any thread.

    The engine attaches a message to a resource whose URN is known: the component's is, that of
    the resource the hook holds back is not yet.
    """

    component: pulumi.Resource
    loop: asyncio.AbstractEventLoop

    def progress(self, line: str) -> None:
        """Show what is being done; the next line takes this one's place."""
        self._log(partial(pulumi.log.info, ephemeral=True), line)

    def done(self, line: str) -> None:
        """Show a result that stays."""
        self._log(pulumi.log.info, line)

    def warn(self, line: str) -> None:
        """Show a warning."""
        self._log(pulumi.log.warn, line)

    def _log(self, log: Callable[..., None], line: str) -> None:
        self.loop.call_soon_threadsafe(partial(log, line, resource=self.component))


HookStep = Callable[[Mapping[str, Any], PostDeploy, Announcer], None]


def post_deploy_hooks(
    component: pulumi.Resource, post_deploy: PostDeploy
) -> pulumi.ResourceHookBinding:
    """Bind both hooks to the creation and the update of a release below `component`."""
    hooks: list[Any] = [
        pulumi.ResourceHook(name, _in_thread(step, component, post_deploy))
        for name, step in (
            (VERIFY_CALLBACKS, verify_callbacks),
            (SYNC_WORKER_QUEUES, sync_worker_queues),
        )
    ]
    return pulumi.ResourceHookBinding(before_create=hooks, before_update=hooks)


def _in_thread(step: HookStep, component: pulumi.Resource, post_deploy: PostDeploy) -> Any:
    """Make a hook that leaves the program's event loop free while the step waits for Twilio."""

    async def hook(args: pulumi.ResourceHookArgs) -> None:
        inputs, before = await _plain(args.new_inputs or {}), await _plain(args.old_inputs or {})
        inputs[LEAVING] = removed_queues(before.get("triggers") or {}, inputs["triggers"])
        announcer = Announcer(component, asyncio.get_running_loop())
        await asyncio.to_thread(step, inputs, post_deploy, announcer)

    return hook


async def _plain(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Unwrap secrets, which arrive in a hook as outputs."""
    return {
        key: await value.future() if isinstance(value, pulumi.Output) else value
        for key, value in inputs.items()
    }


def verify_callbacks(
    inputs: Mapping[str, Any], post_deploy: PostDeploy, announcer: Announcer
) -> None:
    """Prove that the workspace's events arrive, see `taskrouter_ops.callback_verification`."""
    client, target = _client(), _target(inputs)
    triggers = inputs["triggers"]
    settings = CallbackSettings(triggers[CALLBACK_URL], triggers[CALLBACK_EVENTS].split(","))
    token, record = client.credentials.auth_token, ReleaseRecord(client, target)
    try:
        times = ProbeTimes(arrival=post_deploy.event_timeout_seconds)
        checks = verify(
            client, target, settings, announcer.progress, auth_token=token, probe_times=times
        )
        record.verified(checks)
    except (OperationError, TwilioError) as error:
        _failed(VERIFY_CALLBACKS, error, record, post_deploy, announcer)
    else:
        announcer.done(f"{VERIFY_CALLBACKS}: {len(checks)} checks without a failure")


def sync_worker_queues(
    inputs: Mapping[str, Any], post_deploy: PostDeploy, announcer: Announcer
) -> None:
    """Bring every worker's queues in line, see `taskrouter_ops.queue_sync`."""
    client, target = _client(), _target(inputs)
    record = ReleaseRecord(client, target)
    try:
        limit = post_deploy.sync_timeout_seconds
        result = run(
            client,
            target,
            announcer.progress,
            reason="pulumi up",
            limit_seconds=limit,
            leaving=inputs[LEAVING],
        )
        record.synced(result)
    except (OperationError, TwilioError) as error:
        _failed(SYNC_WORKER_QUEUES, error, record, post_deploy, announcer)
    else:
        announcer.done(f"{SYNC_WORKER_QUEUES}: {result.line()}")


def _failed(
    step: Step,
    error: Exception,
    record: ReleaseRecord,
    post_deploy: PostDeploy,
    announcer: Announcer,
) -> None:
    """Keep the failure in the record, then warn or stop the update."""
    try:
        record.failed(step, str(error))
    except TwilioError as unrecorded:
        announcer.warn(f"{step}: the failure could not be recorded: {unrecorded}")
    if post_deploy.on_failure == "fail":
        raise error
    announcer.warn(f"{step}: {error} (postDeploy.onFailure is warn, the release is unverified)")


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
