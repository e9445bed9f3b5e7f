"""`taskrouter verify`."""

from __future__ import annotations

import typer

from taskrouter_ops.callback_verification import verify as verify_callbacks
from taskrouter_ops.cli.output import AsJson, errors_in_one_line, progress, show
from taskrouter_ops.cli.settings import settings_of


def verify(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Prove that the workspace's events reach the event handler, and only Twilio's do."""
    with errors_in_one_line(), progress() as report:
        settings = settings_of(ctx)
        client = settings.client()
        token = client.credentials.auth_token
        checks = verify_callbacks(
            client, settings.target(), settings.callback(), report, auth_token=token
        )
        lines = "\n".join(f"{c.outcome:8}{c.name}: {c.detail}" for c in checks)
        show({"checks": [check.as_dict() for check in checks]}, lines, as_json)
