"""What can go wrong in an operation, beyond what Twilio itself answers.

    OperationError
    ├── BatchFailed          a batch did not reach a good end, or could not be started
    │   └── LaneStandsStill  a lane could not be set going, its batch now says `failed`
    ├── SyncFailed           workers whose `queues` are not right after the sync
    ├── VerificationFailed   one check of the callbacks did not hold
    ├── InvalidChange        a change of attributes that cannot be read, or is none
    ├── NotApplicable        an append to something that is no list
    ├── DeferredError        changes kept for a task could not be kept or read
    │   ├── DeferredTooLong      one more would exceed the 10 KiB of a task
    │   ├── DeferredBusy         others changed them all the time
    │   ├── DeferredUnreadable   what is kept is not in the agreed shape
    │   └── DeferredFileError    the SQLite file cannot be used
    ├── TaskError            a task could not be changed
    │   ├── OutOfTime            its turn did not come before the deadline
    │   ├── FlushFailed          deferred changes could not be written; all are kept
    │   └── StatusNotAllowed     the task's status does not allow the step
    └── SetupError           the deployment lacks something the operation needs

Each text says what was attempted, on what, what was found and what to do next.
None of them leaves half a change behind. `retry_safe` tells whether the same call may be
repeated: it has no double effect and may end better.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class OperationError(Exception):
    """An operation that ended without its result.

    Attributes:
        retry_safe: whether repeating the same call has no double effect and may end better.
    """

    retry_safe = True


class SetupError(OperationError):
    """Something the operation needs is not deployed or not given."""


class BatchFailed(OperationError):
    """A batch could not be started or did not reach a good end.

    Attributes:
        batch: the batch's id, "" where none was made.
    """

    def __init__(self, message: str, *, batch: str = "") -> None:
        """Name the batch and what happened to it."""
        super().__init__(message)
        self.batch = batch


class LaneStandsStill(BatchFailed):
    """A lane of a batch could not be set going; what it did before is kept."""


class SyncFailed(OperationError):
    """Workers whose attribute `queues` is not what Twilio says they are eligible for.

    Attributes:
        workers: worker SID to the reason.
    """

    NAMED = 10

    def __init__(self, workers: Mapping[str, str], *, batch: str = "") -> None:
        """Name the first ten workers with their reasons and count the rest."""
        self.workers = dict(workers)
        self.batch = batch
        lines = [f"{sid}: {why}" for sid, why in sorted(self.workers.items())]
        rest = len(lines) - self.NAMED
        shown = lines[: self.NAMED] + ([f"and {rest} more"] if rest > 0 else [])
        super().__init__(
            f"{len(lines)} worker(s) do not hold the queues they are eligible for: "
            f"{'; '.join(shown)}; "
            "correct what is named and run `pulumi up` or `taskrouter sync` again"
        )


class VerificationFailed(OperationError):
    """One check of the callbacks did not hold.

    Attributes:
        check: the check's name.
        found: what was seen.
        advice: what to do next.
    """

    def __init__(self, *, check: str, found: str, advice: str) -> None:
        """Name the check, what was found and what to do."""
        super().__init__(f"check {check} failed: {found}; {advice}")
        self.check = check
        self.found = found
        self.advice = advice


class InvalidChange(OperationError):
    """A change of attributes that is none; nothing was read or written.

    Attributes:
        problems: every problem as "place: what is wrong", none with a value of the change.
    """

    retry_safe = False
    NAMED = 10

    def __init__(self, problems: Sequence[str]) -> None:
        """Name the first ten problems and count the rest."""
        self.problems = tuple(problems)
        rest = len(self.problems) - self.NAMED
        shown = [*self.problems[: self.NAMED], *([f"and {rest} more"] if rest > 0 else [])]
        super().__init__(f"not a change of attributes: {'; '.join(shown)}")


class NotApplicable(OperationError):
    """An append that met something else than a list; nothing of its change was written.

    Attributes:
        path: where the values were to go.
        at: how far along the path something of another kind was met.
        found: the JSON type of what is there: object, array, string, number or boolean.
    """

    retry_safe = False
    SHOWN = 64

    def __init__(
        self, path: Sequence[str], *, at: Sequence[str], found: str, what: str = ""
    ) -> None:
        """Name the path and the type found there, never the content."""
        self.path, self.at, self.found = tuple(path), tuple(at), found
        wanted = "a list" if self.path == self.at else "an object"
        super().__init__(
            f"{what or 'change attributes'}: cannot append to {self._shown(self.path)}: "
            f"{self._shown(self.at)} is of type {found} where {wanted} is needed; "
            "nothing of this change was written; choose another path or set the attribute first"
        )

    def _shown(self, path: Sequence[str]) -> str:
        return ".".join(key[: self.SHOWN] for key in path)


class TaskError(OperationError):
    """A task could not be changed.

    Attributes:
        task_sid: the task.
    """

    def __init__(self, task_sid: str, message: str, *, retry_safe: bool) -> None:
        """Name the task and what happened."""
        super().__init__(message)
        self.task_sid = task_sid
        self.retry_safe = retry_safe


class OutOfTime(TaskError):
    """Changes that came before this one took all the time; nothing of it was written."""

    def __init__(self, task_sid: str, seconds: float) -> None:
        """Name the task and how long was waited."""
        super().__init__(
            task_sid,
            f"update Task {task_sid}: other changes of it took the {seconds:g} s there were; "
            "nothing of this one was written; run it again",
            retry_safe=True,
        )


class FlushFailed(TaskError):
    """Deferred changes could not be written, and nothing that was to go with them either.

    Attributes:
        kept: how many deferred changes are kept for the task.
    """

    def __init__(self, task_sid: str, kept: int, cause: Exception, *, refused: bool) -> None:
        """Name the task, what went wrong, how much is kept and what to do.

        `refused` says that the deferred changes themselves do not fit what is there.
        """
        retry_safe = not refused and bool(getattr(cause, "retry_safe", False))
        if refused:
            advice = "correct the task's attributes, or discard its deferred changes"
        elif retry_safe:
            advice = "run it again"
        else:
            advice = "look at the task before repeating it"
        super().__init__(
            task_sid,
            f"write the deferred changes of Task {task_sid}: {cause}; "
            f"all {kept} deferred changes are kept; {advice}",
            retry_safe=retry_safe,
        )
        self.kept = kept


class StatusNotAllowed(TaskError):
    """The status a task has does not allow the step; nothing was changed.

    Attributes:
        status: the task's assignment status.
    """

    def __init__(self, task_sid: str, step: str, status: str, allowed: Sequence[str]) -> None:
        """Name the step, the status the task has and those that would do."""
        super().__init__(
            task_sid,
            f"{step} Task {task_sid}: Twilio answered 400 (error 20001); the task is {status}, "
            f"and only one that is {' or '.join(allowed)} can be brought there",
            retry_safe=False,
        )
        self.status = status


class DeferredError(OperationError):
    """The changes kept for a task could not be kept, read or dropped."""

    retry_safe = False


class DeferredTooLong(DeferredError):
    """One more change would exceed what is kept for one task; what is kept stays kept."""

    def __init__(self, task_sid: str, length: int, limit: int) -> None:
        """Name the task and the length it would have come to."""
        super().__init__(
            f"deferred changes of {task_sid} would be {length} bytes, the limit is {limit}; "
            "this change was not kept, what was deferred before it is; "
            "update the task without deferring, which writes what is kept as well"
        )


class DeferredBusy(DeferredError):
    """Others changed what is kept for a task until the time was over; nothing was changed."""

    retry_safe = True

    def __init__(self, task_sid: str, seconds: float) -> None:
        """Name the task and how long it was tried."""
        super().__init__(
            f"deferred changes of {task_sid} were changed by others for {seconds:g} s; "
            "nothing of this call was kept; run it again"
        )


class DeferredUnreadable(DeferredError):
    """What is kept for a task is not in the agreed shape."""

    def __init__(self, task_sid: str, problems: Sequence[str]) -> None:
        """Name the task and what is wrong, never the content."""
        super().__init__(
            f"deferred changes of {task_sid} cannot be read: {'; '.join(problems)}; "
            "they were left as they are; correct them, or discard them"
        )


class DeferredFileError(DeferredError):
    """The SQLite file of deferred changes cannot be used."""

    def __init__(self, path: object, why: str, *, retry_safe: bool) -> None:
        """Name the file and what SQLite or the system says."""
        self.retry_safe = retry_safe
        super().__init__(
            f"use the deferred changes in {path}: {why}; "
            "check the file, its folder and the space left, then run it again"
        )
