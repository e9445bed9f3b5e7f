"""Where the `taskrouter` command finds its deployment and its credentials."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from taskrouter_ops.errors import SetupError
from taskrouter_ops.target import SYNC_EVENTS, CallbackSettings, Target
from twilio_client import RetryPolicy, TwilioClient, credentials_from

# The option that gives each part, and the stack output it is read from otherwise.
PARTS = {
    "workspace_sid": "--workspace-sid",
    "sync_service_sid": "--sync-service-sid",
    "functions_url": "--functions-url",
}

_MISSING = (
    "which deployment? missing {}: give the options, or --stack-outputs with the file written "
    "by `pulumi stack output --json`"
)


@dataclass(frozen=True)
class CliSettings:
    """What the options and the environment said; looked into only by commands that need it."""

    workspace_sid: str | None
    sync_service_sid: str | None
    functions_url: str | None
    stack_outputs: Path | None
    account_sid: str | None
    base_url: str | None

    def client(self, *, retry: RetryPolicy | None = None) -> TwilioClient:
        """Make a client. Raises: CredentialsError naming what is missing."""
        found = credentials_from(
            {"accountSid": self.account_sid, "baseUrl": self.base_url}, os.environ
        )
        return TwilioClient(found.credentials, found.base_url, retry=retry)

    def workspace(self) -> str:
        """Return the workspace alone. Raises: SetupError where it is not given."""
        sid = self.workspace_sid or self._outputs().get("workspace_sid")
        if not sid:
            raise SetupError(_MISSING.format("--workspace-sid"))
        return str(sid)

    def target(self) -> Target:
        """Return the deployment. Raises: SetupError naming every part that is missing."""
        outputs = self._outputs()
        given = {name: getattr(self, name) or outputs.get(name) for name in PARTS}
        if missing := [PARTS[name] for name, value in given.items() if not value]:
            raise SetupError(_MISSING.format(", ".join(missing)))
        return Target(**{name: str(value) for name, value in given.items()})

    def callback(self) -> CallbackSettings:
        """Return what the event callback should be: the stack's, else the event handler's."""
        outputs = self._outputs()
        url = outputs.get("callback_url") or self.target().event_handler
        return CallbackSettings(str(url), tuple(outputs.get("callback_events") or SYNC_EVENTS))

    def _outputs(self) -> dict[str, Any]:
        if self.stack_outputs is None:
            return {}
        try:
            outputs = json.loads(self.stack_outputs.read_text(encoding="utf-8"))
        except OSError as error:
            raise SetupError(f"{self.stack_outputs}: {error.strerror}") from error
        except ValueError as error:
            raise SetupError(
                f"{self.stack_outputs} is not JSON ({error}): write it with "
                "`pulumi stack output --json`"
            ) from error
        if not isinstance(outputs, dict):
            raise SetupError(f"{self.stack_outputs} is no JSON object of stack outputs")
        return outputs


def settings_of(ctx: typer.Context) -> CliSettings:
    """Return what the root's options said."""
    found: CliSettings = ctx.obj
    return found
