"""Say things on the terminal: tables for people, JSON for programs, errors of one line.

Exit codes of every command: 0 done, 1 refused or failed, 2 wrong usage, 3 no emulator answers.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from twilio_emulator.control import Control, ControlError, NoEmulator

DEFAULT_PORT = 4010
FAILED, NOBODY_THERE = 1, 3
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d)?")
_SECONDS = {None: 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}

Port = Annotated[
    int,
    typer.Option(help="Port of the emulator.", envvar="TWILIO_EMULATOR_PORT", min=1, max=65535),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one document per line.")]


def stop(message: str, code: int = FAILED) -> typer.Exit:
    """Print one line on the error stream and return what ends the command."""
    sys.stderr.write(" ".join(message.split()) + "\n")
    return typer.Exit(code)


def say(line: str) -> None:
    """Print one line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def say_json(document: object) -> None:
    """Print one JSON document on a line of its own."""
    say(json.dumps(document, ensure_ascii=False))


def show(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows: a table on a terminal, lines of aligned words elsewhere."""
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    console = Console(highlight=False)
    if not console.is_terminal:
        widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
        for row in texts:
            say("  ".join(map(str.ljust, row, widths)).rstrip())
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in texts:
        table.add_row(*row)
    console.print(table)


@contextmanager
def control(port: int) -> Iterator[Control]:
    """Talk to the emulator on a port; its refusals end the command with one line."""
    found = Control(f"http://127.0.0.1:{port}")
    try:
        yield found
    except NoEmulator as error:
        raise stop(str(error), NOBODY_THERE) from None
    except ControlError as error:
        raise stop(str(error)) from None
    finally:
        found.close()


def duration(text: str) -> float:
    """Read how long something takes, in seconds.

    Raises: typer.Exit with one line.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise stop(f"'{text}' is no time like 90, 90s, 15m, 2h or 1d", 2)
    return float(match[1]) * _SECONDS[match[2]]


def parsed_object(text: str, name: str) -> dict[str, Any]:
    """Read an option that is a JSON object.

    Raises: typer.Exit with one line.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise stop(f"{name} is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise stop(f"{name} must be a JSON object")
    return document


def examples(lines: Iterable[str]) -> str:
    """Write the end of a command's help page."""
    return "\n\n".join(("[bold]Examples[/bold]", *lines))
