"""What every command prints the same way: results, errors in one line, progress, exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from taskrouter_ops.errors import OperationError, SetupError
from taskrouter_ops.waiting import Report
from twilio_client import (
    AttributesInvalid,
    AttributesTooLong,
    AttributesUnreadable,
    CredentialsError,
    TwilioError,
)

DONE, NOT_REACHED, WRONG_USAGE, TWILIO_FAILED, INTERRUPTED = 0, 1, 2, 3, 130
# As for any program whose reader went away: 128 and the number of SIGPIPE.
NOBODY_READS = 141

EXIT_CODES = {
    DONE: "done",
    NOT_REACHED: "goal not reached",
    WRONG_USAGE: "wrong usage, or not deployed",
    TWILIO_FAILED: "Twilio is not reachable or refuses",
    INTERRUPTED: "interrupted",
    NOBODY_READS: "whoever read the output stopped reading",
}


class Unwritable(OperationError):
    """What a command has to say cannot be written: the disk is full, most often."""


class _Console(Console):
    """A console whose reader may go away (`| head`) without a word about it."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print. Raises: Unwritable."""
        try:
            super().print(*objects, **options)
        except OSError as error:
            raise Unwritable(f"the output cannot be written: {error.strerror}") from error

    def on_broken_pipe(self) -> None:
        try:
            super().on_broken_pipe()
        except SystemExit:
            raise SystemExit(NOBODY_READS) from None


# Words between colons are data here, not the names of emoji: `:smile:` stays what it is.
out = _Console(emoji=False)
err = _Console(stderr=True, emoji=False)

AsJson = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON object and nothing else; errors are JSON too."),
]

_errors_as_json: ContextVar[bool] = ContextVar("errors_as_json", default=False)


def choose_error_form(arguments: Sequence[str]) -> bool:
    """Print errors as JSON where the arguments ask for JSON; tell whether they do."""
    before_the_rest = arguments[: arguments.index("--")] if "--" in arguments else arguments
    wanted = any(a == "--json" or a.startswith("--json=") for a in before_the_rest)
    _errors_as_json.set(wanted)
    return wanted


@contextmanager
def errors_in_one_line() -> Iterator[None]:
    """Turn what can go wrong into one line on standard error and the exit code it stands for.

    The whole command runs inside of it, see `taskrouter_ops.cli.root`.
    """
    try:
        yield
    except KeyboardInterrupt:
        fail("interrupted", INTERRUPTED)
    except (CredentialsError, SetupError) as error:
        fail(error, WRONG_USAGE)
    except _NOTHING_WRITTEN as error:
        fail(error, NOT_REACHED)
    except TwilioError as error:
        fail(error, TWILIO_FAILED)


def fail(error: Exception | str, code: int) -> NoReturn:
    """Print an error and end. Raises: typer.Exit, always."""
    if _errors_as_json.get():
        err.print(json_text({"error": _described(error, code)}, err), **_PLAIN)
    else:
        err.print(f"error: {' '.join(str(error).split())}", style="red", **_PLAIN)
    raise typer.Exit(code) from None


# What was asked for cannot be done; Twilio is well.
_NOTHING_WRITTEN = (OperationError, AttributesInvalid, AttributesTooLong, AttributesUnreadable)
_PLAIN: dict[str, Any] = {"markup": False, "highlight": False, "soft_wrap": True}
_NAMES = {WRONG_USAGE: "WrongUsage", INTERRUPTED: "Interrupted"}


def _described(error: Exception | str, code: int) -> dict[str, Any]:
    name = _NAMES.get(code, "Error") if isinstance(error, str) else type(error).__name__
    return {
        "name": name,
        "message": " ".join(str(error).split()),
        "retry_safe": bool(getattr(error, "retry_safe", False)),
        "exit_code": code,
    }


@contextmanager
def progress() -> Iterator[Report]:
    """Redraw one line on a terminal, print nothing where there is none."""
    with err.status("…") as status:
        yield lambda line: status.update(escape(line))


def show(values: Mapping[str, Any], text: str, as_json: bool) -> None:
    """Print a result: the values as JSON, or the text for people."""
    out.print(json_text(values, out, indent=2) if as_json else text, **_PLAIN)


def json_text(values: object, console: Console, *, indent: int | None = None) -> str:
    """Return JSON that loses nothing in the console's encoding: what that lacks is escaped."""
    text = json.dumps(values, indent=indent, ensure_ascii=False)
    try:
        text.encode(getattr(console.file, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(values, indent=indent)
    return text


def examples(*lines: str) -> str:
    """Return the end of a help page: one example a line, as typed into a shell."""
    return "\n".join(("[bold]Examples[/bold]", *(escape(line) for line in lines)))
