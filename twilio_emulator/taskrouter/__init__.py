"""TaskRouter v1: configuration, workers, tasks, events, statistics: `taskrouter.twilio.com`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_emulator.wire import Route

from . import (
    activities,
    assignment,
    reservations,
    routing,
    statistics,
    task_channels,
    task_queues,
    tasks,
    worker_channels,
    workers,
    workflows,
    workspaces,
)
from .answer_headers import with_headers
from .events import listing as events
from .events.webhooks import Webhooks
from .records import RECORDS as OWN_RECORDS

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

__all__ = ["RECORDS", "ROUTES", "start", "stop"]

RECORDS = (*OWN_RECORDS, *statistics.RECORDS)

ROUTES: tuple[Route, ...] = tuple(
    with_headers(route)
    for route in (
        *workspaces.ROUTES,
        *activities.ROUTES,
        *task_channels.ROUTES,
        *task_queues.ROUTES,
        *workflows.ROUTES,
        *workers.ROUTES,
        *worker_channels.ROUTES,
        *tasks.ROUTES,
        *reservations.ROUTES,
        *events.ROUTES,
        *statistics.ROUTES,
    )
)


async def start(emulator: Emulator) -> None:
    """Make ready to deliver callbacks and take up the routing where it stopped."""
    emulator.state(Webhooks)
    statistics.start(emulator)
    assignment.offer_pending(emulator)
    routing.start(emulator)


async def stop(emulator: Emulator) -> None:
    """End the deliveries under way."""
    await emulator.state(Webhooks).stop()
