"""Real-time and cumulative statistics, at `taskrouter.twilio.com`.

* `realtime` counts what there is now: tasks, workers, who is eligible.
* `history` keeps what happened: facts derived from events, for 30 days and over restarts.
* `counting` works cumulative statistics out of facts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_emulator.taskrouter.lookup import HOST, ROOT
from twilio_emulator.wire import Parameter, Route

from . import handlers, worker_handlers
from .asked import SPLIT, TASK_CHANNEL, WINDOW
from .history import History
from .records import StatisticsPage

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

__all__ = ["RECORDS", "ROUTES", "start"]

RECORDS = (StatisticsPage,)

_WORKSPACE = f"{ROOT}/{{WorkspaceSid}}"
_WORKFLOW = f"{_WORKSPACE}/Workflows/{{WorkflowSid}}"
_QUEUES = f"{_WORKSPACE}/TaskQueues"
_QUEUE = f"{_QUEUES}/{{TaskQueueSid}}"
_WORKERS = f"{_WORKSPACE}/Workers"
_WORKER = f"{_WORKERS}/{{WorkerSid}}"

_PAST = (*WINDOW, TASK_CHANNEL)
_PAST_SPLIT = (*_PAST, SPLIT)
_FRIENDLY_NAME = Parameter("FriendlyName", blank=False)
_CHOSEN = (
    _FRIENDLY_NAME,
    Parameter("TaskQueueSid", "sid", sid_prefix="WQ", blank=False),
    Parameter("TaskQueueName", blank=False),
)
_GET = {
    f"{_WORKSPACE}/Statistics": (handlers.workspace_statistics, _PAST_SPLIT),
    f"{_WORKSPACE}/RealTimeStatistics": (handlers.workspace_realtime, (TASK_CHANNEL,)),
    f"{_WORKSPACE}/CumulativeStatistics": (handlers.workspace_cumulative, _PAST_SPLIT),
    f"{_WORKFLOW}/Statistics": (handlers.workflow_statistics, _PAST_SPLIT),
    f"{_WORKFLOW}/RealTimeStatistics": (handlers.workflow_realtime, (TASK_CHANNEL,)),
    f"{_WORKFLOW}/CumulativeStatistics": (handlers.workflow_cumulative, _PAST_SPLIT),
    f"{_QUEUE}/Statistics": (handlers.queue_statistics, _PAST_SPLIT),
    f"{_QUEUE}/RealTimeStatistics": (handlers.queue_realtime, (TASK_CHANNEL,)),
    f"{_QUEUE}/CumulativeStatistics": (handlers.queue_cumulative, _PAST_SPLIT),
    f"{_WORKERS}/Statistics": (worker_handlers.workers_statistics, (*_PAST, *_CHOSEN)),
    f"{_WORKERS}/RealTimeStatistics": (worker_handlers.workers_realtime, (TASK_CHANNEL,)),
    f"{_WORKERS}/CumulativeStatistics": (worker_handlers.workers_cumulative, _PAST),
    f"{_WORKER}/Statistics": (worker_handlers.worker_statistics, _PAST),
}

ROUTES = (
    *(
        Route("GET", HOST, path, handler, parameters=parameters)
        for path, (handler, parameters) in _GET.items()
    ),
    Route(
        "GET",
        HOST,
        f"{_QUEUES}/Statistics",
        handlers.list_queue_statistics,
        parameters=(*_PAST_SPLIT, _FRIENDLY_NAME),
        page_size=1000,
    ),
    Route(
        "POST",
        HOST,
        f"{_QUEUES}/RealTimeStatistics",
        handlers.bulk_queue_realtime,
        body="json",
    ),
)


def start(emulator: Emulator) -> None:
    """Take up the past and follow what happens from now on."""
    emulator.state(History)
