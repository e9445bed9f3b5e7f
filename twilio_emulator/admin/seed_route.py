"""The own route that makes workers, tasks, calls and conferences in bulk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import seeding
from .request import OwnRequest, Refusal

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator


async def seed(emulator: Emulator, request: OwnRequest) -> dict[str, Any]:
    """Make what the document says, all or nothing."""
    try:
        return {"made": seeding.plant(emulator, seeding.plan(emulator.store, request.body))}
    except ValueError as error:
        raise Refusal(400, str(error)) from None


async def seed_schema(_emulator: Emulator, _request: OwnRequest) -> dict[str, Any]:
    """Show the JSON Schema of the document."""
    return dict(seeding.SCHEMA)
