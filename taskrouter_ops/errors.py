"""What can go wrong in an operation, beyond what Twilio itself answers.

    OperationError
    ├── BatchFailed          a batch did not reach a good end, or could not be started
    │   └── LaneStandsStill  a lane could not be set going, its batch now says `failed`
    ├── SyncFailed           workers whose `queues` are not right after the sync
    ├── VerificationFailed   one check of the callbacks did not hold
    └── SetupError           the deployment lacks something the operation needs

Each text says what was attempted, on what, what was found and what to do next.
Running the operation again is always safe: none of them leaves half a change behind.
"""

from __future__ import annotations

from collections.abc import Mapping


class OperationError(Exception):
    """An operation that ended without its result."""


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
