"""`TaskRouterService`: change tasks of one workspace without losing anybody's change.

There is no async twin. What takes time here is waiting for Twilio and for other writers of the
same task, and one write serves all threads that wait; an asyncio program calls a method through
`asyncio.to_thread`, which costs a thread for as long as one request takes and keeps one
implementation of rules that are hard to get right twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast

from taskrouter_ops.task_attributes.deferred import DeferredChanges
from taskrouter_ops.task_attributes.marks import without_marks
from taskrouter_ops.task_attributes.memory_store import MemoryDeferredChanges
from taskrouter_ops.task_attributes.update import (
    AttributesChange,
    TaskAttributes,
    TaskUpdate,
    checked_task_sid,
    task_url,
)
from taskrouter_ops.task_status import CANCEL, COMPLETE, WRAP_UP, Step, TaskEnd, take_step
from twilio_client import Deadline, NotFound, TwilioClient
from twilio_client.attributes import Attributes, read_attributes

OnFlushFailure = Literal["raise", "continue"]


@dataclass(frozen=True)
class Task:
    """A task as it was read.

    Units: `age` in seconds. `attributes` are without `applied_changes`; `version` is what an
    If-Match takes.
    """

    sid: str
    status: str
    attributes: Attributes
    version: str | None
    reason: str | None
    priority: int | None
    age: int | None
    workflow_sid: str | None
    task_queue_sid: str | None
    task_channel: str | None


class TaskRouterService:
    """Operates on the tasks of one workspace; safe to share between threads.

    One service for a process is best: threads that change one task at the same time share its
    writes. Source of the semantics: docs/task-attributes.md.
    """

    def __init__(
        self,
        client: TwilioClient,
        workspace_sid: str,
        *,
        deferred: DeferredChanges | None = None,
        deadline_seconds: float = 30.0,
    ) -> None:
        """Bind to a workspace; nothing is sent yet.

        `deferred` keeps deferred changes; None keeps them in memory, where a crash loses them.
        Units: `deadline_seconds` bounds each call's requests to the task; the store of deferred
        changes has a deadline of its own, each time it is asked (Sync documents: 30 s).
        """
        self._client = client
        self._workspace_sid = workspace_sid
        self._deferred = MemoryDeferredChanges() if deferred is None else deferred
        self._deadline_seconds = deadline_seconds
        self._attributes = TaskAttributes(
            client, workspace_sid, self._deferred, deadline_seconds=deadline_seconds
        )

    def task(self, task_sid: str) -> Task | None:
        """Read a task, None where there is none.

        Raises: AttributesUnreadable where its attributes are no JSON object; TwilioError. A
        retry is always safe.
        """
        what = f"read Task {task_sid}"
        deadline = Deadline(self._deadline_seconds, self._client.transport.clock)
        try:
            found = self._client.get(
                task_url(self._workspace_sid, task_sid), deadline=deadline, what=what
            )
        except NotFound:
            return None
        return _task(found.body, found.etag, what)

    def update_task_attributes(
        self,
        task_sid: str,
        attributes: AttributesChange,
        deferred: bool = False,
        *,
        change_id: str | None = None,
    ) -> TaskUpdate:
        """Change a task's attributes, or keep the change for the task's next write.

        Shape: `attributes` is an object, merged by RFC 7396 (null removes at any depth, lists
        replace); operations (`Merge`, `Append`, `Remove`); or a function attributes ->
        attributes, which may run several times, in another thread, and must not update the same
        task itself. `change_id` (`[A-Za-z0-9-]{1,36}`) makes the call safe to repeat: a change
        with that id is applied once.

        What was deferred for the task is written first, in the same write.

        Returns: updated, unchanged, gone or deferred.

        Raises: before anything is sent, InvalidChange and ValueError (no task SID, or a function
        to be deferred: TypeError); NotApplicable (append to something that is no list),
        AttributesTooLong (over 4096 characters), AttributesInvalid and whatever the function
        raised: then only this change is not written; FlushFailed where deferred changes could
        not be written, everything is kept; OutOfTime and PreconditionFailed where others were
        faster until the deadline; UpdateUncertain where an answer was lost and nothing tells;
        DeferredError, TwilioError. `retry_safe` of each tells whether to repeat.
        """
        if deferred:
            return self._attributes.defer(task_sid, attributes, change_id=change_id)
        return self._attributes.update(task_sid, attributes, change_id=change_id)

    def flush(self, task_sid: str) -> TaskUpdate:
        """Write what was deferred for a task; without anything deferred nothing is sent.

        Raises: FlushFailed (everything is kept), OutOfTime, DeferredError; `retry_safe` of each
        tells whether to repeat.
        """
        return self._attributes.flush(task_sid)

    def complete_task(
        self,
        task_sid: str,
        reason: str | None = None,
        attributes: AttributesChange | None = None,
        on_flush_failure: OnFlushFailure = "raise",
    ) -> TaskEnd:
        """Write what was deferred and `attributes`, then complete the task.

        Twilio takes status and attributes in two requests only, so the attributes come first.
        `on_flush_failure="continue"` completes the task although they could not be written: what
        was deferred stays kept, `attributes` are not, and the result has the error.

        Returns: completed, unchanged (it was completed already) or gone.

        Raises: what `update_task_attributes` and `flush` raise; StatusNotAllowed; TwilioError.
        A retry of the step itself is always safe.
        """
        return self._end(task_sid, COMPLETE, reason, attributes, on_flush_failure)

    def wrap_up(self, task_sid: str, reason: str | None = None) -> TaskEnd:
        """Move an assigned task to wrapping; what was deferred stays deferred.

        Returns: wrapping, unchanged or gone. Raises: StatusNotAllowed, TwilioError; a retry is
        always safe.
        """
        return self._step(task_sid, WRAP_UP, reason)

    def cancel_task(
        self,
        task_sid: str,
        reason: str | None = None,
        attributes: AttributesChange | None = None,
        on_flush_failure: OnFlushFailure = "raise",
    ) -> TaskEnd:
        """Write what was deferred and `attributes`, then cancel a pending or reserved task.

        Returns: canceled, unchanged or gone. Raises: as `complete_task`.
        """
        return self._end(task_sid, CANCEL, reason, attributes, on_flush_failure)

    def deferred_tasks(self) -> dict[str, int]:
        """Return the tasks with deferred changes and how many each has. Raises: DeferredError."""
        return {sid: self._deferred.kept(sid) for sid in self._deferred.tasks()}

    def discard_deferred(self, task_sid: str) -> int:
        """Throw away what was deferred for a task; return how many changes that was.

        Raises: DeferredError; a retry is always safe.
        """
        return self._deferred.discard(checked_task_sid(task_sid))

    def _end(
        self,
        task_sid: str,
        step: Step,
        reason: str | None,
        attributes: AttributesChange | None,
        on_flush_failure: OnFlushFailure,
    ) -> TaskEnd:
        try:
            written = self._attributes_first(task_sid, attributes)
        except Exception as error:
            if on_flush_failure == "raise":
                raise
            return self._step(task_sid, step, reason, flush_error=error)
        if written.outcome == "gone":
            return TaskEnd("gone", task_sid, kept=written.kept)
        return self._step(task_sid, step, reason, flushed=written.flushed)

    def _attributes_first(self, task_sid: str, attributes: AttributesChange | None) -> TaskUpdate:
        if attributes is None:
            return self._attributes.flush(task_sid)
        return self._attributes.update(task_sid, attributes)

    def _step(
        self,
        task_sid: str,
        step: Step,
        reason: str | None,
        *,
        flush_error: Exception | None = None,
        flushed: int = 0,
    ) -> TaskEnd:
        outcome = take_step(
            self._client,
            self._workspace_sid,
            task_sid,
            step,
            reason,
            deadline_seconds=self._deadline_seconds,
        )
        return TaskEnd(cast("Any", outcome), task_sid, flush_error, flushed)


def _task(body: dict[str, Any], version: str | None, what: str) -> Task:
    return Task(
        sid=body["sid"],
        status=body["assignment_status"],
        attributes=without_marks(read_attributes(body.get("attributes"), what=what)),
        version=version,
        reason=body.get("reason"),
        priority=body.get("priority"),
        age=body.get("age"),
        workflow_sid=body.get("workflow_sid"),
        task_queue_sid=body.get("task_queue_sid"),
        task_channel=body.get("task_channel_unique_name"),
    )
