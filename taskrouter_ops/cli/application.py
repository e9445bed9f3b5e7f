"""The root of the `taskrouter` command: the options all commands share, and the commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from taskrouter_ops.cli import batch, sync, verify
from taskrouter_ops.cli.settings import CliSettings

app = typer.Typer(
    name="taskrouter",
    help="Operate a deployed TaskRouter contact centre.",
    epilog="Credentials: TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN, or with TWILIO_API_KEY and "
    "TWILIO_API_SECRET. Exit codes: 0 done, 1 goal not reached, 2 wrong usage or not deployed, "
    "3 Twilio not reachable or refusing, 130 interrupted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(sync.sync)
app.command()(verify.verify)
app.add_typer(batch.app, name="batch")


@app.callback()
def settings(
    ctx: typer.Context,
    workspace_sid: Annotated[
        str | None, typer.Option(envvar="TWILIO_FLEX_WORKSPACE_SID", metavar="WS…")
    ] = None,
    sync_service_sid: Annotated[
        str | None, typer.Option(envvar="TWILIO_FLEX_SYNC_SID", metavar="IS…")
    ] = None,
    functions_url: Annotated[
        str | None, typer.Option(envvar="TASKROUTER_FUNCTIONS_URL", metavar="https://…")
    ] = None,
    stack_outputs: Annotated[
        Path | None,
        typer.Option(
            envvar="TASKROUTER_STACK_OUTPUTS",
            help="What `pulumi stack output --json` printed; options win over it.",
        ),
    ] = None,
    account_sid: Annotated[
        str | None, typer.Option(metavar="AC…", help="Instead of TWILIO_ACCOUNT_SID.")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(help="Instead of TWILIO_BASE_URL, for a local Twilio.")
    ] = None,
) -> None:
    """Operate a deployed TaskRouter contact centre."""
    ctx.obj = CliSettings(
        workspace_sid, sync_service_sid, functions_url, stack_outputs, account_sid, base_url
    )
