"""One run: list, look up, decide, and close when told to."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from taskrouter_ops.stuck_tasks.closing import Candidate, Closer
from taskrouter_ops.stuck_tasks.decision import Reason, Skip
from taskrouter_ops.stuck_tasks.examination import Examination
from taskrouter_ops.stuck_tasks.in_parallel import Brake, in_parallel
from taskrouter_ops.stuck_tasks.listing import Filters, Listed, list_open
from taskrouter_ops.stuck_tasks.report import CLOSED, Report, TaskReport, did, would
from taskrouter_ops.stuck_tasks.rules import Rules
from twilio_client import TwilioClient

MOST_CONCURRENCY = 20


class Watcher(Protocol):
    """Is told how a run goes on; always from the thread that called `clean`."""

    def progress(self, stage: str, done: int, total: int | None) -> None:
        """Take note: `stage` is listing, tasks, calls, conferences or closing."""

    def closed(self, item: TaskReport) -> None:
        """Take note of a task whose turn to be closed came."""


class Unwatched:
    """Nobody watches."""

    def progress(self, stage: str, done: int, total: int | None) -> None:
        """Let it go."""

    def closed(self, item: TaskReport) -> None:
        """Let it go."""


@dataclass(frozen=True)
class Options:
    """How a run works: `max_close` bounds the tasks it closes, `concurrency` is 1..20."""

    filters: Filters = field(default_factory=Filters)
    rules: Rules = field(default_factory=Rules)
    apply: bool = False
    max_close: int | None = None
    concurrency: int = 8

    def as_dict(self) -> dict[str, Any]:
        """Return the options as the report has them."""
        return {
            "workflow": self.filters.workflow,
            "queue": self.filters.queue,
            "callStatuses": sorted(self.rules.call_statuses),
            "minAgeSeconds": int(self.rules.min_age.total_seconds()),
            "exclude": [expression.text for expression in self.rules.exclude],
            "excludeAttributes": list(self.rules.exclude_attributes),
            "reason": self.rules.reason,
            "maxClose": self.max_close,
            "concurrency": self.concurrency,
        }


def clean(
    client: TwilioClient,
    workspace_sid: str,
    options: Options,
    *,
    watcher: Watcher | None = None,
    is_interrupted: Callable[[], bool] = lambda: False,
) -> Report:
    """Find stuck voice tasks, and close them when `options.apply` says so.

    Once `is_interrupted` is true nothing new begins; what is in hand finishes, and the report
    says what was not reached.

    Raises: TwilioError when the listing fails (nothing was closed, safe to repeat); SetupError
    for a workflow or queue that does not exist. Failures with single tasks are in the report.
    """
    run = _Run(client, workspace_sid, options, watcher or Unwatched(), Brake(is_interrupted))
    return run.report()


class _Run:
    def __init__(
        self,
        client: TwilioClient,
        workspace_sid: str,
        options: Options,
        watcher: Watcher,
        brake: Brake,
    ) -> None:
        self.client, self.workspace_sid, self.options = client, workspace_sid, options
        self.watcher, self.brake = watcher, brake
        self.items: dict[str, TaskReport] = {}
        self.examination = Examination(
            client, workspace_sid, options.rules, options.concurrency, brake, watcher.progress
        )

    def report(self) -> Report:
        started, sent = time.monotonic(), self.client.transport.requests_sent
        report = Report(
            self.workspace_sid, self.options.apply, self.options.as_dict(), datetime.now(UTC)
        )
        listed = self._list()
        found = self.examination.examine(listed.values())
        self.items = {each.task.sid: each for each in found if isinstance(each, TaskReport)}
        self._settle([each for each in found if isinstance(each, Candidate)])
        report.tasks = [self.items[sid] for sid in listed]
        report.ended = self._ended()
        report.seconds = time.monotonic() - started
        report.api_calls = self.client.transport.requests_sent - sent
        report.calls = len(self.examination.calls)
        report.conferences = len(self.examination.conferences)
        return report

    def _list(self) -> dict[str, Listed]:
        def goes_on(so_far: int) -> bool:
            self.watcher.progress("listing", so_far, None)
            return not self.brake.holds

        options = self.options
        return list_open(
            self.client, self.workspace_sid, options.filters, options.rules, goes_on=goes_on
        )

    def _settle(self, candidates: list[Candidate]) -> None:
        """Close the candidates, or say that they would be: the oldest first, up to the cap."""
        candidates.sort(key=lambda each: each.task.age or timedelta(), reverse=True)
        if self.options.apply:
            self._close(candidates)
        else:
            within = candidates[: self.options.max_close]
            self.items |= {each.task.sid: would(each) for each in within}
        is_cut_short = self.options.apply and self.brake.holds
        left = self.examination.not_reached if is_cut_short else Skip(Reason.CAP)
        for each in candidates:
            self.items.setdefault(each.task.sid, did(each, left))

    def _close(self, candidates: list[Candidate]) -> None:
        options, closed = self.options, 0
        closer = Closer(
            self.client,
            self.workspace_sid,
            options.rules,
            self.examination.over,
            one_queue=options.filters.queue is not None,
        )

        def may_begin(in_hand: int) -> bool:
            taken = closed + len(closer.maybe_closed) + in_hand
            return options.max_close is None or taken < options.max_close

        ended = in_parallel(
            closer.close, candidates, options.concurrency, self.brake, may_begin=may_begin
        )
        for done, (candidate, result) in enumerate(ended, start=1):
            item = did(candidate, result)
            self.items[item.task.sid] = item
            closed += item.outcome in CLOSED
            self.watcher.closed(item)
            self.watcher.progress("closing", done, len(candidates))

    def _ended(self) -> str:
        if self.brake.is_outage:
            return "outage"
        return "interrupted" if self.brake.is_interrupted() else "done"
