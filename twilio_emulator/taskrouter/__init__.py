"""TaskRouter v1: configuration, workers and events, at `taskrouter.twilio.com`.

Tasks, reservations and statistics are refused by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_emulator.wire import Refused

from . import (
    activities,
    events,
    task_channels,
    task_queues,
    worker_channels,
    workers,
    workflows,
    workspaces,
)
from .callbacks import Callbacks
from .lookup import HOST, ROOT
from .records import RECORDS

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

__all__ = ["RECORDS", "REFUSED", "ROUTES", "start", "stop"]

ROUTES = (
    *workspaces.ROUTES,
    *activities.ROUTES,
    *task_channels.ROUTES,
    *task_queues.ROUTES,
    *workflows.ROUTES,
    *workers.ROUTES,
    *worker_channels.ROUTES,
    *events.ROUTES,
)

_NO_TASKS = "it routes no tasks"
_WORKSPACE = f"{ROOT}/{{WorkspaceSid}}"

REFUSED = (
    Refused(HOST, f"{_WORKSPACE}/Tasks", _NO_TASKS),
    Refused(HOST, f"{_WORKSPACE}/Workers/{{WorkerSid}}/Reservations", _NO_TASKS),
    *(
        Refused(HOST, f"{_WORKSPACE}{part}/{kind}", _NO_TASKS)
        for part in (
            "",
            "/Workers",
            "/Workers/{WorkerSid}",
            "/TaskQueues",
            "/TaskQueues/{TaskQueueSid}",
            "/Workflows/{WorkflowSid}",
        )
        for kind in ("Statistics", "RealTimeStatistics", "CumulativeStatistics")
    ),
)


async def start(emulator: Emulator) -> None:
    """Make ready to deliver callbacks."""
    emulator.state(Callbacks)


async def stop(emulator: Emulator) -> None:
    """End the deliveries under way."""
    await emulator.state(Callbacks).stop()
