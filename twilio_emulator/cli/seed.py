"""`twilio-emulator seed`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from twilio_emulator.admin.seeding import SCHEMA

from .terminal import DEFAULT_PORT, AsJson, Port, control, say, say_json, stop


def seed(
    file: Annotated[
        Path | None,
        typer.Argument(help="YAML or JSON; - reads standard input.", allow_dash=True),
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of such a file instead.")
    ] = False,
    port: Port = DEFAULT_PORT,
    as_json: AsJson = False,
) -> None:
    """Make workers, tasks, calls and conferences in bulk, all of a file or nothing."""
    if schema:
        say(json.dumps(SCHEMA, indent=2))
        return
    if file is None:
        raise stop("give a file, or - for standard input", 2)
    with control(port) as emulator:
        made: dict[str, int] = emulator.seed(_document(file))["made"]
    if as_json:
        say_json(made)
        return
    say("Made " + ", ".join(f"{count} {kind}" for kind, count in made.items() if count))


def _document(file: Path) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
        document = yaml.safe_load(text)
    except OSError as error:
        raise stop(f"Cannot read {file}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise stop(f"{file} is neither YAML nor JSON: {error}") from None
    if not isinstance(document, dict):
        raise stop(f"{file} must be a mapping with workers, tasks, calls or conferences")
    return document
