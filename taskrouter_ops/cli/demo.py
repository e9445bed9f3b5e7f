"""`taskrouter demo`."""

from __future__ import annotations

from typing import Annotated

import typer

from taskrouter_ops.cli.output import (
    INTERRUPTED,
    NOT_REACHED,
    AsJson,
    examples,
    fail,
    out,
    show,
)
from taskrouter_ops.cli.settings import settings_of
from taskrouter_ops.demo import Demonstration, Options, Watcher, run
from taskrouter_ops.demo.interrupts import Interrupts
from taskrouter_ops.demo.views import LineView, LiveView, NoView

PAUSE_SECONDS = 1.0

app = typer.Typer(help="Show on a local Twilio how things work.", no_args_is_help=True)


@app.command(
    epilog=examples(
        "taskrouter demo multi-reservation",
        "taskrouter demo multi-reservation --workers 12 --max-reserved-workers 10 --rounds 3",
    )
)
def multi_reservation(
    ctx: typer.Context,
    workers: Annotated[int, typer.Option(min=1, max=50, help="Workers in the queue.")] = 8,
    max_reserved_workers: Annotated[
        int, typer.Option(min=1, max=50, help="How many are offered a task at once.")
    ] = 5,
    rounds: Annotated[int, typer.Option(min=1, max=100, help="Tasks, one after the other.")] = 1,
    seed: Annotated[
        int | None, typer.Option(help="Gives the agents the same quickness each time.")
    ] = None,
    pause: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=30,
            metavar="SECONDS",
            help="Wait before and after each race; 1 on a terminal, 0 elsewhere.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let several agents race for one task: the first to accept has it, the others get HTTP 410.

    Works on a local Twilio only, in a workspace of its own, and removes all it made.
    """
    on_terminal = out.is_terminal and not out.is_dumb_terminal and not as_json
    if pause is None:
        pause = PAUSE_SECONDS if on_terminal else 0.0
    options = Options(workers, max_reserved_workers, rounds, seed, pause)
    shown = _run(ctx, options, _watcher(on_terminal, as_json))
    show(shown.as_dict(), f"Removed workspace {shown.workspace_sid}.", as_json)
    if not shown.went_well:
        raise typer.Exit(NOT_REACHED)


def _run(ctx: typer.Context, options: Options, watcher: Watcher) -> Demonstration:
    client = settings_of(ctx).client()
    try:
        with Interrupts() as interrupts:
            return run(client, options, watcher, held=interrupts.held)
    except KeyboardInterrupt:
        fail("interrupted; everything the demo made is removed", INTERRUPTED)
    finally:
        client.transport.session.close()


def _watcher(on_terminal: bool, as_json: bool) -> Watcher:
    if as_json:
        return NoView()
    return LiveView(out) if on_terminal else LineView(out)
