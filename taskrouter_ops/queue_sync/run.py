"""The full worker-queue sync: look, plan, hand the work to the functions, look again."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from typing import Any

from taskrouter_ops.batches import LIMIT_SECONDS, Batches
from taskrouter_ops.batches.progress import Planned, Progress
from taskrouter_ops.errors import SyncFailed
from taskrouter_ops.queue_sync.listing import look, worker_names
from taskrouter_ops.queue_sync.plan import Plan, plan_sync
from taskrouter_ops.queue_sync.shards import cut
from taskrouter_ops.target import Target
from taskrouter_ops.waiting import REAL_TIME, Report, Waiting, silent
from twilio_client import TwilioClient

# A worker or a queue may change while the first round runs.
ROUNDS = 2
# In a centre at work some worker always changed a moment ago, and its event is on its way.
LOOKS = 3
BETWEEN_LOOKS_SECONDS = 2.0


@dataclass(frozen=True)
class SyncResult:
    """A sync after which no worker was stale.

    The counts are those of the last batch that had work; `workers` and `queues` say how many
    there were. `seconds` is the wall time of the whole.
    """

    batch: str
    batch_document_sid: str
    status: str
    total: int
    updated: int
    unchanged: int
    gone: int
    failed: int
    workers: int
    queues: int
    rounds: int
    seconds: float
    finished_at: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return the result for JSON."""
        return asdict(self)

    def line(self) -> str:
        """Return the result as one line for people."""
        return (
            f"{self.workers} workers and {self.queues} queues in line: {self.updated} updated, "
            f"{self.unchanged} unchanged, {self.gone} gone ({self.seconds:.1f} s, "
            f"batch {self.batch}, document {self.batch_document_sid})"
        )


def plan_now(
    client: TwilioClient,
    target: Target,
    report: Report = silent,
    *,
    leaving: Collection[str] = (),
) -> Plan:
    """Look at the workspace and plan; nothing is written.

    `leaving` are the SIDs of queues that are about to be deleted: nobody is to keep them.

    Raises: TwilioError when a listing fails (safe to repeat): there is then no plan at all.
    """
    listing = look(client, target.workspace_sid, report)
    staying = {sid: found for sid, found in listing.eligible.items() if sid not in leaving}
    return plan_sync(staying, listing.current)


def run(
    client: TwilioClient,
    target: Target,
    report: Report = silent,
    *,
    reason: str = "taskrouter sync",
    lanes: int = 1,
    limit_seconds: float = LIMIT_SECONDS,
    leaving: Collection[str] = (),
    waiting: Waiting = REAL_TIME,
) -> SyncResult:
    """Bring every worker's attribute `queues` in line and prove it by a second look.

    With nothing to do no function is called; the batch's record is written all the same.

    Units: `limit_seconds` bounds the following of one batch.

    Raises: SyncFailed naming the workers that are still stale, with reasons; BatchFailed when
    a batch could not be brought to its end; TwilioError. Running it again is safe each time.
    """
    started = time.monotonic()
    batches = Batches(client, target, waiting=waiting)
    batches.finish_latest(report, limit_seconds=limit_seconds)
    planned = Planned(waiting.now(), leaving)
    plan = plan_now(client, target, report, leaving=leaving)
    for round_number in range(1, ROUNDS + 1):
        report(f"{len(plan.items)} of {plan.workers} workers to bring in line")
        shards = list(cut(plan.items))
        progress = batches.submit(
            shards, total=len(plan.items), reason=reason, lanes=lanes, planned=planned
        )
        if not progress.ended:
            progress = batches.follow(progress.batch, report, limit_seconds=limit_seconds)
        planned = Planned(waiting.now(), leaving)
        left = plan_now(client, target, report, leaving=leaving) if plan.items else plan
        if not left.stale:
            return _result(progress, left, round_number, time.monotonic() - started)
        if set(left.stale) <= {*progress.failures, *dict(left.too_long)}:
            break
        plan = left
    else:
        stale = set(left.stale)
        for _ in range(LOOKS):
            waiting.sleep(BETWEEN_LOOKS_SECONDS)
            stale &= set(plan_now(client, target, leaving=leaving).stale)
            if not stale:
                return _result(progress, left, ROUNDS, time.monotonic() - started)
        left = replace(left, items=tuple(i for i in left.items if i.worker_sid in stale))
    raise SyncFailed(_reasons(client, target, left, progress), batch=progress.batch)


def _result(progress: Progress, plan: Plan, rounds: int, seconds: float) -> SyncResult:
    return SyncResult(
        batch=progress.batch,
        batch_document_sid=progress.document_sid,
        status=progress.status,
        total=progress.total,
        updated=progress.updated,
        unchanged=progress.unchanged,
        gone=progress.gone,
        failed=progress.failed,
        workers=plan.workers,
        queues=plan.queues,
        rounds=rounds,
        seconds=round(seconds, 1),
        finished_at=progress.finished_at,
    )


def _reasons(
    client: TwilioClient, target: Target, left: Plan, progress: Progress
) -> dict[str, str]:
    otherwise = "changed while the sync ran"
    if not progress.status.startswith("completed"):
        why = f" ({progress.error})" if progress.error else ""
        otherwise = f"batch {progress.batch} ended as {progress.status}{why}"
    reasons = {**dict.fromkeys(left.stale, otherwise), **progress.failures, **dict(left.too_long)}
    stale = sorted(left.stale)
    names = worker_names(client, target.workspace_sid, stale[: SyncFailed.NAMED])
    return {f"{sid} ({names[sid]})" if sid in names else sid: reasons[sid] for sid in stale}
