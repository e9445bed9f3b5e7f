"""The root of the `taskrouter` command: the options all commands share, and the commands."""

from __future__ import annotations

import typer

from taskrouter_ops.cli import batch, demo, doctor, reservation, stuck_tasks, sync, task, verify
from taskrouter_ops.cli.output import EXIT_CODES, examples
from taskrouter_ops.cli.root import Root
from taskrouter_ops.cli.root_options import (
    AccountSid,
    BaseUrl,
    FunctionsUrl,
    Profile,
    Stack,
    StackOutputs,
    SyncServiceSid,
    Version,
    WorkspaceSid,
)
from taskrouter_ops.cli.settings import CliSettings

app = typer.Typer(
    name="taskrouter",
    cls=Root,
    help="Operate a deployed TaskRouter contact centre.\n\n"
    "These options may also stand behind a command. Credentials are those of --profile, else of "
    "--stack, else of TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN, or with TWILIO_API_KEY and "
    "TWILIO_API_SECRET. The deployment is that of --stack, else of --stack-outputs, else of the "
    "variables named below; an option for a part of it wins.",
    epilog="\n".join(
        (
            examples(
                "taskrouter doctor --stack production",
                "taskrouter sync --dry-run --stack-outputs .local/outputs.json",
                "taskrouter --profile support batch status --json",
            ),
            "\n[bold]Exit codes[/bold]",
            *(f"{code:3} {meaning}" for code, meaning in EXIT_CODES.items()),
        )
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command(epilog=sync.EXAMPLES)(sync.sync)
app.command(epilog=verify.EXAMPLES)(verify.verify)
app.command(epilog=doctor.EXAMPLES)(doctor.doctor)
app.command(epilog=stuck_tasks.EXAMPLES)(stuck_tasks.stuck_tasks)
app.add_typer(task.app, name="task")
app.add_typer(batch.app, name="batch")
app.add_typer(reservation.app, name="reservation")
app.add_typer(demo.app, name="demo")


@app.callback()
def settings(
    ctx: typer.Context,
    profile: Profile = None,
    stack: Stack = None,
    account_sid: AccountSid = None,
    base_url: BaseUrl = None,
    stack_outputs: StackOutputs = None,
    workspace_sid: WorkspaceSid = None,
    sync_service_sid: SyncServiceSid = None,
    functions_url: FunctionsUrl = None,
    _version: Version = False,
) -> None:
    """Keep what was said for the commands that need it."""
    given = {
        "profile": profile,
        "stack": stack,
        "account_sid": account_sid,
        "base_url": base_url,
        "stack_outputs": stack_outputs,
        "workspace_sid": workspace_sid,
        "sync_service_sid": sync_service_sid,
        "functions_url": functions_url,
    }
    said = {name for name in given if _by_option(ctx, name)}
    ctx.obj = CliSettings(
        options={name: value for name, value in given.items() if name in said},
        variables={name: value for name, value in given.items() if name not in said},
    )


def _by_option(ctx: typer.Context, name: str) -> bool:
    """Tell an option on the command line from the variable that stands in for it."""
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"
