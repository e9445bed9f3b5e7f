"""`twilio-emulator env`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from twilio_emulator import sample_account
from twilio_emulator.proxy.bundle import default_directory, write_bundle
from twilio_emulator.proxy.environment import (
    NAMES,
    Shell,
    account_variables,
    proxy_variables,
    setting_lines,
    unsetting_lines,
)

from .terminal import DEFAULT_PORT, AsJson, Port, control, say, say_json, stop


def env(
    port: Port = DEFAULT_PORT,
    shell: Annotated[Shell, typer.Option(help="Shell that will read the lines.")] = Shell.BASH,
    proxy: Annotated[
        bool, typer.Option(help="Send every client through the proxy; without: TWILIO_* only.")
    ] = True,
    certificates: Annotated[
        Path | None,
        typer.Option(
            metavar="DIRECTORY",
            help="Where to write the certificates to trust.",
            show_default="~/.cache/twilio-emulator/PORT",
        ),
    ] = None,
    unset: Annotated[bool, typer.Option("--unset", help="Take the variables away again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the shell lines that point any Twilio client at the emulator."""
    if unset:
        _print_unset(shell, as_json=as_json)
        return
    try:
        found = _variables(port, certificates, proxy=proxy)
    except typer.Exit:
        if not as_json:
            say("false")  # has `eval` fail too, so that a careful script goes no further
        raise
    if as_json:
        say_json(found)
        return
    for line in setting_lines(found, shell):
        say(line)


def _print_unset(shell: Shell, *, as_json: bool) -> None:
    if as_json:
        say_json(NAMES)
        return
    for line in unsetting_lines(NAMES, shell):
        say(line)


def _variables(port: int, directory: Path | None, *, proxy: bool) -> dict[str, str]:
    """Ask the emulator for its certificate, and write that where clients will read it."""
    with control(port) as emulator:
        certificate = emulator.certificate()
    base_url = emulator.base_url
    account = account_variables(base_url, sample_account.ACCOUNT_SID, sample_account.AUTH_TOKEN)
    if not proxy:
        return account
    directory = directory or default_directory(port, os.environ)
    try:
        bundle = write_bundle(certificate, directory, os.environ)
    except OSError as error:
        raise stop(
            f"Cannot write certificates to {directory}: {error.strerror}"
            " (name another place with --certificates)"
        ) from None
    return {**account, **proxy_variables(base_url, bundle)}
