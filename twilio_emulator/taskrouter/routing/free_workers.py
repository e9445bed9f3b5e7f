"""Workers who can be offered a task, per queue and channel, the longest idle first.

A list is made when it is first asked for and kept in order from then on: a changed worker is
taken out and put in again where it belongs.  Changes are only noted while records change and
worked in when somebody asks, once per worker however often it changed.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Set
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from twilio_emulator.expressions.evaluation import reader
from twilio_emulator.store import Collection
from twilio_emulator.taskrouter.eligibility import Eligibility
from twilio_emulator.taskrouter.records import (
    Activity,
    Reservation,
    TaskQueue,
    Worker,
    WorkerChannel,
    Workspace,
)

from .load import Load
from .scope import channel_settings
from .selectors import Path, scalars

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

_Rank: TypeAlias = tuple[datetime, int, str]


class FreeWorkers:
    """Know who is free."""

    def __init__(self, emulator: Emulator) -> None:
        self._store = emulator.store
        self._load = emulator.state(Load)
        self._eligibility = emulator.state(Eligibility)
        self._lists: dict[str, dict[tuple[str, str], _List]] = {}
        self._stale: dict[str, str] = {}
        observe = emulator.store.observe
        observe(Worker, self._worker_changed)
        observe(WorkerChannel, self._channel_changed)
        observe(Reservation, self._reservation_changed)
        observe(TaskQueue, self._queue_changed)
        observe(Workspace, self._workspace_changed)

    def of(
        self, queue: TaskQueue, channel_sid: str, wanted: Iterable[tuple[Path, list[Any]]] = ()
    ) -> Iterator[Worker]:
        """Yield the workers of a queue who are free on a channel, the longest idle first.

        Shape: `wanted` are attributes and values (`Need.wanted`); who has another value may be
        left out.
        Records must not change while it is being read.
        """
        self._work_in_changes()
        lists = self._lists.setdefault(queue.workspace_sid, {})
        found = lists.get((queue.sid, channel_sid))
        if found is None:
            found = lists[queue.sid, channel_sid] = self._listed(queue, channel_sid)
        workers = self._store[Worker]
        for _, _, sid in self._among(found, wanted):
            worker = workers.get(sid)
            if worker is not None:
                yield worker

    def _among(self, found: _List, wanted: Iterable[tuple[Path, list[Any]]]) -> list[_Rank]:
        """Return the ranks of a list, or of the fewest of them that something wanted leaves."""
        fewest: set[str] | None = None
        for path, values in wanted:
            sids = found.shelf(path, self._store[Worker]).having(values)
            if fewest is None or len(sids) < len(fewest):
                fewest = sids
        return found.ranks if fewest is None else found.ranks_of(fewest)

    def is_free(self, worker: Worker, channel_sid: str) -> bool:
        """Tell whether a worker can be offered a task on a channel.

        Source: multitasking page (activity, channel and capacity).
        """
        activity = self._store[Activity].get(worker.activity_sid)
        if activity is None or not activity.available:
            return False
        own = channel_settings(self._store, worker.sid, channel_sid)
        capacity = own.configured_capacity if own else 1
        if own is not None and not own.available:
            return False
        workspace = self._store[Workspace].get(worker.workspace_sid)
        if workspace is not None and not workspace.multi_task_enabled:
            return capacity > 0 and not self._load.open(worker.sid)
        return self._load.reserved(worker.sid, channel_sid) < capacity

    def _listed(self, queue: TaskQueue, channel_sid: str) -> _List:
        workers = self._store[Worker]
        sids = self._eligibility.members(queue)
        members = (workers.get(sid) for sid in sids)
        free = (member for member in members if member and self.is_free(member, channel_sid))
        return _List(sids, sorted(self._rank(worker) for worker in free))

    def _rank(self, worker: Worker) -> _Rank:
        position = self._store[Worker].position(worker.sid) or 0
        return worker.date_occupied or worker.date_created, position, worker.sid

    def _work_in_changes(self) -> None:
        stale, self._stale = self._stale, {}
        for worker_sid, workspace_sid in stale.items():
            self._place(worker_sid, self._lists.get(workspace_sid, {}))

    def _place(self, worker_sid: str, lists: dict[tuple[str, str], _List]) -> None:
        worker = self._store[Worker].get(worker_sid)
        rank = self._rank(worker) if worker else None
        ranks: dict[str, _Rank | None] = {}
        for (_, channel_sid), found in lists.items():
            if worker is None or worker_sid not in found.members:
                found.place(worker_sid, None, None)
                continue
            if channel_sid not in ranks:
                ranks[channel_sid] = rank if self.is_free(worker, channel_sid) else None
            found.place(worker_sid, ranks[channel_sid], worker)

    def _worker_changed(self, old: Worker | None, new: Worker | None) -> None:
        worker = new or old
        if worker is not None:
            self._stale[worker.sid] = worker.workspace_sid

    def _channel_changed(self, old: WorkerChannel | None, new: WorkerChannel | None) -> None:
        channel = new or old
        if channel is not None:
            self._stale[channel.worker_sid] = channel.workspace_sid

    def _reservation_changed(self, old: Reservation | None, new: Reservation | None) -> None:
        reservation = new or old
        if reservation is not None:
            self._stale[reservation.worker_sid] = reservation.workspace_sid

    def _queue_changed(self, old: TaskQueue | None, new: TaskQueue | None) -> None:
        if old is not None and (new is None or new.target_workers != old.target_workers):
            lists = self._lists.get(old.workspace_sid, {})
            for key in [key for key in lists if key[0] == old.sid]:
                del lists[key]

    def _workspace_changed(self, old: Workspace | None, new: Workspace | None) -> None:
        if old is not None and (new is None or new.multi_task_enabled != old.multi_task_enabled):
            self._lists.pop(old.sid, None)


class _List:
    """Ranks in order, with the rank each worker has here and the members of the queue."""

    def __init__(self, members: Set[str], ranks: list[_Rank]) -> None:
        self.members = members
        self.ranks = ranks
        self._of = {rank[2]: rank for rank in ranks}
        self._shelves: dict[Path, _Shelf] = {}

    def shelf(self, path: Path, workers: Collection[Worker]) -> _Shelf:
        """Return the workers by an attribute, sorted in when it is first asked for."""
        found = self._shelves.get(path)
        if found is None:
            found = self._shelves[path] = _Shelf(path)
            for sid in self._of:
                found.put(sid, workers.get(sid))
        return found

    def ranks_of(self, sids: set[str]) -> list[_Rank]:
        """Return the ranks of some of the workers, in order."""
        return sorted(self._of[sid] for sid in sids)

    def place(self, worker_sid: str, rank: _Rank | None, worker: Worker | None) -> None:
        """Put a worker where it belongs, or (None) nowhere."""
        for shelf in self._shelves.values():
            shelf.put(worker_sid, worker if rank else None)
        present = self._of.get(worker_sid)
        if present is rank or present == rank:
            return
        if present is not None:
            del self.ranks[bisect_left(self.ranks, present)]
            del self._of[worker_sid]
        if rank is not None:
            insort(self.ranks, rank)
            self._of[worker_sid] = rank


class _Shelf:
    """Workers by the values one of their attributes is, or has as an array."""

    def __init__(self, path: Path) -> None:
        self._read = reader(path)
        self._by: dict[Any, set[str]] = {}
        self._values: dict[str, tuple[Any, ...]] = {}

    def having(self, values: list[Any]) -> set[str]:
        """Return the SIDs of the workers who have one of the values."""
        return set().union(*(self._by.get(value, ()) for value in values))

    def put(self, sid: str, worker: Worker | None) -> None:
        """Sort a worker in by what it has now, or (None) take it out."""
        values = tuple(scalars(self._read(worker.parsed_attributes))) if worker else ()
        present = self._values.pop(sid, ())
        for value in present:
            if value not in values and (group := self._by.get(value)) is not None:
                group.discard(sid)
                if not group:
                    del self._by[value]
        if values:
            self._values[sid] = values
        for value in values:
            self._by.setdefault(value, set()).add(sid)
