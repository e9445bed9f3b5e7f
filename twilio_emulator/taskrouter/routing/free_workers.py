"""Workers who can be offered a task, per queue and channel, the longest idle first.

A list is made when it is first asked for and kept in order from then on: a changed worker is
taken out and put in again where it belongs.  Changes are only noted while records change and
worked in when somebody asks, once per worker however often it changed.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Set
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

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

    def of(self, queue: TaskQueue, channel_sid: str) -> Iterator[Worker]:
        """Yield the workers of a queue who are free on a channel, the longest idle first.

        Records must not change while it is being read.
        """
        self._work_in_changes()
        lists = self._lists.setdefault(queue.workspace_sid, {})
        found = lists.get((queue.sid, channel_sid))
        if found is None:
            found = lists[queue.sid, channel_sid] = self._listed(queue, channel_sid)
        workers = self._store[Worker]
        for _, _, sid in found.ranks:
            worker = workers.get(sid)
            if worker is not None:
                yield worker

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
                found.place(worker_sid, None)
                continue
            if channel_sid not in ranks:
                ranks[channel_sid] = rank if self.is_free(worker, channel_sid) else None
            found.place(worker_sid, ranks[channel_sid])

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


class _List:
    """Ranks in order, with the rank each worker has here and the members of the queue."""

    def __init__(self, members: Set[str], ranks: list[_Rank]) -> None:
        self.members = members
        self.ranks = ranks
        self._of = {rank[2]: rank for rank in ranks}

    def place(self, worker_sid: str, rank: _Rank | None) -> None:
        """Put a worker where it belongs, or (None) nowhere."""
        present = self._of.get(worker_sid)
        if present is rank or present == rank:
            return
        if present is not None:
            del self.ranks[bisect_left(self.ranks, present)]
            del self._of[worker_sid]
        if rank is not None:
            insort(self.ranks, rank)
            self._of[worker_sid] = rank
