"""What every command prints the same way: results, errors in one line, progress, exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console

from taskrouter_ops.errors import OperationError, SetupError
from taskrouter_ops.waiting import Report
from twilio_client import CredentialsError, TwilioError

DONE, NOT_REACHED, WRONG_USAGE, TWILIO_FAILED, INTERRUPTED = 0, 1, 2, 3, 130

out = Console()
err = Console(stderr=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


@contextmanager
def errors_in_one_line() -> Iterator[None]:
    """Turn what can go wrong into one line on standard error and the exit code it stands for."""
    try:
        yield
    except (CredentialsError, SetupError) as error:
        fail(error, WRONG_USAGE)
    except OperationError as error:
        fail(error, NOT_REACHED)
    except TwilioError as error:
        fail(error, TWILIO_FAILED)


def fail(error: Exception | str, code: int) -> None:
    """Print an error and end. Raises: typer.Exit, always."""
    err.print(f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(code) from None


@contextmanager
def progress() -> Iterator[Report]:
    """Redraw one line on a terminal, print nothing where there is none."""
    with err.status("…") as status:
        yield status.update


def show(values: Mapping[str, Any], text: str, as_json: bool) -> None:
    """Print a result: the values as JSON, or the text for people."""
    shown = json.dumps(values, indent=2, ensure_ascii=False) if as_json else text
    out.print(shown, markup=False, highlight=False, soft_wrap=True)
