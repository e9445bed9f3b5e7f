"""`twilio-emulator snapshot`, `restore` and `snapshots`."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from twilio_emulator.admin.snapshots import write_private
from twilio_emulator.control import ControlError

from .terminal import DEFAULT_PORT, AsJson, Port, control, say, say_json, show, stop

_File = Annotated[Path | None, typer.Option(help="File to pass on, instead of a name.")]


def snapshot(
    name: Annotated[str | None, typer.Argument(help="What to call it.")] = None,
    file: _File = None,
    port: Port = DEFAULT_PORT,
    as_json: AsJson = False,
) -> None:
    """Keep all state under a name in the emulator, or in a file."""
    name = _named(name, file)
    with control(port) as emulator:
        taken = emulator.take_snapshot(name)
        if file is not None:
            content = emulator.download_snapshot(name)
            emulator.delete_snapshot(name)
            taken["name"] = str(file)
            _write(file, content)
    _print(taken, as_json=as_json, done="Kept")


def restore(
    name: Annotated[str | None, typer.Argument(help="Name of a snapshot.")] = None,
    file: _File = None,
    port: Port = DEFAULT_PORT,
    as_json: AsJson = False,
) -> None:
    """Go back to a snapshot; what was done since is lost."""
    name = _named(name, file)
    with control(port) as emulator:
        if file is not None:
            emulator.upload_snapshot(name, _read(file))
        try:
            back = emulator.restore(name)
        except ControlError as error:
            raise ControlError(str(error).replace(name, str(file or name))) from None
        finally:
            if file is not None:
                emulator.delete_snapshot(name)
    _print({**back, "name": str(file or name)}, as_json=as_json, done="Back at")


def snapshots(
    delete: Annotated[str | None, typer.Option(help="Delete the snapshot of this name.")] = None,
    port: Port = DEFAULT_PORT,
    as_json: AsJson = False,
) -> None:
    """List the snapshots the emulator keeps."""
    with control(port) as emulator:
        if delete is not None:
            emulator.delete_snapshot(delete)
        found = emulator.snapshots()
    if as_json:
        for item in found:
            say_json(item)
        return
    if not found:
        say("No snapshots")
        return
    rows = [(item["name"], _moment(item), item["records"], item["bytes"]) for item in found]
    show(("name", "time", "records", "bytes"), rows)


def _named(name: str | None, file: Path | None) -> str:
    if (name is None) == (file is None):
        raise stop("give a name, or --file", 2)
    return name if name is not None else f"file-{secrets.token_hex(8)}"


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise stop(f"Cannot read {file}: {error.strerror}") from None


def _write(file: Path, content: bytes) -> None:
    try:
        write_private(file, content)
    except OSError as error:
        raise stop(f"Cannot write {file}: {error.strerror}") from None


def _print(item: dict[str, Any], *, as_json: bool, done: str) -> None:
    if as_json:
        say_json(item)
        return
    say(f"{done} {item['name']}: {item['records']} records, {_moment(item)}")


def _moment(item: dict[str, Any]) -> str:
    return datetime.fromtimestamp(item["moment"], UTC).isoformat(timespec="seconds")
