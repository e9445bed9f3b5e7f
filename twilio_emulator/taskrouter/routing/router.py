"""Look at what has changed and offer tasks to workers until nothing more can be offered.

Records say what to look at: a task that began to wait, a worker who may have become free, a queue
whose members changed.  A worker is shown the waiting tasks of their queues, a new task the free
workers of its queue, so that either costs what it needs and not what there is.  Between two runs
no free worker stands beside a waiting task they fit; that is why a task that joins others with
the same need need not look for workers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from twilio_emulator import assumptions
from twilio_emulator.taskrouter.eligibility import Eligibility
from twilio_emulator.taskrouter.lookup import parts
from twilio_emulator.taskrouter.records import (
    Reservation,
    Task,
    TaskQueue,
    Worker,
    WorkerChannel,
    Workflow,
    Workspace,
)

from .batches import reserve
from .deadlines import end_of_step
from .free_workers import FreeWorkers
from .load import Load
from .matching import choose, fits, skips
from .needs import Need, has_lost_its_target
from .progress import cancel_task, enter_workflow, skip, time_out
from .waiting import Waiting

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator


class Router:
    """Keep track of what has to be looked at, and look at it when told to run."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator, self._store = emulator, emulator.store
        emulator.state(Eligibility)
        emulator.state(Load)
        emulator.state(FreeWorkers)
        self._waiting = emulator.state(Waiting)
        self._tasks: dict[str, bool] = {}
        self._workers: dict[str, None] = {}
        self._queues: dict[str, None] = {}
        self._is_running = False
        self._observe()
        for task in self._store[Task]:
            self._task_changed(None, task)

    def run(self) -> None:
        """Offer what can be offered; a run that is under way goes on with what was added."""
        if self._is_running:
            return
        self._is_running = True
        try:
            while self._tasks or self._workers or self._queues:
                self._serve_workers()
                self._serve_queues()
                self._look_at_tasks()
        finally:
            self._is_running = False

    def _serve_workers(self) -> None:
        while self._workers:
            sid = next(iter(self._workers))
            del self._workers[sid]
            self._serve_worker(sid)

    def _serve_worker(self, sid: str) -> None:
        """Offer the waiting tasks a worker fits, the first first, until they are busy."""
        refused: set[Need] = set()
        while (worker := self._store[Worker].get(sid)) is not None:
            needs = [
                need
                for need in self._waiting.needs_about(worker)
                if need not in refused and self._is_for(need, worker)
            ]
            if not needs:
                return
            first = min(needs, key=lambda need: self._waiting.line(need)[0])
            if not self._offer_first(first):
                refused.add(first)

    def _is_for(self, need: Need, worker: Worker) -> bool:
        return fits(self._emulator, need, worker)

    def _serve_queues(self) -> None:
        while self._queues:
            sid = next(iter(self._queues))
            del self._queues[sid]
            for need in self._waiting.needs_in(sid):
                while self._offer_first(need):
                    pass

    def _offer_first(self, need: Need) -> bool:
        line = self._waiting.line(need)
        task = self._store[Task].get(line[0][-1]) if line else None
        return task is not None and self._offer(task, need)

    def _offer(self, task: Task, need: Need) -> bool:
        workers = choose(self._emulator, task, need)
        if workers:
            reserve(self._emulator, task, workers)
        return bool(workers)

    def _look_at_tasks(self) -> None:
        """Look at the tasks that are new in their place, in the order they are offered."""
        for sid in sorted(self._tasks, key=self._standing):
            self._serve_workers()
            if sid in self._tasks:
                self._look_at(sid, has_entered=self._tasks.pop(sid))

    def _standing(self, sid: str) -> tuple[int, float, float, int, str]:
        place = self._waiting.place(sid)
        return place[1] if place else (2, 0.0, 0.0, 0, sid)

    def _look_at(self, sid: str, *, has_entered: bool) -> None:
        task = self._store[Task].get(sid)
        if task is None or task.assignment_status != "pending":
            return
        place = self._waiting.place(sid)
        if has_lost_its_target(self._store, task):
            self._change(lambda: enter_workflow(self._emulator, self._store.change(task)))
        elif place is None:
            self._change(lambda: self._cancel_unmatched(task))
        elif self._is_overdue(task):
            self._change(lambda: time_out(self._emulator, task))
        elif not self._is_settled(place[0], sid) and self._offer(task, place[0]):
            return
        elif has_entered and skips(self._emulator, task):
            self._change(lambda: skip(self._emulator, task))

    def _change(self, step: Callable[[], Task]) -> None:
        with self._store.transaction():
            step()

    def _cancel_unmatched(self, task: Task) -> Task:
        reason = assumptions.UNMATCHED_TASK_REASON
        return cancel_task(self._emulator, task, reason, description=reason)

    def _is_overdue(self, task: Task) -> bool:
        end = end_of_step(task)
        return end is not None and end <= self._emulator.clock.now()

    def _is_settled(self, need: Need, sid: str) -> bool:
        """Tell whether another task with this need has been looked at: nobody is free then."""
        line = self._waiting.line(need)
        others = (line[0][-1], line[-1][-1])
        return any(other != sid and other not in self._tasks for other in others)

    def _observe(self) -> None:
        observe = self._store.observe
        observe(Task, self._task_changed)
        observe(Worker, self._worker_changed)
        observe(WorkerChannel, self._channel_changed)
        observe(Reservation, self._reservation_changed)
        observe(TaskQueue, self._queue_changed)
        observe(Workflow, self._workflow_changed)
        observe(Workspace, self._workspace_changed)

    def _task_changed(self, old: Task | None, new: Task | None) -> None:
        if new is None or new.assignment_status != "pending":
            return
        has_entered = old is None or _place(old) != _place(new)
        self._tasks[new.sid] = has_entered or self._tasks.get(new.sid, False)

    def _worker_changed(self, old: Worker | None, new: Worker | None) -> None:
        if new is not None and (old is None or _counting(old) != _counting(new)):
            self._workers[new.sid] = None

    def _channel_changed(self, _old: WorkerChannel | None, new: WorkerChannel | None) -> None:
        if new is not None:
            self._workers[new.worker_sid] = None

    def _reservation_changed(self, old: Reservation | None, new: Reservation | None) -> None:
        reservation = new or old
        if reservation is not None:
            self._workers[reservation.worker_sid] = None

    def _queue_changed(self, old: TaskQueue | None, new: TaskQueue | None) -> None:
        if old and new and old.target_workers != new.target_workers:
            self._queues[new.sid] = None

    def _workflow_changed(self, old: Workflow | None, new: Workflow | None) -> None:
        if old is None or new is None or old.configuration == new.configuration:
            return
        index = self._store[Task].index("workflow", lambda task: task.workflow_sid)
        for task in index.get(new.sid):
            if task.assignment_status == "pending":
                self._tasks.setdefault(task.sid, False)

    def _workspace_changed(self, old: Workspace | None, new: Workspace | None) -> None:
        """Look at every worker where they may now do several tasks at a time."""
        if old and new and old.multi_task_enabled != new.multi_task_enabled:
            workers = parts(self._store, Worker, new.sid)
            self._workers.update(dict.fromkeys(worker.sid for worker in workers))


def look_again(emulator: Emulator) -> None:
    """Have the routing look at what the present transaction changes, once it is committed.

    It comes last in a transaction: what is announced after it would reach callback receivers
    after the offers that follow from it.
    """
    emulator.store.after_commit(emulator.state(Router).run)


def _place(task: Task) -> tuple[object, ...]:
    """Return what changes when a task comes to a step, or back from its reservations."""
    return (
        task.assignment_status,
        task.date_workflow_entered,
        task.filter_index,
        task.target_index,
        task.task_queue_sid,
    )


def _counting(worker: Worker) -> tuple[str, str, str]:
    """Return what a worker's chances depend on."""
    return worker.activity_sid, worker.attributes, worker.friendly_name
