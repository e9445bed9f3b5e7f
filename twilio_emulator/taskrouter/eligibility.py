"""Which workers each queue's expression fits, kept true as workers and queues change.

A queue's members are worked out once, when first asked for.  After that a changed worker is
tested again only for the queues whose expression reads an attribute that changed, so that a
write of attributes no expression reads costs no test at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .lookup import parts
from .records import TaskQueue, Worker

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator


class Eligibility:
    """Members of the queues that were asked about."""

    def __init__(self, emulator: Emulator) -> None:
        self._store = emulator.store
        self._members: dict[str, set[str]] = {}
        self._store.observe(Worker, self._worker_changed)
        self._store.observe(TaskQueue, self._queue_changed)

    def members(self, queue: TaskQueue) -> set[str]:
        """Return the SIDs of the workers a queue's expression fits; not to be changed."""
        members = self._members.get(queue.sid)
        if members is None:
            matches = queue.expression.matches
            members = self._members[queue.sid] = {
                worker.sid
                for worker in parts(self._store, Worker, queue.workspace_sid)
                if matches(worker.parsed_attributes)
            }
        return members

    def workers(self, queues: Iterable[TaskQueue]) -> set[str]:
        """Return the SIDs of the workers that any of the queues fits."""
        return set().union(*(self.members(queue) for queue in queues))

    def fits(self, queue: TaskQueue, worker: Worker) -> bool:
        """Tell whether a queue's expression fits one worker, without working out the others."""
        members = self._members.get(queue.sid)
        if members is not None:
            return worker.sid in members
        return queue.expression.matches(worker.parsed_attributes)

    def _queue_changed(self, old: TaskQueue | None, new: TaskQueue | None) -> None:
        if old is not None and (new is None or new.target_workers != old.target_workers):
            self._members.pop(old.sid, None)

    def _worker_changed(self, old: Worker | None, new: Worker | None) -> None:
        worker = new or old
        if worker is None:
            return
        changed = _changed_keys(old, new)
        for queue in parts(self._store, TaskQueue, worker.workspace_sid):
            members = self._members.get(queue.sid)
            if members is None or (
                changed is not None and changed.isdisjoint(queue.expression.roots)
            ):
                continue
            if new is not None and queue.expression.matches(new.parsed_attributes):
                members.add(worker.sid)
            else:
                members.discard(worker.sid)


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
