"""The `twilio-emulator` command."""

from __future__ import annotations

import ipaddress
import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from . import sample_account
from .control import Control, ControlError
from .emulator import Emulator
from .functions_runtime.settings import RuntimeSettings
from .settings import Settings
from .store import StateError
from .wire.app import App
from .wire.server import listen, run

app = typer.Typer(
    help="A local, stateful Twilio: TaskRouter, Sync, Serverless and Flex configuration.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

DEFAULT_PORT = 4010


def _stop(message: str) -> typer.Exit:
    """Print one line on the error stream and end with code 1."""
    sys.stderr.write(message + "\n")
    return typer.Exit(1)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = DEFAULT_PORT,
    data: Annotated[
        Path | None,
        typer.Option(help="Directory to keep state in.", show_default=".local/emulator"),
    ] = None,
    memory: Annotated[bool, typer.Option("--memory", help="Keep nothing.")] = False,
    workers: Annotated[int, typer.Option(help="Workers of the sample account.", min=0)] = 250,
    seed: Annotated[int, typer.Option(help="Seed of SIDs and of the sample account.")] = 1,
    sample: Annotated[bool, typer.Option(help="Make the sample contact centre.")] = True,
    rate_limits: Annotated[bool, typer.Option(help="Enforce Twilio's request rates.")] = True,
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Allow addresses other machines can reach.")
    ] = False,
) -> None:
    """Run the emulator until it is told to stop (Ctrl-C or SIGTERM)."""
    if not _is_loopback(host) and not allow_remote:
        raise _stop(f"{host} can be reached by other machines: add --allow-remote to mean it")
    if memory and data is not None:
        raise _stop("--memory keeps nothing and --data keeps state: give one of them")
    try:
        RuntimeSettings.from_environment(os.environ)
    except ValueError as error:
        raise _stop(str(error)) from None
    directory = None if memory else data or Path(".local/emulator")
    try:
        listener = listen(host, port)
    except OSError as error:
        raise _stop(f"Cannot listen on {host}:{port}: {error.strerror}") from None
    settings = Settings(
        host=host,
        port=listener.getsockname()[1],
        data=directory,
        workers=workers,
        seed=seed,
        sample=sample,
        rate_limits=rate_limits,
    )
    try:
        emulator = Emulator(settings)
    except (OSError, sqlite3.Error, StateError) as error:
        hint = "another emulator uses it" if "locked" in str(error) else str(error)
        raise _stop(f"Cannot keep state in {directory}: {hint}") from None
    address = f"http://{host}:{settings.port}"
    run(App(emulator), listener, lambda: _print(f"Twilio emulator ready on {address}"))


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


_Port = Annotated[int, typer.Option(help="Port of the emulator.")]
_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Clear = Annotated[bool, typer.Option("--clear", help="Forget them instead.")]


@contextmanager
def _control(port: int) -> Iterator[Control]:
    control = Control(f"http://127.0.0.1:{port}")
    try:
        yield control
    except ControlError as error:
        raise _stop(str(error)) from None
    finally:
        control.close()


@app.command()
def env(port: _Port = DEFAULT_PORT) -> None:
    """Print the shell lines that point a Twilio client at the emulator."""
    values = {
        "TWILIO_ACCOUNT_SID": sample_account.ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": sample_account.AUTH_TOKEN,
        "TWILIO_BASE_URL": f"http://127.0.0.1:{port}",
    }
    for name, value in values.items():
        _print(f"export {name}={value}")


@app.command()
def status(port: _Port = DEFAULT_PORT, as_json: _AsJson = False) -> None:
    """Tell whether an emulator is running, and what it holds."""
    with _control(port) as control:
        found = control.status()
    if as_json:
        _print(json.dumps(found))
        return
    _print(f"Twilio emulator {found['version']}, pid {found['pid']}, port {found['port']}")
    _print(f"accounts {', '.join(found['accounts'])}, state in {found['data'] or 'memory'}")
    for kind, count in found["counts"].items():
        if count:
            _print(f"  {kind} {count}")


@app.command()
def journal(
    port: _Port = DEFAULT_PORT,
    kind: Annotated[str | None, typer.Option(help="api, function or callback.")] = None,
    host: Annotated[str | None, typer.Option(help="Pattern of the host.")] = None,
    method: Annotated[str | None, typer.Option(help="HTTP method.")] = None,
    path: Annotated[str | None, typer.Option(help="Pattern of the path.")] = None,
    as_json: _AsJson = False,
    clear: _Clear = False,
) -> None:
    """List the requests the emulator answered."""
    with _control(port) as control:
        if clear:
            control.clear_journal()
            return
        entries = control.journal(kind=kind, host=host, method=method, path=path)
    for entry in entries:
        line = "{time} {kind:8} {status} {method} {host}{path} {duration_ms} ms"
        _print(json.dumps(entry) if as_json else line.format(**entry))


@app.command()
def faults(
    port: _Port = DEFAULT_PORT,
    add: Annotated[str | None, typer.Option(help="A rule as a JSON object.")] = None,
    clear: _Clear = False,
) -> None:
    """List, add or lift failures on demand, one JSON object per line."""
    with _control(port) as control:
        if clear:
            control.clear_faults()
        if add is not None:
            control.add_fault(**_rule(add))
        for fault in control.faults():
            _print(json.dumps(fault))


def _rule(text: str) -> dict[str, Any]:
    try:
        rule = json.loads(text)
    except ValueError as error:
        raise _stop(f"--add is not JSON: {error}") from None
    if not isinstance(rule, dict):
        raise _stop("--add must be a JSON object")
    return rule


@app.command()
def reset(
    port: _Port = DEFAULT_PORT,
    workers: Annotated[int | None, typer.Option(help="Workers of the sample account.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed.")] = None,
) -> None:
    """Go back to the sample account as it was at the first start."""
    with _control(port) as control:
        control.reset(seed=seed, workers=workers)
    _print("The emulator is back at its sample account")
