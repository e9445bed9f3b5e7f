"""Close one task: read it again, decide again, and write only on the version that was read."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from taskrouter_ops.stuck_tasks.decision import Close, Reason, Skip, Suspect, inspect, judge
from taskrouter_ops.stuck_tasks.facts import Call, Task, task_from
from taskrouter_ops.stuck_tasks.listing import task_url
from taskrouter_ops.stuck_tasks.lookups import Meeting, look_up_conference
from taskrouter_ops.stuck_tasks.rules import Rules
from twilio_client import (
    InvalidRequest,
    NotFound,
    PreconditionFailed,
    Response,
    ServerFault,
    TwilioClient,
    TwilioError,
    Unreachable,
)

LOST_RACES = 3

# TaskRouter's answer to a step the task's status does not allow.
ILLEGAL_STATE = 20001


@dataclass(frozen=True, slots=True)
class Candidate:
    """A listed task that is to be closed, with what that was decided on."""

    task: Task
    suspect: Suspect
    call: Call
    close: Close


@dataclass(frozen=True)
class Closer:
    """Closes candidates; safe to share between threads."""

    client: TwilioClient
    workspace_sid: str
    rules: Rules
    over: Collection[str]
    one_queue: bool = False
    maybe_closed: set[str] = field(default_factory=set)

    def close(self, candidate: Candidate) -> Close | Skip:
        """Close a task that still is as it was decided, or say why it is left alone.

        `over` are the conferences known to be over; with `one_queue` a task that moved to another
        queue since it was listed is none of those that were asked for. An answer that was lost
        (5xx, dropped) is looked for in the task: ended with our reason, it was ours.

        Raises: TwilioError; the task is open, or it is among `maybe_closed`: then a write went
        out, its answer was lost, and nobody could look. A retry is safe.
        """
        attempt = _Attempt(self, candidate)
        while True:
            ended = attempt.step()
            if ended is not None:
                return ended

    def read(self, task_sid: str) -> Response:
        """Read the task, with its version."""
        return self.client.get(task_url(self.workspace_sid, task_sid), what=f"read Task {task_sid}")

    def decide(self, task: Task, attributes: object, candidate: Candidate) -> Close | Skip:
        """Decide about the fresh copy, by the same rules as about the listed one."""
        found = inspect(task, attributes, self.rules)
        if isinstance(found, Skip):
            return found
        if found.call_sid != candidate.suspect.call_sid:
            return Skip(Reason.CALL_CHANGED)
        if self.one_queue and task.queue_sid != candidate.task.queue_sid:
            return Skip(Reason.QUEUE_CHANGED)
        if task.status == "assigned" != candidate.task.status:
            # Somebody works on it now; stuck after all, it is completed by the next run.
            return Skip(Reason.ACCEPTED)
        new = [sid for sid in found.conference_sids if sid not in self.over]
        states = {sid: look_up_conference(self.client, sid) for sid in new}
        live = [sid for sid, state in states.items() if state is Meeting.LIVE]
        if not live and Meeting.UNKNOWN in states.values():
            return Skip(Reason.CONFERENCE_NOT_FOUND)
        return judge(task, found, candidate.call, live, self.rules)


class _Attempt:
    """The closing of one task, read by read and write by write."""

    def __init__(self, closer: Closer, candidate: Candidate) -> None:
        self._closer = closer
        self._candidate = candidate
        self._failed: list[TwilioError] = []
        self._refused: list[TwilioError] = []

    def step(self) -> Close | Skip | None:
        """Read, decide and write once; None when that has to be done again."""
        closer, sid = self._closer, self._candidate.task.sid
        try:
            answer = closer.read(sid)
            task = task_from(answer.body, f"read Task {sid}")
        except NotFound:
            return Skip(Reason.GONE)
        except TwilioError as error:
            if not self._failed:
                raise
            closer.maybe_closed.add(sid)
            raise self._failed[-1] from error
        if self._failed and task.reason == closer.rules.reason and _has_ended(task):
            return Close(task.status)
        decided = closer.decide(task, answer.body.get("attributes"), self._candidate)
        if isinstance(decided, Skip):
            return decided
        self._give_up_after_too_much()
        return self._write(decided, _version(answer, sid))

    def _write(self, close: Close, version: str) -> Close | Skip | None:
        closer, sid = self._closer, self._candidate.task.sid
        data = {"AssignmentStatus": close.status, "Reason": closer.rules.reason}
        verb = "complete" if close.status == "completed" else "cancel"
        url = task_url(closer.workspace_sid, sid)
        try:
            closer.client.post(url, data, if_match=version, what=f"{verb} Task {sid}")
        except NotFound:
            return Skip(Reason.GONE)
        except PreconditionFailed as error:
            self._refused.append(error)
        except InvalidRequest as error:
            if error.code != ILLEGAL_STATE:
                raise
            self._refused.append(error)
        except (ServerFault, Unreachable) as error:
            self._failed.append(error)
            self._pause()
        else:
            return close
        return None

    def _give_up_after_too_much(self) -> None:
        if len(self._refused) > LOST_RACES:
            raise self._refused[-1]
        if len(self._failed) >= self._closer.client.transport.retry.attempts:
            raise self._failed[-1]

    def _pause(self) -> None:
        transport = self._closer.client.transport
        transport.sleep(transport.retry.wait_seconds(len(self._failed)))


def _has_ended(task: Task) -> bool:
    return task.status in ("completed", "canceled")


def _version(answer: Response, sid: str) -> str:
    """Return the version to write on. Raises: TwilioError rather than writing on any."""
    if answer.etag is None:
        raise TwilioError(
            f"close Task {sid}",
            status=answer.status,
            twilio_message="without an ETag, so nobody can tell whether it changed since",
            advice="look what stands between here and Twilio, then run it again",
            retry_safe=True,
        )
    return answer.etag
