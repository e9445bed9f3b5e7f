"""Put the commands together."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from twilio_emulator.version import version

from .env import env
from .faults import faults
from .flex_token import flex_token
from .journal import journal
from .seed import seed
from .serve import serve
from .snapshots import restore, snapshot, snapshots
from .state import clock, limits, reset, status
from .terminal import examples

app = typer.Typer(
    name="twilio-emulator",
    help="A local, stateful Twilio: TaskRouter, Sync, Serverless, Flex configuration, accounts.",
    epilog="Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no emulator answers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

EXAMPLES: dict[Callable[..., Any], tuple[str, ...]] = {
    serve: (
        "twilio-emulator serve",
        "twilio-emulator serve --memory --port 0 --workers 20",
        "twilio-emulator serve --memory --start 2026-01-01T00:00:00Z --no-limits",
    ),
    env: ('eval "$(twilio-emulator env)"',),
    seed: (
        "twilio-emulator seed centre.yaml",
        "echo '{tasks: [{count: 500, attributes: {number: \"{n}\"}}]}' | twilio-emulator seed -",
    ),
    status: ("twilio-emulator status", "twilio-emulator status --json"),
    journal: (
        "twilio-emulator journal --path Workers --status 5xx --limit 20",
        "twilio-emulator journal --follow --kind callback",
    ),
    snapshot: (
        "twilio-emulator snapshot before-migration",
        "twilio-emulator snapshot --file centre.snapshot",
    ),
    restore: (
        "twilio-emulator restore before-migration",
        "twilio-emulator restore --file centre.snapshot",
    ),
    snapshots: ("twilio-emulator snapshots", "twilio-emulator snapshots --delete before-migration"),
    reset: ("twilio-emulator reset", "twilio-emulator reset --seed 7 --workers 40"),
    clock: (
        "twilio-emulator clock",
        "twilio-emulator clock 15m",
        "twilio-emulator clock --to 2026-01-02T00:00:00Z",
    ),
    flex_token: (
        "twilio-emulator flex-token --worker WKe1000000000000000000000000000001 --role agent",
        "TOKEN=$(twilio-emulator flex-token --identity ops --role admin --expires 8h)",
    ),
    limits: ("twilio-emulator limits --lift filters --lift sync_rates",),
}
"""Every command, in the order of the help page, with examples of it."""

for _command, _examples in EXAMPLES.items():
    app.command(epilog=examples(_examples))(_command)
app.add_typer(faults, name="faults")


def _print_version(*, wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"twilio-emulator {version()}\n")
        raise typer.Exit


@app.callback()
def about(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """A local, stateful Twilio: TaskRouter, Sync, Serverless, Flex configuration, accounts."""
