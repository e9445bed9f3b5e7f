"""`twilio-emulator serve`."""

from __future__ import annotations

import ipaddress
import os
import sqlite3
from pathlib import Path

from twilio_emulator.emulator import DATABASE, Emulator
from twilio_emulator.functions_runtime.settings import RuntimeSettings
from twilio_emulator.settings import Settings
from twilio_emulator.store import StateError
from twilio_emulator.wire.app import App
from twilio_emulator.wire.server import listen, run

from .serve_options import (
    DATA,
    AllowRemote,
    Data,
    Host,
    Limits,
    Memory,
    Openapi,
    Port,
    RateLimits,
    Sample,
    Seed,
    Snapshot,
    Start,
    Workers,
)
from .terminal import DEFAULT_PORT, say, stop


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def serve(
    host: Host = "127.0.0.1",
    port: Port = DEFAULT_PORT,
    data: Data = None,
    memory: Memory = False,
    snapshot: Snapshot = None,
    workers: Workers = 250,
    seed: Seed = 1,
    sample: Sample = True,
    start: Start = None,
    rate_limits: RateLimits = True,
    limits: Limits = True,
    openapi: Openapi = None,
    allow_remote: AllowRemote = False,
) -> None:
    """Run the emulator until it is told to stop (Ctrl-C or SIGTERM)."""
    if not _is_loopback(host) and not allow_remote:
        raise stop(f"{host} can be reached by other machines: add --allow-remote to mean it")
    if memory and data is not None:
        raise stop("--memory keeps nothing and --data keeps state: give one of them")
    try:
        RuntimeSettings.from_environment(os.environ)
    except ValueError as error:
        raise stop(str(error)) from None
    try:
        listener = listen(host, port)
    except OSError as error:
        raise stop(f"Cannot listen on {host}:{port}: {error.strerror}") from None
    settings = Settings(
        host=host,
        port=listener.getsockname()[1],
        data=None if memory else data or DATA,
        workers=workers,
        seed=seed,
        sample=sample,
        start=start,
        rate_limits=rate_limits,
        limits=limits,
        snapshot=snapshot,
    )
    address = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    kept = settings.data if settings.data and (settings.data / DATABASE).exists() else None
    with listener:
        app = _app(_emulator(settings), openapi)
        run(app, listener, lambda: _announce(address, kept))


def _announce(address: str, kept: Path | None) -> None:
    say(f"Twilio emulator ready on {address}")
    say(f"Dashboard at {address}/_emulator/")
    if kept is not None:
        say(f"Going on with the state in {kept}; --workers and --seed count for a new one only")


def _app(emulator: Emulator, openapi: Path | None) -> App:
    if openapi is None:
        return App(emulator)
    # Loaded on demand: start-up is quicker without a JSON Schema library.
    from twilio_emulator.contract import CheckedApp

    try:
        return CheckedApp(emulator, openapi)
    except (OSError, ValueError, KeyError) as error:
        raise stop(f"--openapi {openapi} cannot be used: {error}") from None


def _emulator(settings: Settings) -> Emulator:
    if settings.snapshot is not None and not settings.snapshot.is_file():
        raise stop(f"--snapshot {settings.snapshot}: there is no such file")
    try:
        return Emulator(settings)
    except (OSError, sqlite3.Error, StateError) as error:
        hint = "another emulator uses it" if "locked" in str(error) else str(error)
        if isinstance(error, StateError) and settings.snapshot is None:
            hint += "; give another --data, or remove that directory to begin anew"
        where = f"keep state in {settings.data}" if settings.data else "start"
        if settings.snapshot is not None:
            where += f" from snapshot {settings.snapshot}"
        raise stop(f"Cannot {where}: {hint}") from None
