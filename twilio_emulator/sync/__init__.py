"""Sync v1: services, documents, lists and maps, at `sync.twilio.com`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_emulator.wire import Refused

from . import containers, documents, items, services
from .records import Document, Item, SyncList, SyncMap, SyncService

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

__all__ = ["RECORDS", "REFUSED", "ROUTES", "start", "stop"]

ROUTES = (*services.ROUTES, *documents.ROUTES, *containers.ROUTES, *items.ROUTES)
RECORDS = (SyncService, Document, SyncList, SyncMap, Item)
REFUSED = (
    Refused(
        services.HOST,
        "/v1/Services/{ServiceSid}/Streams",
        "message streams reach only connected clients, which the emulator does not have",
    ),
    *(
        Refused(
            services.HOST,
            f"/v1/Services/{{ServiceSid}}/{kind}/{{Sid}}/Permissions",
            "permissions apply to client tokens, which the emulator does not issue",
        )
        for kind in ("Documents", "Lists", "Maps")
    ),
)


async def start(_emulator: Emulator) -> None:
    """Nothing runs beside the requests."""


async def stop(_emulator: Emulator) -> None:
    """Nothing runs beside the requests."""
