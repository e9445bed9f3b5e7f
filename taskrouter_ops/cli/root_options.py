"""The options of `taskrouter` itself: whose credentials, and which deployment."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from taskrouter_ops.cli.settings import VARIABLES

CREDENTIALS = "Credentials"
DEPLOYMENT = "Deployment"


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"taskrouter {version('pulumi-twilio')}")
        raise typer.Exit


Profile = Annotated[
    str | None,
    typer.Option(
        envvar="TASKROUTER_PROFILE",
        metavar="NAME",
        help="Credentials of this profile of the Twilio CLI.",
        rich_help_panel=CREDENTIALS,
    ),
]
Stack = Annotated[
    str | None,
    typer.Option(
        envvar="TASKROUTER_STACK",
        metavar="NAME",
        help="Credentials and deployment of this stack of the Pulumi project one is in.",
        rich_help_panel=CREDENTIALS,
    ),
]
AccountSid = Annotated[
    str | None,
    typer.Option(metavar="AC…", help="Instead of TWILIO_ACCOUNT_SID.", rich_help_panel=CREDENTIALS),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Instead of TWILIO_BASE_URL, for a local Twilio.",
        rich_help_panel=CREDENTIALS,
    ),
]
StackOutputs = Annotated[
    Path | None,
    typer.Option(
        envvar="TASKROUTER_STACK_OUTPUTS",
        metavar="FILE",
        help="What `pulumi stack output --json` printed.",
        rich_help_panel=DEPLOYMENT,
    ),
]
WorkspaceSid = Annotated[
    str | None,
    typer.Option(
        envvar=VARIABLES["workspace_sid"],
        metavar="WS…",
        help="The workspace.",
        rich_help_panel=DEPLOYMENT,
    ),
]
SyncServiceSid = Annotated[
    str | None,
    typer.Option(
        envvar=VARIABLES["sync_service_sid"],
        metavar="IS…",
        help="The Sync service.",
        rich_help_panel=DEPLOYMENT,
    ),
]
FunctionsUrl = Annotated[
    str | None,
    typer.Option(
        envvar=VARIABLES["functions_url"],
        metavar="URL",
        help="Where the functions answer, https://…",
        rich_help_panel=DEPLOYMENT,
    ),
]
Version = Annotated[
    bool,
    typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version."),
]
