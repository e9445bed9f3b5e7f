"""`twilio-emulator journal`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from twilio_emulator.control import Control

from .terminal import DEFAULT_PORT, AsJson, Port, control, say, say_json

_LOOK_AGAIN_SECONDS = 0.3


def journal(
    kind: Annotated[str | None, typer.Option(help="api, function or callback.")] = None,
    host: Annotated[str | None, typer.Option(help="Regular expression for the host.")] = None,
    method: Annotated[str | None, typer.Option(help="HTTP method.")] = None,
    path: Annotated[str | None, typer.Option(help="Regular expression for the path.")] = None,
    status: Annotated[str | None, typer.Option(help="429, 5xx, or none for no answer.")] = None,
    account: Annotated[str | None, typer.Option(help="SID of the account.")] = None,
    since: Annotated[int | None, typer.Option(help="Only after this number.", min=0)] = None,
    limit: Annotated[int | None, typer.Option(help="Only the last so many.", min=1)] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with each new request until Ctrl-C.")
    ] = False,
    clear: Annotated[bool, typer.Option("--clear", help="Forget them instead.")] = False,
    port: Port = DEFAULT_PORT,
    as_json: AsJson = False,
) -> None:
    """List the requests the emulator answered."""
    filters: dict[str, Any] = {
        "kind": kind,
        "host": host,
        "method": method,
        "path": path,
        "status": status,
        "account": account,
    }
    with control(port) as emulator:
        if clear:
            emulator.clear_journal()
            return
        entries = emulator.journal(**filters, since=since, limit=limit)
        _print(entries, as_json=as_json)
        if follow:
            last = entries[-1]["number"] if entries else since or 0
            _follow(emulator, filters, last, as_json=as_json)


def _follow(emulator: Control, filters: dict[str, Any], last: int, *, as_json: bool) -> None:
    while True:
        time.sleep(_LOOK_AGAIN_SECONDS)
        entries = emulator.journal(**filters, since=last)
        _print(entries, as_json=as_json)
        last = entries[-1]["number"] if entries else last


def _print(entries: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    for entry in entries:
        if as_json:
            say_json(entry)
            continue
        status = entry["status"] or "---"
        fault = f" ({entry['fault']})" if entry["fault"] else ""
        line = "{time} {kind:8} {shown} {method} {host}{path} {duration_ms} ms"
        say(line.format(**entry, shown=status) + fault)
