"""Choose the workers a task is offered to.

Source: task queue, multitasking, workflow configuration and order workers pages.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from twilio_emulator.store import Store
from twilio_emulator.taskrouter.eligibility import Eligibility
from twilio_emulator.taskrouter.plans import OrderClause
from twilio_emulator.taskrouter.records import Activity, Task, TaskQueue, Worker
from twilio_emulator.taskrouter.worker_names import worker_named

from .free_workers import FreeWorkers
from .load import Load
from .needs import Need, target_of
from .scope import WorkerScope

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator


def choose(emulator: Emulator, task: Task, need: Need) -> list[Worker]:
    """List the workers a task is to be offered to now, at most as many as its queue allows."""
    if need.worker is not None:
        worker = named_worker(emulator.store, need)
        return [worker] if worker and fits(emulator, need, worker) else []
    queue = emulator.store[TaskQueue].get(need.queue_sid or "")
    if queue is None:
        return []
    free = _free(emulator, queue, need)
    target = target_of(emulator.store, task)
    if target is not None and target.order_by:
        return heapq.nsmallest(
            queue.max_reserved_workers, free, lambda worker: order_key(worker, target.order_by)
        )
    return list(islice(free, queue.max_reserved_workers))


def fits(emulator: Emulator, need: Need, worker: Worker) -> bool:
    """Tell whether a worker can be offered what is needed, right now."""
    if worker.workspace_sid != need.workspace_sid or not need.names(worker):
        return False
    if need.queue_sid is not None:
        queue = emulator.store[TaskQueue].get(need.queue_sid)
        if queue is None or not emulator.state(Eligibility).fits(queue, worker):
            return False
    is_free = emulator.state(FreeWorkers).is_free
    if not need.ignore_capacity and not is_free(worker, need.channel_sid):
        return False
    return need.expression is None or need.fits(
        WorkerScope(emulator.store, worker, emulator.state(Load))
    )


def named_worker(store: Store, need: Need) -> Worker | None:
    """Find the one worker a need is for; None when there is none (yet)."""
    if need.worker is None:
        return None
    by, name = need.worker
    if by == "sid":
        return store[Worker].get(name)
    return worker_named(store, need.workspace_sid, name)


def order_key(worker: Worker, clauses: tuple[OrderClause, ...]) -> list[tuple[int, int]]:
    """Write what `order_by` compares; a worker without a whole number comes last.

    Ties keep the order the workers come in: the longest idle first.
    """
    return [_clause_key(worker, clause) for clause in clauses]


def skips(emulator: Emulator, task: Task) -> bool:
    """Tell whether a task's target is to be skipped, nobody being there for it.

    Source: worker presence page: the counts are of the queue's workers by activity.
    """
    target = target_of(emulator.store, task)
    queue = emulator.store[TaskQueue].get(task.task_queue_sid or "")
    if target is None or target.skip_if is None or queue is None:
        return False
    counts = {sid: n for sid, n in emulator.state(Eligibility).activities(queue).items() if n}
    activities = emulator.store[Activity]
    available = sum(n for sid, n in counts.items() if (a := activities.get(sid)) and a.available)
    named = {a.sid: counts.get(a.sid, 0) for a in activities}
    presence = {"available": available, "unavailable": sum(counts.values()) - available}
    return target.skip_if.matches({"workers": {**named, **presence}})


def _free(emulator: Emulator, queue: TaskQueue, need: Need) -> Iterator[Worker]:
    load = emulator.state(Load)
    for worker in emulator.state(FreeWorkers).of(queue, need.channel_sid, need.wanted()):
        if need.expression is None or need.fits(WorkerScope(emulator.store, worker, load)):
            yield worker


def _clause_key(worker: Worker, clause: OrderClause) -> tuple[int, int]:
    value: object = worker.parsed_attributes
    for name in clause.path:
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, int) or isinstance(value, bool):
        return 1, 0
    return 0, -value if clause.descending else value
