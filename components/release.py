"""The last component of a stack: proves that what was deployed works.

Owns: `twilio:taskrouter:Release` and the two hooks bound to it.
Does not own: anything the hooks look at; the component's `opts` must depend on all of it.

A hook that fails *before* its resource is created or updated keeps the resource from being
recorded, so the next `pulumi up` runs it again; a failed hook *after* would be forgotten.
Both hooks may therefore run again at any time, and are idempotent.

Type: `contactcentre:index:Release`. Children: one `twilio:taskrouter:Release`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.definition.model import PostDeploy
from components.post_deploy_hooks import CALLBACK_EVENTS, CALLBACK_URL, post_deploy_hooks
from pulumi_twilio.resources import taskrouter


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
            opts=pulumi.ResourceOptions(
                parent=self, hooks=post_deploy_hooks(self, args.post_deploy)
            ),
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
