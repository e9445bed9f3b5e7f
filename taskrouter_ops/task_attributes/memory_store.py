"""Deferred changes in the memory of this process: they end with it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from taskrouter_ops.task_attributes import deferred
from taskrouter_ops.task_attributes.deferred import Document
from taskrouter_ops.task_attributes.document_store import DocumentStore, Rule


class MemoryDeferredChanges(DocumentStore):
    """Keeps deferred changes for the threads of one process; a crash loses them."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing. Units: `now` in seconds."""
        self._now = now
        self._lock = threading.Lock()
        self._documents: dict[str, tuple[float, Document]] = {}

    def discard(self, task_sid: str) -> int:
        """Throw away what is kept for a task; return how many changes that was."""
        thrown = 0

        def discarding(document: Document) -> Document:
            nonlocal thrown
            emptied, thrown = deferred.discard(task_sid, document)
            return emptied

        self._amend(task_sid, discarding)
        return thrown

    def tasks(self) -> list[str]:
        """Return the SIDs of the tasks for which changes are kept, sorted."""
        with self._lock:
            held = {sid: document for sid, (_, document) in self._documents.items()}
        return sorted(sid for sid, document in held.items() if deferred.kept_in(document))

    def _amend(self, task_sid: str, rule: Rule, *, repeatable: bool = True) -> Document:
        del repeatable  # nothing gets lost on the way
        with self._lock:
            _, present = self._documents.get(task_sid, (0.0, deferred.empty_document(task_sid)))
            after = rule(present)
            if after is not present:
                self._forget_ended_tasks()
                self._documents[task_sid] = (self._now(), after)
            return after

    def _forget_ended_tasks(self) -> None:
        """Keep the memory of a long-lived process from growing with every task it ever saw."""
        oldest = self._now() - deferred.KEPT_SECONDS
        ended = [
            sid
            for sid, (changed, document) in self._documents.items()
            if changed < oldest and not document["batches"]
        ]
        for sid in ended:
            del self._documents[sid]
