"""What a run did, task by task and in sum; as JSON for whoever reads it later.

`Report.as_dict()`, what `taskrouter stuck-tasks --json` writes:

    {
      "version": 1,
      "workspaceSid": "WS…",
      "applied": false,              true with --apply
      "ended": "done",               done | interrupted | outage (Twilio kept failing)
      "startedAt": "2026-01-01T00:00:00Z", "seconds": 12.3,
      "options": {"workflow": null, "queue": null, "callStatuses": […], "minAgeSeconds": 600,
                  "exclude": […], "excludeAttributes": […], "reason": "…",
                  "maxClose": null, "concurrency": 8},
      "counts": {
        "listed": {"pending": 0, "reserved": 0, "assigned": 0},
        "processed": 0,              listed tasks that had their turn
        "closed": {"completed": 0, "canceled": 0},
        "wouldClose": {"completed": 0, "canceled": 0},
        "skipped": {"not a voice task": 0, …},
        "errors": 0, "apiCalls": 0, "calls": 0, "conferences": 0
      },
      "tasks": [{
        "taskSid": "WT…", "status": "assigned", "ageSeconds": 7200,
        "taskQueueSid": "WQ…" | null, "taskQueueName": "…" | null,
        "outcome": "completed" | "canceled" | "would-complete" | "would-cancel"
                   | "skipped" | "error",
        "reason": "…" | null,        of a skipped one; `detail` says more
        "detail": "…" | null,
        "callSid": "CA…" | null, "callStatus": "completed" | null, "callEndedAt": "…Z" | null,
        "error": {"message": "…", "retrySafe": true} | null
      }]
    }

`status` and `ageSeconds` are as listed. `calls` and `conferences` count distinct ones looked up,
`apiCalls` every request, repeats included. Nothing of a task's attributes is in it but the call
SID, conference SIDs and names the operator gave.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from taskrouter_ops.stuck_tasks.closing import Candidate
from taskrouter_ops.stuck_tasks.decision import OPEN_STATUSES, Close, Reason, Skip
from taskrouter_ops.stuck_tasks.facts import Call, Task
from twilio_client import TwilioError

NOT_REACHED = (Reason.INTERRUPTED, Reason.OUTAGE)


class Outcome(StrEnum):
    """How it ended for one task."""

    COMPLETED = "completed"
    CANCELED = "canceled"
    WOULD_COMPLETE = "would-complete"
    WOULD_CANCEL = "would-cancel"
    SKIPPED = "skipped"
    ERROR = "error"


CLOSED = (Outcome.COMPLETED, Outcome.CANCELED)
WOULD_CLOSE = (Outcome.WOULD_COMPLETE, Outcome.WOULD_CANCEL)


@dataclass(frozen=True, slots=True)
class TaskReport:
    """One task: as it was listed, what was found out, how it ended."""

    task: Task
    outcome: Outcome
    skip: Skip | None = None
    call_sid: str | None = None
    call: Call | None = None
    error: TwilioError | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the task's entry."""
        call, error, age = self.call, self.error, self.task.age
        return {
            "taskSid": self.task.sid,
            "status": self.task.status,
            "ageSeconds": int(age.total_seconds()) if age is not None else None,
            "taskQueueSid": self.task.queue_sid,
            "taskQueueName": self.task.queue_name,
            "outcome": self.outcome.value,
            "reason": self.skip.reason.value if self.skip else None,
            "detail": (self.skip.detail or None) if self.skip else None,
            "callSid": self.call_sid,
            "callStatus": call.status if call else None,
            "callEndedAt": moment(call.ended) if call and call.ended else None,
            "error": {"message": str(error), "retrySafe": error.retry_safe} if error else None,
        }


def would(candidate: Candidate) -> TaskReport:
    """Report what a run that applies would do to a task."""
    is_complete = candidate.close.status == "completed"
    outcome = Outcome.WOULD_COMPLETE if is_complete else Outcome.WOULD_CANCEL
    return TaskReport(
        candidate.task, outcome, call_sid=candidate.suspect.call_sid, call=candidate.call
    )


def did(candidate: Candidate, result: Close | Skip | TwilioError) -> TaskReport:
    """Report how closing a task ended."""
    parts: dict[str, Any] = {"call_sid": candidate.suspect.call_sid, "call": candidate.call}
    if isinstance(result, Close):
        return TaskReport(candidate.task, Outcome(result.status), **parts)
    if isinstance(result, Skip):
        return TaskReport(candidate.task, Outcome.SKIPPED, result, **parts)
    return TaskReport(candidate.task, Outcome.ERROR, error=result, **parts)


@dataclass
class Report:
    """A whole run; `tasks` in the order they were listed."""

    workspace_sid: str
    applied: bool
    options: Mapping[str, Any]
    started: datetime
    tasks: list[TaskReport] = field(default_factory=list)
    ended: str = "done"
    seconds: float = 0.0
    api_calls: int = 0
    calls: int = 0
    conferences: int = 0

    @property
    def errors(self) -> list[TaskReport]:
        """Return the tasks that errored."""
        return [item for item in self.tasks if item.outcome is Outcome.ERROR]

    @property
    def processed(self) -> int:
        """Count the tasks that had their turn."""
        return sum(not (i.skip and i.skip.reason in NOT_REACHED) for i in self.tasks)

    def skipped(self) -> dict[str, int]:
        """Count the tasks that are left alone by reason, the most frequent first."""
        return dict(Counter(str(i.skip.reason) for i in self.tasks if i.skip).most_common())

    def by_outcome(self, *outcomes: Outcome) -> dict[str, int]:
        """Count tasks by outcome, under the status that was or would be set."""
        count = Counter(item.outcome for item in self.tasks)
        names = ("completed", "canceled")
        return {name: count[outcome] for name, outcome in zip(names, outcomes, strict=True)}

    def listed(self) -> dict[str, int]:
        """Count tasks by the status they were listed with."""
        count = Counter(item.task.status for item in self.tasks)
        return {status: count[status] for status in OPEN_STATUSES}

    def as_dict(self) -> dict[str, Any]:
        """Return the whole as JSON values, in the shape above."""
        return {
            "version": 1,
            "workspaceSid": self.workspace_sid,
            "applied": self.applied,
            "ended": self.ended,
            "startedAt": moment(self.started),
            "seconds": round(self.seconds, 3),
            "options": dict(self.options),
            "counts": {
                "listed": self.listed(),
                "processed": self.processed,
                "closed": self.by_outcome(*CLOSED),
                "wouldClose": self.by_outcome(*WOULD_CLOSE),
                "skipped": self.skipped(),
                "errors": len(self.errors),
                "apiCalls": self.api_calls,
                "calls": self.calls,
                "conferences": self.conferences,
            },
            "tasks": [item.as_dict() for item in self.tasks],
        }


def moment(when: datetime) -> str:
    """Write a moment as ISO 8601 in UTC, whole seconds."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
