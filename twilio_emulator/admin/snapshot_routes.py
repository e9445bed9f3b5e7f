"""Own routes about snapshots: take, list, pass on, go back to, delete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from twilio_emulator.store import Snapshot, StateError
from twilio_emulator.version import version
from twilio_emulator.wire.functions import FunctionResponse

from .request import MARK, OwnRequest, Refusal, refuse_unknown
from .snapshots import WrongName

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator


@contextmanager
def _refusals(name: str) -> Iterator[None]:
    """Answer what cannot be done with a snapshot."""
    try:
        yield
    except WrongName as error:
        raise Refusal(404 if str(error).startswith("there is no") else 400, str(error)) from None
    except StateError as error:
        raise Refusal(400, f"snapshot '{name}' cannot be used: {error}") from None
    except OSError as error:
        raise Refusal(507, f"snapshot '{name}' cannot be kept: {error.strerror}") from None


async def take(emulator: Emulator, request: OwnRequest) -> dict[str, Any]:
    """Keep the present state under `name`."""
    refuse_unknown(request.body, ("name",))
    name = request.body.get("name")
    if not isinstance(name, str):
        raise Refusal(400, "give name, what to call the snapshot")
    with _refusals(name):
        emulator.snapshots.keep(name, emulator.snapshot().dump())
        return emulator.snapshots.describe(name)


async def list_all(emulator: Emulator, _request: OwnRequest) -> dict[str, Any]:
    """List the snapshots."""
    with _refusals("*"):
        return {"snapshots": list(emulator.snapshots.shown())}


async def download(emulator: Emulator, request: OwnRequest) -> FunctionResponse:
    """Send a snapshot as a file."""
    with _refusals(request.name):
        content = emulator.snapshots.read(request.name)
    headers = (("Content-Type", "application/gzip"), (MARK, version()))
    return FunctionResponse(200, headers, content)


async def upload(emulator: Emulator, request: OwnRequest) -> dict[str, Any]:
    """Keep a file that another emulator sent, once it is found to fit this one."""
    with _refusals(request.name):
        emulator.check(Snapshot.load(request.content))
        emulator.snapshots.keep(request.name, request.content)
        return emulator.snapshots.describe(request.name)


async def restore(emulator: Emulator, request: OwnRequest) -> dict[str, Any]:
    """Go back to a snapshot."""
    with _refusals(request.name):
        await emulator.restore(Snapshot.load(emulator.snapshots.read(request.name)))
        return emulator.snapshots.describe(request.name)


async def delete(emulator: Emulator, request: OwnRequest) -> dict[str, Any]:
    """Delete a snapshot."""
    with _refusals(request.name):
        emulator.snapshots.forget(request.name)
    return {"removed": request.name}
