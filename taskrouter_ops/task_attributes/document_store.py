"""What the stores of deferred changes share: the rules of `deferred`, applied to a document."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection

from taskrouter_ops.task_attributes import deferred
from taskrouter_ops.task_attributes.change import Change
from taskrouter_ops.task_attributes.deferred import Batch, Document

Rule = Callable[[Document], Document]


class DocumentStore(ABC):
    """Keeps one document a task; a store says how a rule is applied to the newest one."""

    def defer(self, task_sid: str, change: Change, change_id: str | None = None) -> None:
        """Keep one more change. Raises: DeferredTooLong, InvalidChange."""
        known = deferred.checked_change_id(change_id)

        def deferring(document: Document) -> Document:
            return deferred.defer(document, change, known)

        self._amend(task_sid, deferring, repeatable=change_id is not None)

    def take(self, task_sid: str) -> list[Batch]:
        """Seal what is kept and return it, oldest first."""
        return deferred.batches_in(self._amend(task_sid, deferred.seal))

    def drop(self, task_sid: str, batch_ids: Collection[str]) -> None:
        """Forget batches that were written."""
        self._amend(task_sid, lambda document: deferred.drop(document, batch_ids))

    def kept(self, task_sid: str) -> int:
        """Return how many changes are kept for a task."""
        return deferred.kept_in(self._amend(task_sid, lambda document: document))

    @abstractmethod
    def _amend(self, task_sid: str, rule: Rule, *, repeatable: bool = True) -> Document:
        """Apply a rule to a task's newest document and keep what it makes of it.

        `repeatable`: applying the rule once more would do no harm.
        """
