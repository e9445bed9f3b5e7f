"""The `taskrouter` command.

Exit codes: 0 done; 1 the operation did not reach its goal (stale workers, a check that failed,
a batch that ended badly); 2 wrong usage or something is not deployed; 3 Twilio could not be
reached or refused.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from taskrouter_ops import queue_sync
from taskrouter_ops.batch_progress import Progress
from taskrouter_ops.batches import Batches
from taskrouter_ops.callback_verification import verify as verify_callbacks
from taskrouter_ops.cli_settings import CliSettings
from taskrouter_ops.errors import OperationError, SetupError
from taskrouter_ops.queue_sync import Plan
from taskrouter_ops.waiting import Report
from twilio_client import CredentialsError, TwilioClient, TwilioError

DONE, NOT_REACHED, WRONG_USAGE, TWILIO_FAILED = 0, 1, 2, 3
SHOWN = 20

app = typer.Typer(
    name="taskrouter",
    help="Operate a deployed TaskRouter contact centre.",
    epilog="Credentials: TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN, or with TWILIO_API_KEY and "
    "TWILIO_API_SECRET. Exit codes: 0 done, 1 goal not reached, 2 wrong usage or not deployed, "
    "3 Twilio not reachable or refusing.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
batch_app = typer.Typer(help="Look at and take up batches.", no_args_is_help=True)
app.add_typer(batch_app, name="batch")

out = Console()
err = Console(stderr=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
BatchId = Annotated[str | None, typer.Argument(metavar="ID", help="The newest when left out.")]


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


@app.command()
def sync(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan only.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring every worker's attribute `queues` in line with the eligible queues."""
    with _errors_in_one_line(), _progress() as report:
        client, target = _client(ctx), ctx.obj.target()
        if dry_run:
            _show_plan(queue_sync.plan_now(client, target, report), as_json)
            return
        result = queue_sync.run(client, target, report)
        _print(result.as_dict(), result.line(), as_json)


@app.command()
def verify(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Prove that the workspace's events reach the event handler, and only Twilio's do."""
    with _errors_in_one_line(), _progress() as report:
        client = _client(ctx)
        token = client.credentials.auth_token
        checks = verify_callbacks(
            client, ctx.obj.target(), ctx.obj.callback(), report, auth_token=token
        )
        lines = "\n".join(f"{c.outcome:8}{c.name}: {c.detail}" for c in checks)
        _print({"checks": [check.as_dict() for check in checks]}, lines, as_json)


@batch_app.command("status")
def batch_status(ctx: typer.Context, batch: BatchId = None, as_json: AsJson = False) -> None:
    """Show a batch's progress; exit code 1 when it ended badly."""
    with _errors_in_one_line():
        progress = Batches(_client(ctx), ctx.obj.target()).status(batch)
        _show_batch(progress, as_json)


@batch_app.command("resume")
def batch_resume(ctx: typer.Context, batch: BatchId = None, as_json: AsJson = False) -> None:
    """Take up a batch that stopped half way and follow it to its end."""
    with _errors_in_one_line():
        with _progress() as report:
            progress = Batches(_client(ctx), ctx.obj.target()).resume(batch, report)
        _show_batch(progress, as_json)


def _client(ctx: typer.Context) -> TwilioClient:
    client: TwilioClient = ctx.obj.client(os.environ)
    return client


@contextmanager
def _errors_in_one_line() -> Iterator[None]:
    try:
        yield
    except (CredentialsError, SetupError) as error:
        _fail(error, WRONG_USAGE)
    except OperationError as error:
        _fail(error, NOT_REACHED)
    except TwilioError as error:
        _fail(error, TWILIO_FAILED)


def _fail(error: Exception, code: int) -> None:
    err.print(f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(code) from None


@contextmanager
def _progress() -> Iterator[Report]:
    """Redraw one line on a terminal, print nothing where there is none."""
    with err.status("…") as status:
        yield status.update


def _print(values: dict[str, Any], text: str, as_json: bool) -> None:
    shown = json.dumps(values, indent=2, ensure_ascii=False) if as_json else text
    out.print(shown, markup=False, highlight=False, soft_wrap=True)


def _show_plan(plan: Plan, as_json: bool) -> None:
    if as_json:
        items = [
            {"worker_sid": i.worker_sid, "add": list(i.add), "remove": list(i.remove)}
            for i in plan.items
        ]
        counts = {"workers": plan.workers, "queues": plan.queues}
        _print({**counts, "items": items, "too_long": dict(plan.too_long)}, "", as_json)
        return
    summary = f"{len(plan.stale)} of {plan.workers} workers are stale"
    out.print(summary)
    table = Table("worker", "add", "remove")
    for item in plan.items[:SHOWN]:
        table.add_row(item.worker_sid, str(len(item.add)), str(len(item.remove)))
    if plan.items:
        out.print(table)
    if len(plan.items) > SHOWN:
        out.print(f"and {len(plan.items) - SHOWN} more; --json shows all")
    for worker, why in plan.too_long:
        out.print(f"{worker} {why}", markup=False, soft_wrap=True)


def _show_batch(progress: Progress, as_json: bool) -> None:
    values = {**vars(progress), "failures": dict(progress.failures)}
    lines = [f"{name:13} {value}" for name, value in values.items() if name != "failures"]
    lines += [f"{'failed':13} {worker}: {why}" for worker, why in progress.failures.items()]
    _print(values, "\n".join(lines), as_json)
    if progress.ended and progress.status != "completed":
        raise typer.Exit(NOT_REACHED)
