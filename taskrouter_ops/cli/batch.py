"""`taskrouter batch`."""

from __future__ import annotations

from typing import Annotated

import typer

from taskrouter_ops.batches import Batches
from taskrouter_ops.batches.progress import Progress
from taskrouter_ops.cli.output import NOT_REACHED, AsJson, examples, out, progress, show
from taskrouter_ops.cli.settings import settings_of

app = typer.Typer(help="Look at and take up batches.", no_args_is_help=True)

BatchId = Annotated[
    str | None, typer.Argument(metavar="ID", help="The batch's id; the newest when left out.")
]


@app.command(epilog=examples("taskrouter batch status", "taskrouter batch status --json"))
def status(ctx: typer.Context, batch: BatchId = None, as_json: AsJson = False) -> None:
    """Show a batch's progress; exit code 1 when it ended badly."""
    _show(_batches(ctx).status(batch), as_json)


@app.command(epilog=examples("taskrouter batch resume --stack production"))
def resume(ctx: typer.Context, batch: BatchId = None, as_json: AsJson = False) -> None:
    """Take up a batch that stopped half way and follow it to its end."""
    batches = _batches(ctx)
    before = batches.status(batch)
    if before.status == "completed" and not as_json:
        out.print(f"batch {before.batch} is completed: there is nothing to resume")
    with progress() as report:
        found = batches.resume(before.batch, report)
    _show(found, as_json)


def _batches(ctx: typer.Context) -> Batches:
    return Batches(*settings_of(ctx).deployed())


def _show(found: Progress, as_json: bool) -> None:
    values = {**vars(found), "failures": dict(found.failures)}
    lines = [f"{name:13} {value}" for name, value in values.items() if name != "failures"]
    lines += [f"{'failed':13} {worker}: {why}" for worker, why in found.failures.items()]
    show(values, "\n".join(lines), as_json)
    if found.ended and found.status != "completed":
        raise typer.Exit(NOT_REACHED)
