"""Where the `taskrouter` command finds its deployment and its credentials."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import typer

from taskrouter_ops.cli.profiles import profile_configuration
from taskrouter_ops.cli.pulumi_stack import PulumiStack
from taskrouter_ops.errors import SetupError
from taskrouter_ops.target import SYNC_EVENTS, CallbackSettings, Target, event_handler_url
from twilio_client import CredentialsError, RetryPolicy, Settings, TwilioClient, credentials_from

# The option that gives each part; its name is the stack output it is read from otherwise.
PARTS = {
    "workspace_sid": "--workspace-sid",
    "sync_service_sid": "--sync-service-sid",
    "functions_url": "--functions-url",
}
VARIABLES = {
    "workspace_sid": "TWILIO_FLEX_WORKSPACE_SID",
    "sync_service_sid": "TWILIO_FLEX_SYNC_SID",
    "functions_url": "TASKROUTER_FUNCTIONS_URL",
}

WAYS_TO_CREDENTIALS = (
    "give --profile NAME (of the Twilio CLI), --stack NAME (a Pulumi stack with them in its "
    "configuration), or the variables TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN (or TWILIO_API_KEY "
    "and TWILIO_API_SECRET)"
)


@dataclass(frozen=True)
class CliSettings:
    """What the options and the environment said; looked into only by commands that need it.

    Credentials come from the profile, else from the stack, else from the environment.
    Each part of the deployment comes from its option; without one all come from the same place:
    the stack, else the file of stack outputs, else the environment.

    Shape: `options` and `variables` map names of the root's options to what was given.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    def given(self, name: str, value: object) -> CliSettings:
        """Return the settings with one more option, given behind the subcommand."""
        return replace(self, options={**self.options, name: value})

    def client(self, *, retry: RetryPolicy | None = None) -> TwilioClient:
        """Make a client. Raises: CredentialsError, SetupError naming what is missing."""
        found = self._credentials()
        return TwilioClient(found.credentials, found.base_url, retry=retry)

    def deployed(self) -> tuple[TwilioClient, Target]:
        """Return client and deployment. Raises: SetupError naming all that is missing of both."""
        problems = []
        for look in (self._credentials, self.target):
            try:
                look()
            except (CredentialsError, SetupError) as error:
                problems.append(str(error))
        if problems:
            raise SetupError("; ".join(dict.fromkeys(problems)))
        return self.client(), self.target()

    def workspace(self) -> str:
        """Return the workspace alone. Raises: SetupError where it is not given."""
        return self._parts("workspace_sid")["workspace_sid"]

    def target(self) -> Target:
        """Return the deployment. Raises: SetupError naming every part that is missing."""
        return Target(**self._parts(*PARTS))

    def part(self, name: str) -> str | None:
        """Return one part of the deployment, None where it is not given.

        Raises: SetupError where the functions' address is none.
        """
        value = self.options.get(name) or self._place.get(name)
        if not value:
            return None
        return _address(str(value)) if name == "functions_url" else str(value)

    def callback(self) -> CallbackSettings | None:
        """Return what the event callback should be: the stack's, else the event handler's.

        None where neither is known. Raises: SetupError where the stack's events are none.
        """
        functions_url = self.part("functions_url")
        url = self._outputs.get("callback_url") or (
            event_handler_url(functions_url) if functions_url else None
        )
        events = self._outputs.get("callback_events") or SYNC_EVENTS
        if not isinstance(events, (list, tuple)):
            raise SetupError("the stack output callback_events is no list: deploy it again")
        return CallbackSettings(str(url), tuple(map(str, events))) if url else None

    @property
    def stack_name(self) -> str | None:
        """Return the name of the stack these settings come from, if any."""
        return self._given("stack")

    def _given(self, name: str) -> str | None:
        value = self.options.get(name) or self.variables.get(name)
        return str(value) if value else None

    def _credentials(self) -> Settings:
        config, environ = self._configured()
        account, configured = self.options.get("account_sid"), config.get("accountSid")
        if account and configured and account != configured:
            raise CredentialsError(
                f"Twilio credentials: {self._source} is of account {configured}, "
                f"--account-sid says {account}",
                advice="leave --account-sid out, or give the credentials of that account",
            )
        options = {"accountSid": account, "baseUrl": self._given("base_url")}
        given = {key: value for key, value in options.items() if value}
        return credentials_from({**config, **given}, environ, advice=WAYS_TO_CREDENTIALS)

    @property
    def _source(self) -> str:
        profile = self._given("profile")
        return f"profile {profile!r}" if profile else f"stack {self.stack_name!r}"

    def _configured(self) -> tuple[Mapping[str, str | None], Mapping[str, str]]:
        """Return the configuration that counts, and the environment that may add to it."""
        config = self._stack.configuration if self._stack else {}
        profile_name = self._given("profile")
        if not profile_name:
            return config, self.environ
        profile = profile_configuration(profile_name, self.environ)
        account = config.get("accountSid")
        if account and account != profile["accountSid"]:
            raise CredentialsError(
                f"Twilio credentials: profile {profile_name!r} is of account "
                f"{profile['accountSid']}, stack {self.stack_name!r} of {account}",
                advice="choose a profile and a stack of one account",
            )
        # Of the environment only the address counts: its secrets may be another account's.
        address = config.get("baseUrl") or self.environ.get("TWILIO_BASE_URL")
        return {**profile, "baseUrl": address}, {}

    def _parts(self, *names: str) -> dict[str, str]:
        found = {name: self.part(name) for name in names}
        if missing := [name for name, value in found.items() if not value]:
            raise SetupError(self._missing(missing))
        return {name: str(value) for name, value in found.items()}

    def _missing(self, names: list[str]) -> str:
        options = ", ".join(PARTS[name] for name in names)
        if self.stack_name and not self._file_was_said:
            return (
                f"stack {self.stack_name!r} has no output {', '.join(names)}: deploy it with "
                f"`pulumi up`, or give {options}"
            )
        return (
            f"which deployment? missing {options}: give the options, --stack NAME, "
            "--stack-outputs with the file written by `pulumi stack output --json`, or the "
            f"variables {', '.join(VARIABLES[name] for name in names)}"
        )

    @property
    def _place(self) -> Mapping[str, Any]:
        """Where the parts come from that have no option: one place, so that nothing is mixed."""
        if self._stack or self._given("stack_outputs"):
            return self._outputs
        return self.variables

    @cached_property
    def _stack(self) -> PulumiStack | None:
        return PulumiStack(self.stack_name) if self.stack_name else None

    @property
    def _file_was_said(self) -> bool:
        """Tell a file on the command line, which wins over a stack that only a variable names."""
        return bool(self.options.get("stack_outputs")) and not self.options.get("stack")

    @cached_property
    def _outputs(self) -> dict[str, Any]:
        if self._stack and not self._file_was_said:
            return self._stack.outputs
        file = self._given("stack_outputs")
        return _read_outputs(Path(file)) if file else {}


def _address(url: str) -> str:
    """Check the functions' address: signatures cover it, so that nearly right is wrong."""
    if re.fullmatch(r"https://[a-z0-9.-]+(:[0-9]{1,5})?/?", url):
        return url.rstrip("/")
    raise SetupError(
        f"functions URL {url!r} is not https://<domain>, in lower-case letters and without a path"
    )


def _read_outputs(file: Path) -> dict[str, Any]:
    try:
        outputs = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SetupError(f"{file}: {error.strerror}") from error
    except ValueError as error:
        raise SetupError(
            f"{file} is not JSON ({error}): write it with `pulumi stack output --json`"
        ) from error
    if not isinstance(outputs, dict):
        raise SetupError(f"{file} is no JSON object of stack outputs")
    return outputs


def settings_of(ctx: typer.Context) -> CliSettings:
    """Return what the options said, before and behind the subcommand."""
    found: CliSettings = ctx.find_root().obj
    return found
