"""Which workers each queue's expression fits, kept true as workers and queues change.

A queue's members are worked out once, when first asked for.  After that a changed worker is
tested again only for the queues whose expression reads an attribute that changed, so that a
write of attributes no expression reads costs no test at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from typing import TYPE_CHECKING, Any

from .lookup import parts
from .records import TaskQueue, Worker

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator


class _Members:
    """Members of one queue with their activities, and how many there are of each."""

    def __init__(self) -> None:
        self.activity_of: dict[str, str] = {}
        self.activities: Counter[str] = Counter()

    def put(self, worker: Worker) -> None:
        """Take a worker in, or follow one to another activity."""
        self.drop(worker)
        self.activity_of[worker.sid] = worker.activity_sid
        self.activities[worker.activity_sid] += 1

    def drop(self, worker: Worker) -> None:
        """Leave a worker out."""
        activity_sid = self.activity_of.pop(worker.sid, None)
        if activity_sid is not None:
            self.activities[activity_sid] -= 1


class Eligibility:
    """Members of the queues that were asked about."""

    def __init__(self, emulator: Emulator) -> None:
        self._store = emulator.store
        self._members: dict[str, _Members] = {}
        self._store.observe(Worker, self._worker_changed)
        self._store.observe(TaskQueue, self._queue_changed)

    def members(self, queue: TaskQueue) -> Set[str]:
        """Return the SIDs of the workers a queue's expression fits, as they are from then on.

        A changed expression makes a new set.
        """
        return self._of(queue).activity_of.keys()

    def activities(self, queue: TaskQueue) -> Mapping[str, int]:
        """Return how many of a queue's workers are in each activity, by its SID."""
        return self._of(queue).activities

    def workers(self, queues: Iterable[TaskQueue]) -> set[str]:
        """Return the SIDs of the workers that any of the queues fits."""
        return set().union(*(self.members(queue) for queue in queues))

    def fits(self, queue: TaskQueue, worker: Worker) -> bool:
        """Tell whether a queue's expression fits one worker, without working out the others."""
        members = self._members.get(queue.sid)
        if members is not None:
            return worker.sid in members.activity_of
        return queue.expression.matches(worker.parsed_attributes)

    def _of(self, queue: TaskQueue) -> _Members:
        found = self._members.get(queue.sid)
        if found is None:
            found, matches = _Members(), queue.expression.matches
            for worker in parts(self._store, Worker, queue.workspace_sid):
                if matches(worker.parsed_attributes):
                    found.put(worker)
            self._members[queue.sid] = found
        return found

    def _queue_changed(self, old: TaskQueue | None, new: TaskQueue | None) -> None:
        if old is not None and (new is None or new.target_workers != old.target_workers):
            self._members.pop(old.sid, None)

    def _worker_changed(self, old: Worker | None, new: Worker | None) -> None:
        worker = new or old
        if worker is None:
            return
        changed = _changed_keys(old, new)
        if old and new and not changed and old.activity_sid == new.activity_sid:
            return
        for queue in parts(self._store, TaskQueue, worker.workspace_sid):
            members = self._members.get(queue.sid)
            if members is None:
                continue
            if changed is not None and changed.isdisjoint(queue.expression.roots):
                fits = worker.sid in members.activity_of
            else:
                fits = new is not None and queue.expression.matches(new.parsed_attributes)
            (members.put if fits else members.drop)(worker)


def _changed_keys(old: Worker | None, new: Worker | None) -> set[str] | None:
    """List the attributes that differ; None when the worker itself came or went."""
    if old is None or new is None:
        return None
    if old.attributes == new.attributes:
        return set()
    before, after = old.parsed_attributes, new.parsed_attributes
    return {key for key in before.keys() | after.keys() if _differ(before, after, key)}


def _differ(before: dict[str, Any], after: dict[str, Any], key: str) -> bool:
    # repr tells 1 from true and from 1.0, which == does not and expressions do.
    return key not in before or key not in after or repr(before[key]) != repr(after[key])
