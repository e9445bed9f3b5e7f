"""Submit, follow, resume and look up batches, whatever their type.

A batch is work for the functions, kept in Sync documents (docs/batch-protocol.md). Submitting
writes them; following starts the lanes, restarts dead ones and returns at the end.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping, Sequence
from typing import Any

from taskrouter_ops.batches import progress as documents
from taskrouter_ops.batches.lane_starts import LaneStarts
from taskrouter_ops.batches.progress import Lane, Planned, Progress
from taskrouter_ops.errors import BatchFailed, LaneStandsStill
from taskrouter_ops.functions_environment import batch_secret
from taskrouter_ops.sync_documents import SyncDocuments
from taskrouter_ops.target import Target
from taskrouter_ops.thread_pool import thread_pool
from taskrouter_ops.waiting import REAL_TIME, Report, Waiting, silent
from twilio_client import PreconditionFailed, TwilioClient

ID_LETTERS = string.ascii_lowercase + string.digits
CONCURRENT_WRITES = 8
FIRST_POLL_SECONDS = 0.2
LONGEST_POLL_SECONDS = 1.0
LIMIT_SECONDS = 1800.0
CHANGE_ATTEMPTS = 20
# How long a batch whose lanes have all ended may take to say so itself.
FINISH_GRACE_SECONDS = 10.0


class Batches:
    """The batches of one deployment.

    Raises (every method): TwilioError, BatchFailed. Calling again is safe: items that were
    applied already end as unchanged.
    """

    def __init__(
        self, client: TwilioClient, target: Target, *, waiting: Waiting = REAL_TIME
    ) -> None:
        """Bind to a deployment; nothing is sent yet."""
        self._client = client
        self._target = target
        self._waiting = waiting
        self._documents = SyncDocuments(client, target.sync_service_sid)

    def submit(
        self,
        shards: Sequence[Mapping[str, Any]],
        *,
        total: int,
        reason: str,
        planned: Planned,
        batch_type: str = documents.WORKER_QUEUE_SYNC,
        lanes: int = 1,
    ) -> Progress:
        """Write a batch's documents: shards, lanes, progress, then the `latest` pointer.

        Without shards the record is terminal at once and there is nothing to follow.
        """
        batch = "".join(secrets.choice(ID_LETTERS) for _ in range(20))
        lanes = min(lanes, len(shards))
        record = documents.new_progress(
            batch_type, reason, total=total, lanes=lanes, shards=len(shards), now=self._now()
        )
        self._write_work(batch, shards, lanes, planned)
        progress = self._documents.create_own(
            documents.progress_name(batch), record, ttl=documents.PROGRESS_TTL
        )
        pointer = {"batch": batch, "document_sid": progress.sid}
        self._documents.put(documents.latest_name(batch_type), pointer)
        return documents.progress_of(batch, progress)

    def status(
        self, batch: str | None = None, *, batch_type: str = documents.WORKER_QUEUE_SYNC
    ) -> Progress:
        """Read a batch's record, the newest one's when no id is given."""
        batch = batch or self._newest(batch_type)
        if batch is None:
            raise BatchFailed(f"there has been no {batch_type} batch yet")
        document = self._documents.read(documents.progress_name(batch))
        if document is None:
            raise BatchFailed(
                f"there is no batch {batch} in {self._target.sync_service_sid}; records are kept "
                "for 7 days",
                batch=batch,
            )
        try:
            return documents.progress_of(batch, document)
        except (LookupError, TypeError, ValueError) as error:
            raise _unreadable(document.unique_name, batch) from error

    def newest(self, *, batch_type: str = documents.WORKER_QUEUE_SYNC) -> Progress | None:
        """Read the newest batch's record, None where there has been no batch yet."""
        batch = self._newest(batch_type)
        return self.status(batch) if batch else None

    def resume(self, batch: str | None = None, report: Report = silent) -> Progress:
        """Take up a batch that stopped half way and follow it to its end."""
        progress = self.status(batch)
        if progress.status in ("failed", "cancelled"):
            self._change_record(
                progress.batch, {"status": "running", "error": "", "finished_at": None}
            )
        return self.follow(progress.batch, report)

    def finish_latest(self, report: Report = silent, *, limit_seconds: float) -> None:
        """Bring the newest batch to its end, a stopped one too, before another one begins.

        `latest` then never leaves one behind that nobody would take up again, and two chains
        do not work on the same workers. One that cannot be ended is reported and left.
        """
        try:
            batch = self._newest(documents.WORKER_QUEUE_SYNC)
            if batch is not None:
                self.follow(batch, report, limit_seconds=limit_seconds)
        except BatchFailed as error:
            report(f"{error}; beginning anew")

    def follow(
        self, batch: str, report: Report = silent, *, limit_seconds: float = LIMIT_SECONDS
    ) -> Progress:
        """Start the lanes, report progress, and return the record when it is terminal.

        Raises: BatchFailed when a lane stands still for good (the record then says `failed`)
        or when `limit_seconds` have passed (the batch goes on without us).
        """
        progress = self.status(batch)
        if progress.ended:
            return progress
        with thread_pool(max(1, progress.lanes)) as pool:
            starts = LaneStarts(
                self._client,
                self._target,
                batch=batch,
                secret=batch_secret(self._client, self._target),
                pool=pool,
                waiting=self._waiting,
            )
            try:
                return self._follow(progress, starts, report, limit_seconds)
            except LaneStandsStill as error:
                end = {"status": "failed", "error": str(error), "finished_at": self._now()}
                self._change_record(batch, end)
                raise

    def _newest(self, batch_type: str) -> str | None:
        pointer = self._documents.read(documents.latest_name(batch_type))
        if pointer is None:
            return None
        batch = pointer.data.get("batch")
        if not isinstance(batch, str):
            raise _unreadable(pointer.unique_name, "")
        return batch

    def _follow(
        self, progress: Progress, starts: LaneStarts, report: Report, limit_seconds: float
    ) -> Progress:
        deadline = self._waiting.now() + limit_seconds
        pause = FIRST_POLL_SECONDS
        ended_at: float | None = None
        while True:
            lanes = self._lanes(progress)
            ended_at = (ended_at or self._waiting.now()) if all(x.ended for x in lanes) else None
            unfinished = bool(ended_at and self._waiting.now() - ended_at > FINISH_GRACE_SECONDS)
            for lane in lanes:
                if starts.tend(lane, unfinished=unfinished and lane.number == 0):
                    report(_starting(lane))
            self._waiting.sleep(pause)
            pause = min(pause * 1.5, LONGEST_POLL_SECONDS)
            before, progress = progress, self.status(progress.batch)
            if progress.line() != before.line():
                report(progress.line())
            if progress.ended:
                return progress
            if self._waiting.now() > deadline:
                raise BatchFailed(_still_running(progress, limit_seconds), batch=progress.batch)

    def _write_work(
        self, batch: str, shards: Sequence[Mapping[str, Any]], lanes: int, planned: Planned
    ) -> None:
        work = {documents.shard_name(batch, n): shard for n, shard in enumerate(shards)}
        for k in range(lanes):
            numbers = list(range(k, len(shards), lanes))
            work[documents.lane_name(batch, k)] = documents.new_lane(numbers, planned)
        with thread_pool(CONCURRENT_WRITES) as pool:
            writes = [
                pool.submit(self._documents.create_own, name, data, ttl=documents.WORK_TTL)
                for name, data in work.items()
            ]
            for write in writes:
                write.result()

    def _lanes(self, progress: Progress) -> list[Lane]:
        lanes = []
        for number in range(progress.lanes):
            document = self._documents.read(documents.lane_name(progress.batch, number))
            if document is None:
                raise LaneStandsStill(
                    f"batch {progress.batch}: the documents of its work are gone (they are kept "
                    "for 24 hours); run `taskrouter sync`",
                    batch=progress.batch,
                )
            lanes.append(documents.lane_of(number, document))
        return lanes

    def _change_record(self, batch: str, changes: Mapping[str, Any]) -> None:
        """Change a record under If-Match; a terminal `completed…` is never overwritten.

        Raises: PreconditionFailed after `CHANGE_ATTEMPTS` lost races.
        """
        for attempt in range(1, CHANGE_ATTEMPTS + 1):
            try:
                self._change_once(documents.progress_name(batch), changes)
            except PreconditionFailed:
                if attempt == CHANGE_ATTEMPTS:
                    raise
                self._waiting.sleep(FIRST_POLL_SECONDS)
            else:
                return

    def _change_once(self, name: str, changes: Mapping[str, Any]) -> None:
        record = self._documents.read(name)
        if record is None or str(record.data["status"]).startswith("completed"):
            return
        data = {**record.data, **changes, "updated_at": self._now()}
        self._documents.update(name, data, if_match=record.revision)

    def _now(self) -> str:
        return self._waiting.now_text()


def _unreadable(name: str, batch: str) -> BatchFailed:
    return BatchFailed(
        f"Sync document {name!r} is no record of a batch: somebody else wrote it; run "
        "`taskrouter sync`, which begins a new one",
        batch=batch,
    )


def _starting(lane: Lane) -> str:
    if not lane.generation:
        return f"starting lane {lane.number}"
    return f"lane {lane.number} stopped after {lane.moved[2]} items, starting it again"


def _still_running(progress: Progress, limit_seconds: float) -> str:
    return (
        f"batch {progress.batch} is not done after {limit_seconds:.0f} s "
        f"({progress.done} of {progress.total} workers); it goes on without us: see "
        f"`taskrouter batch status {progress.batch}`"
    )
