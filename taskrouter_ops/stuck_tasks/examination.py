"""Find out which of the listed tasks are stuck: each call and each conference is asked for once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from taskrouter_ops.stuck_tasks.closing import Candidate
from taskrouter_ops.stuck_tasks.decision import Reason, Skip, Suspect, judge
from taskrouter_ops.stuck_tasks.facts import Call
from taskrouter_ops.stuck_tasks.in_parallel import Brake, in_parallel
from taskrouter_ops.stuck_tasks.listing import Listed, read_one
from taskrouter_ops.stuck_tasks.lookups import Meeting, look_up_call, look_up_conference
from taskrouter_ops.stuck_tasks.report import Outcome, TaskReport, did
from taskrouter_ops.stuck_tasks.rules import Rules
from twilio_client import TwilioClient, TwilioError

R = TypeVar("R")

Progress = Callable[[str, int, int | None], None]


@dataclass
class Examination:
    """What was asked about calls and conferences, and what came back; errors are kept too."""

    client: TwilioClient
    workspace_sid: str
    rules: Rules
    concurrency: int
    brake: Brake
    progress: Progress
    calls: dict[str, Call | TwilioError | None] = field(default_factory=dict)
    conferences: dict[str, Meeting | TwilioError] = field(default_factory=dict)

    def examine(self, listed: Iterable[Listed]) -> list[Candidate | TaskReport]:
        """Decide about every task, in the given order: to be closed, or what there is to report.

        Conferences are asked for only where the call is over.
        """
        tasks = self._completed(list(listed))
        suspects = [each.verdict for each in tasks if isinstance(each.verdict, Suspect)]
        self.calls = self._ask("calls", look_up_call, (each.call_sid for each in suspects))
        found = [self._by_call(each) for each in tasks]
        named = (
            sid
            for each in found
            if isinstance(each, Candidate)
            for sid in each.suspect.conference_sids
        )
        self.conferences = self._ask("conferences", look_up_conference, named)
        return [
            self._by_conference(each) if isinstance(each, Candidate) else each for each in found
        ]

    @property
    def over(self) -> frozenset[str]:
        """Return the conferences that are known to be over."""
        return frozenset(sid for sid, state in self.conferences.items() if state is Meeting.OVER)

    @property
    def not_reached(self) -> Skip:
        """Return why a task did not have its turn."""
        return Skip(Reason.OUTAGE if self.brake.is_outage else Reason.INTERRUPTED)

    def _completed(self, tasks: list[Listed]) -> list[Listed]:
        """Read those one by one whose attributes the list left out."""
        unread = (each.task.sid for each in tasks if each.verdict is None)
        found = self._ask("tasks", self._read_one, unread)
        return [_looked_at(each, found) for each in tasks]

    def _read_one(self, client: TwilioClient, sid: str) -> Listed | None:
        return read_one(client, self.workspace_sid, sid, self.rules)

    def _ask(
        self, stage: str, look_up: Callable[[TwilioClient, str], R], sids: Iterable[str]
    ) -> dict[str, R | TwilioError]:
        distinct = list(dict.fromkeys(sids))
        found: dict[str, R | TwilioError] = {}
        ended = in_parallel(
            lambda sid: look_up(self.client, sid), distinct, self.concurrency, self.brake
        )
        for sid, result in ended:
            found[sid] = result
            self.progress(stage, len(found), len(distinct))
        return found

    def _by_call(self, listed: Listed) -> Candidate | TaskReport:
        task, suspect = listed.task, listed.verdict
        if suspect is None:
            return TaskReport(task, Outcome.SKIPPED, self.not_reached)
        if isinstance(suspect, Skip):
            return TaskReport(task, Outcome.SKIPPED, suspect)
        if isinstance(suspect, TwilioError):
            return TaskReport(task, Outcome.ERROR, error=suspect)
        sid = suspect.call_sid
        if sid not in self.calls:
            return TaskReport(task, Outcome.SKIPPED, self.not_reached, sid)
        call = self.calls[sid]
        if isinstance(call, TwilioError):
            return TaskReport(task, Outcome.ERROR, call_sid=sid, error=call)
        if call is None:
            return TaskReport(task, Outcome.SKIPPED, Skip(Reason.CALL_NOT_FOUND), sid)
        verdict = judge(task, suspect, call, (), self.rules)
        if isinstance(verdict, Skip):
            return TaskReport(task, Outcome.SKIPPED, verdict, sid, call)
        return Candidate(task, suspect, call, verdict)

    def _by_conference(self, found: Candidate) -> Candidate | TaskReport:
        states = {sid: self.conferences.get(sid) for sid in found.suspect.conference_sids}
        live = [sid for sid, state in states.items() if state is Meeting.LIVE]
        verdict = judge(found.task, found.suspect, found.call, live, self.rules)
        if isinstance(verdict, Skip):
            return did(found, verdict)
        for state in states.values():
            if isinstance(state, TwilioError):
                return did(found, state)
            if state is None:
                return did(found, self.not_reached)
            if state is Meeting.UNKNOWN:
                return did(found, Skip(Reason.CONFERENCE_NOT_FOUND))
        return found


def _looked_at(listed: Listed, read: Mapping[str, Listed | TwilioError | None]) -> Listed:
    sid = listed.task.sid
    if sid not in read:
        return listed
    found = read[sid]
    if isinstance(found, Listed):
        return found
    return Listed(listed.task, found or Skip(Reason.GONE))
