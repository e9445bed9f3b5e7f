"""Answer the statistics requests about workers.

Source: taskrouter_v1 OpenAPI document; worker statistics page.
"""

from __future__ import annotations

from collections.abc import Callable

from twilio_emulator import assumptions
from twilio_emulator.taskrouter.eligibility import Eligibility
from twilio_emulator.taskrouter.lookup import part_of, parts, workspace_of
from twilio_emulator.taskrouter.records import Activity, TaskQueue, Worker, Workspace
from twilio_emulator.wire import ApiError, Call

from .asked import asked, channel_of
from .counting import RESERVATIONS, counts, durations, stays
from .handlers import Statistics, about, queue_named
from .history import History
from .realtime import workers_now

WORKERS_WITH_STATISTICS = 100


def workers_realtime(call: Call) -> Statistics:
    """Tell what the workers are doing now."""
    workspace = _workspace_of_few(call)
    now = workers_now(call.store, workspace, None, channel_of(call, workspace.sid))
    return {**about(call, workspace), **now}


def workers_cumulative(call: Call) -> Statistics:
    """Tell what the workers did."""
    workspace = _workspace_of_few(call)
    workers = parts(call.store, Worker, workspace.sid)
    return {**about(call, workspace), **_workers_past(call, workspace, workers)}


def workers_statistics(call: Call) -> Statistics:
    """Tell what all or some workers are doing now, and what they did."""
    workspace = _workspace_of_few(call)
    workers = _chosen(call, workspace)
    sids = {worker.sid for worker in workers}
    now = workers_now(call.store, workspace, sids, channel_of(call, workspace.sid))
    past = _workers_past(call, workspace, workers)
    return {**about(call, workspace), "cumulative": past, "realtime": now}


def worker_statistics(call: Call) -> Statistics:
    """Tell what one worker did."""
    workspace, worker = _workspace_of_few(call), part_of(call, Worker, "WorkerSid")
    past = _workers_past(call, workspace, [worker])
    return {**about(call, workspace), "cumulative": past, "worker_sid": worker.sid}


def _workspace_of_few(call: Call) -> Workspace:
    """Return the workspace, if it has few enough workers.

    Raises: ApiError when it has more than 100.
    Source: worker statistics page (may not be accessible above 100 workers).
    """
    workspace = workspace_of(call)
    count = (
        call.store[Worker].index("workspace", lambda item: item.workspace_sid).count(workspace.sid)
    )
    if count > WORKERS_WITH_STATISTICS and call.emulator.limits.enforced("worker_statistics"):
        status, code = assumptions.WORKER_STATISTICS_REFUSED
        raise ApiError(
            status,
            code,
            f"Statistics of workers are not available in workspace {workspace.sid} with {count}"
            f" workers (limit {WORKERS_WITH_STATISTICS})",
        )
    return workspace


def _chosen(call: Call, workspace: Workspace) -> list[Worker]:
    """List the workers a call is about.

    Raises: ApiError 400/20001 for an unknown queue.
    """
    params = call.params
    keeps: list[Callable[[Worker], bool]] = []
    if "FriendlyName" in params:
        keeps.append(lambda worker: worker.friendly_name == params["FriendlyName"])
    eligibility = call.emulator.state(Eligibility)
    for queues in _queues_named(call, workspace):
        members = eligibility.workers(queues)
        keeps.append(lambda worker, members=members: worker.sid in members)  # type: ignore[misc]
    workers = parts(call.store, Worker, workspace.sid)
    return [worker for worker in workers if all(keep(worker) for keep in keeps)]


def _queues_named(call: Call, workspace: Workspace) -> list[list[TaskQueue]]:
    found = []
    if "TaskQueueSid" in call.params:
        found.append([queue_named(call, workspace, call.params["TaskQueueSid"])])
    if "TaskQueueName" in call.params:
        queues, name = parts(call.store, TaskQueue, workspace.sid), call.params["TaskQueueName"]
        found.append([queue for queue in queues if queue.friendly_name == name])
    return found


def _workers_past(call: Call, workspace: Workspace, workers: list[Worker]) -> Statistics:
    wanted, history = asked(call, workspace.sid), call.emulator.state(History)
    start_ms = int(wanted.start.timestamp() * 1000)
    spent: dict[str, list[float]] = {}
    facts = []
    for worker in workers:
        since = history.of(worker.sid, start_ms)
        present = (worker.activity_sid, worker.date_status_changed)
        for activity_sid, seconds in stays(since, present, wanted.start, wanted.end):
            spent.setdefault(activity_sid, []).append(seconds)
        facts += wanted.facts(call, worker.sid)
    return {
        **counts(facts, RESERVATIONS),
        "activity_durations": [
            {
                **durations(spent.get(activity.sid, [])),
                "friendly_name": activity.friendly_name,
                "sid": activity.sid,
            }
            for activity in parts(call.store, Activity, workspace.sid)
        ],
        **wanted.times,
    }
