"""`taskrouter verify`."""

from __future__ import annotations

import typer

from taskrouter_ops.callback_verification import verify as verify_callbacks
from taskrouter_ops.cli.output import AsJson, examples, progress, show
from taskrouter_ops.cli.settings import settings_of
from taskrouter_ops.target import CallbackSettings

EXAMPLES = examples("taskrouter verify --stack production", "taskrouter verify --json")


def verify(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Prove that the workspace's events reach the event handler, and only Twilio's do.

    A probe queue that matches nobody is created and deleted on the way.
    """
    settings = settings_of(ctx)
    client, target = settings.deployed()
    callback = settings.callback() or CallbackSettings(target.event_handler)
    token = client.credentials.auth_token
    with progress() as report:
        checks = verify_callbacks(client, target, callback, report, auth_token=token)
    lines = "\n".join(f"{c.outcome:8}{c.name}: {c.detail}" for c in checks)
    show({"checks": [check.as_dict() for check in checks]}, lines, as_json)
