"""Write the attributes of a workspace's tasks, together with what was deferred for them."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from taskrouter_ops.errors import FlushFailed
from taskrouter_ops.task_attributes.change import Change, Operation, as_change
from taskrouter_ops.task_attributes.combining import Combining
from taskrouter_ops.task_attributes.deferred import Batch, DeferredChanges, checked_change_id
from taskrouter_ops.task_attributes.marks import mark_of, marks_in, without_marks
from taskrouter_ops.task_attributes.writing import BatchRefused, Function, Update, Writing
from twilio_client import Deadline, TwilioClient, TwilioError, UpdateUncertain, urls
from twilio_client.attributes import (
    AttributeCopy,
    Attributes,
    AttributeUpdate,
    parse_attributes,
    update_attributes,
)

logger = logging.getLogger("taskrouter_ops")

AttributesChange = (
    Mapping[str, Any] | Operation | Sequence[Operation] | Callable[[Attributes], Attributes]
)
"""An object (RFC 7396 merge), operations, or a function attributes -> attributes."""

_TASK_SID = re.compile(r"WT[0-9a-fA-F]{32}")


@dataclass(frozen=True)
class TaskUpdate:
    """How an update ended.

    Attributes:
        outcome: updated, unchanged (nothing had to be written), deferred (kept for the next
            write), or gone: Twilio knows no such task in this workspace.
        attributes: as they are now, without `applied_changes`; None where nothing was read.
        flushed: how many deferred changes went with this write.
        kept: how many deferred changes a task that is gone leaves behind.
    """

    outcome: Literal["updated", "unchanged", "gone", "deferred"]
    task_sid: str
    attributes: Attributes | None = None
    flushed: int = 0
    kept: int = 0


class TaskAttributes:
    """Writes task attributes under If-Match; safe to share between threads.

    Threads that change one task at the same time share writes, each with an outcome of its own.
    """

    def __init__(
        self,
        client: TwilioClient,
        workspace_sid: str,
        deferred: DeferredChanges,
        *,
        deadline_seconds: float,
    ) -> None:
        """Bind to a workspace and a store of deferred changes; nothing is sent yet."""
        self._client = client
        self._workspace_sid = workspace_sid
        self._deferred = deferred
        self._deadline_seconds = deadline_seconds
        self._combining: Combining[Update] = Combining(self._write)

    def update(
        self, task_sid: str, change: AttributesChange, *, change_id: str | None = None
    ) -> TaskUpdate:
        """Write a change now, what was deferred for the task before it.

        Raises: see `TaskRouterService.update_task_attributes`.
        """
        given = change if callable(change) else as_change(change)
        mark = None if change_id is None else mark_of(checked_change_id(change_id))
        return self._run(task_sid, given, mark)

    def defer(
        self, task_sid: str, change: AttributesChange, *, change_id: str | None = None
    ) -> TaskUpdate:
        """Keep a change for the next write of its task. Raises: DeferredError, InvalidChange."""
        checked_task_sid(task_sid)
        if callable(change):
            raise TypeError("a function cannot be deferred: give an object or operations")
        self._deferred.defer(task_sid, as_change(change), change_id)
        return TaskUpdate("deferred", task_sid)

    def flush(self, task_sid: str) -> TaskUpdate:
        """Write what was deferred for a task; without anything deferred nothing is sent."""
        return self._run(task_sid, None, None)

    def _run(self, task_sid: str, change: Change | Function | None, mark: str | None) -> TaskUpdate:
        checked_task_sid(task_sid)
        deadline = Deadline(self._deadline_seconds, self._client.transport.clock)
        update = Update(deadline, change=change, mark=mark)
        self._combining.run(task_sid, update)
        attributes = None if update.text is None else without_marks(parse_attributes(update.text))
        return TaskUpdate(update.outcome, task_sid, attributes, update.flushed, update.kept)

    def _write(
        self, task_sid: str, updates: Sequence[Update], copy: AttributeCopy | None
    ) -> AttributeCopy | None:
        """Write once for all updates and settle each; return the copy it ended in."""
        batches = self._deferred.take(task_sid)
        if not batches and all(update.change is None for update in updates):
            return copy
        writing = Writing(task_sid, updates, batches, lambda: self._kept_batches(task_sid))
        try:
            done = self._attempt(task_sid, writing, copy, updates[0].deadline)
        except BatchRefused as error:
            cause = _cause_of(error)
            raise FlushFailed(task_sid, _kept(batches), cause, refused=True) from cause
        except TwilioError as error:
            if isinstance(error, UpdateUncertain):
                error.retry_safe = writing.repeatable
            if not batches:
                raise
            raise FlushFailed(task_sid, _kept(batches), error, refused=False) from error
        if done.outcome != "gone":
            self._drop(task_sid, batches, done)
        self._settle(done, writing, updates, batches)
        return done.copy

    def _kept_batches(self, task_sid: str) -> set[str]:
        return {batch.id for batch in self._deferred.take(task_sid)}

    def _attempt(
        self, task_sid: str, writing: Writing, copy: AttributeCopy | None, deadline: Deadline
    ) -> AttributeUpdate:
        try:
            return self._update(task_sid, writing, copy, deadline)
        except BatchRefused:
            if copy is None:
                raise
        # The copy was another write's: what is there by now may take the batch.
        return self._update(task_sid, writing, None, deadline)

    def _update(
        self, task_sid: str, writing: Writing, copy: AttributeCopy | None, deadline: Deadline
    ) -> AttributeUpdate:
        return update_attributes(
            self._client,
            task_url(self._workspace_sid, task_sid),
            writing.change,
            what=f"update Task {task_sid}",
            deadline_seconds=deadline.left,
            was_applied=writing.was_applied,
            copy=copy,
        )

    @staticmethod
    def _settle(
        done: AttributeUpdate,
        writing: Writing,
        updates: Sequence[Update],
        batches: Sequence[Batch],
    ) -> None:
        for update in updates:
            if done.outcome == "gone":
                update.error, update.outcome, update.kept = None, "gone", _kept(batches)
                continue
            update.text = done.copy.text if done.copy else None
            update.flushed = writing.flushed
            if done.outcome == "unchanged":
                update.outcome = "unchanged"
            elif update.change is None and writing.flushed:
                update.outcome = "updated"

    def _drop(self, task_sid: str, batches: Sequence[Batch], done: AttributeUpdate) -> None:
        """Forget what was written; what stays by accident is recognised by its mark.

        Raises: FlushFailed where nothing had to be written and a batch has no mark.
        """
        if not batches:
            return
        try:
            self._deferred.drop(task_sid, [batch.id for batch in batches])
        except Exception as error:
            if done.outcome == "unchanged" and not _are_marked(batches, done.attributes):
                raise FlushFailed(task_sid, _kept(batches), error, refused=False) from error
            logger.warning(
                "Task %s: deferred changes were written but could not be dropped (%s); "
                "the next write of the task drops them", task_sid, type(error).__name__,
            )  # fmt: skip


def task_url(workspace_sid: str, task_sid: str) -> str:
    """Return the address of a task."""
    return urls.taskrouter("Workspaces", workspace_sid, "Tasks", checked_task_sid(task_sid))


def checked_task_sid(task_sid: str) -> str:
    """Return the SID. Raises: ValueError for what is none (an empty one would name the list)."""
    if not _TASK_SID.fullmatch(task_sid):
        raise ValueError(f"{task_sid!r} is no task SID: WT and 32 hexadecimal digits")
    return task_sid


def _kept(batches: Sequence[Batch]) -> int:
    return sum(len(batch.changes) for batch in batches)


def _are_marked(batches: Sequence[Batch], attributes: Attributes) -> bool:
    present = marks_in(attributes)
    return all(batch.id in present for batch in batches)


def _cause_of(error: BatchRefused) -> Exception:
    cause = error.__cause__
    return cause if isinstance(cause, Exception) else error
