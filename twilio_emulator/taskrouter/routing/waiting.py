"""Tasks that wait for a worker, per need, in the order they will be offered.

Source: task queue and queue ordering pages: FIFO by priority, then by virtual start time; LIFO
the newest first whatever its priority; the workspace says which of the two kinds goes first.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from twilio_emulator.store import Store
from twilio_emulator.taskrouter.lookup import parts
from twilio_emulator.taskrouter.records import Task, TaskQueue, Worker, Workflow, Workspace

from .needs import Need, names_of, need_of

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

Rank: TypeAlias = tuple[int, float, float, int, str]
"""Kind of queue, priority, start, position and SID; the lowest is offered first."""


class Waiting:
    """Know which tasks wait.

    Changes are only noted while records change and worked in when somebody asks.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._store = emulator.store
        self._lines: dict[Need, list[Rank]] = {}
        self._groups: dict[Hashable, dict[Need, None]] = {}
        self._places: dict[str, tuple[Need, Rank]] = {}
        self._stale: dict[str, None] = dict.fromkeys(task.sid for task in emulator.store[Task])
        observe = emulator.store.observe
        observe(Task, self._task_changed)
        observe(TaskQueue, self._queue_changed)
        observe(Workflow, self._workflow_changed)
        observe(Workspace, self._workspace_changed)

    def tasks(self, queue: TaskQueue) -> list[Task]:
        """List a queue's waiting tasks in the order they will be offered."""
        ranks = sorted(rank for need in self.needs_in(queue.sid) for rank in self._lines[need])
        found = (self._store[Task].get(rank[-1]) for rank in ranks)
        return [task for task in found if task is not None]

    def line(self, need: Need) -> list[Rank]:
        """Return the ranks of the tasks with a need, in order; not to be changed."""
        self._work_in_changes()
        return self._lines.get(need, [])

    def place(self, task_sid: str) -> tuple[Need, Rank] | None:
        """Return what a task needs and where it stands; None when it does not wait."""
        self._work_in_changes()
        return self._places.get(task_sid)

    def needs_in(self, queue_sid: str) -> list[Need]:
        """List the needs of the tasks waiting in a queue."""
        self._work_in_changes()
        return list(self._groups.get(("queue", queue_sid), ()))

    def needs_about(self, worker: Worker) -> Iterator[Need]:
        """Yield the needs a worker may fit: those that name them, and those for anyone."""
        self._work_in_changes()
        for key in (*names_of(worker), ("anyone", "")):
            yield from list(self._groups.get((key, worker.workspace_sid), ()))

    def _work_in_changes(self) -> None:
        stale, self._stale = self._stale, {}
        for sid in stale:
            self._leave(sid)
            task = self._store[Task].get(sid)
            if task is not None and task.assignment_status == "pending":
                need = need_of(self._store, task)
                if need is not None:
                    self._join(need, rank_of(self._store, task))

    def _join(self, need: Need, rank: Rank) -> None:
        insort(self._lines.setdefault(need, []), rank)
        for key in _group_keys(need):
            self._groups.setdefault(key, {})[need] = None
        self._places[rank[-1]] = (need, rank)

    def _leave(self, task_sid: str) -> None:
        need, rank = self._places.pop(task_sid, (None, None))
        if need is None or rank is None:
            return
        line = self._lines[need]
        del line[bisect_left(line, rank)]
        if line:
            return
        del self._lines[need]
        for key in _group_keys(need):
            group = self._groups[key]
            del group[need]
            if not group:
                del self._groups[key]

    def _task_changed(self, old: Task | None, new: Task | None) -> None:
        task = new or old
        if task is not None:
            self._stale[task.sid] = None

    def _queue_changed(self, old: TaskQueue | None, new: TaskQueue | None) -> None:
        if old is not None and new is not None and old.task_order != new.task_order:
            waiting = self.tasks(new)
            self._stale.update(dict.fromkeys(task.sid for task in waiting))

    def _workflow_changed(self, old: Workflow | None, new: Workflow | None) -> None:
        workflow = new or old
        if workflow is None or (old and new and old.configuration == new.configuration):
            return
        index = self._store[Task].index("workflow", lambda task: task.workflow_sid)
        self._stale.update(dict.fromkeys(task.sid for task in index.get(workflow.sid)))

    def _workspace_changed(self, old: Workspace | None, new: Workspace | None) -> None:
        if old is None or new is None:
            return
        if old.prioritize_queue_order != new.prioritize_queue_order:
            tasks = parts(self._store, Task, new.sid)
            self._stale.update(dict.fromkeys(task.sid for task in tasks))


def rank_of(store: Store, task: Task) -> Rank:
    """Work out where a task stands among those that wait."""
    queue = store[TaskQueue].get(task.task_queue_sid) if task.task_queue_sid else None
    workspace = store[Workspace].get(task.workspace_sid)
    order = queue.task_order if queue else "FIFO"
    kind = 0 if workspace is None or order == workspace.prioritize_queue_order else 1
    start, position = task.virtual_start_time.timestamp(), store[Task].position(task.sid) or 0
    if order == "LIFO":
        return kind, 0.0, -start, -position, task.sid
    return kind, -task.priority, start, position, task.sid


def _group_keys(need: Need) -> Iterator[Hashable]:
    yield need.worker or ("anyone", ""), need.workspace_sid
    if need.queue_sid is not None:
        yield "queue", need.queue_sid
