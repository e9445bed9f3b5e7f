"""The documents of a batch, as values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from taskrouter_ops.sync_documents import DAY_SECONDS, Document

WORKER_QUEUE_SYNC = "worker-queue-sync"
TERMINAL = frozenset({"completed", "completed_with_failures", "cancelled", "failed"})
COUNTS = ("done", "updated", "unchanged", "gone", "failed")

WORK_TTL = DAY_SECONDS
PROGRESS_TTL = 7 * DAY_SECONDS


def progress_name(batch: str) -> str:
    """Return the unique name of a batch's public record."""
    return f"batch-{batch}"


def shard_name(batch: str, number: int) -> str:
    """Return the unique name of a piece of work."""
    return f"batch-{batch}-shard-{number}"


def lane_name(batch: str, number: int) -> str:
    """Return the unique name of a lane's state."""
    return f"batch-{batch}-lane-{number}"


def latest_name(batch_type: str) -> str:
    """Return the unique name of the pointer to the newest batch of a type."""
    return f"latest-{batch_type}"


@dataclass(frozen=True)
class Progress:
    """The public record of a batch.

    Shape: `failures` maps the SIDs of at most 50 failed workers to the reason; times are
    ISO 8601 in UTC, None where it has not come to that; `error` says why a batch as a whole
    failed.
    """

    batch: str
    document_sid: str
    type: str
    reason: str
    status: str
    total: int
    done: int
    updated: int
    unchanged: int
    gone: int
    failed: int
    failures: Mapping[str, str]
    lanes: int
    shards: int
    error: str
    started_at: str | None
    updated_at: str | None
    finished_at: str | None

    @property
    def ended(self) -> bool:
        """Tell whether the status is a terminal one."""
        return self.status in TERMINAL

    def line(self) -> str:
        """Return the progress as one line for people."""
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.type}: {self.done} of {self.total} workers{failed} ({self.status})"


def progress_of(batch: str, document: Document) -> Progress:
    """Read the record from its document; counts a writer left out are 0."""
    data = document.data
    return Progress(
        batch=batch,
        document_sid=document.sid,
        type=str(data.get("type", WORKER_QUEUE_SYNC)),
        reason=str(data.get("reason", "")),
        status=str(data["status"]),
        **{name: int(data.get(name, 0)) for name in ("total", *COUNTS, "lanes", "shards")},
        failures=failures_of(data),
        error=str(data.get("error") or ""),
        started_at=data.get("started_at"),
        updated_at=data.get("updated_at"),
        finished_at=data.get("finished_at"),
    )


def new_progress(
    batch_type: str, reason: str, *, total: int, lanes: int, shards: int, now: str
) -> dict[str, Any]:
    """Return a new record's data; without work it is completed from the start."""
    return {
        "type": batch_type,
        "reason": reason,
        "status": "queued" if total else "completed",
        "total": total,
        **dict.fromkeys(COUNTS, 0),
        "failures": [],
        "lanes": lanes,
        "shards": shards,
        "started_at": now,
        "updated_at": now,
        "finished_at": None if total else now,
    }


@dataclass(frozen=True)
class Planned:
    """When a plan began to be made (epoch seconds), and queues it takes as gone already."""

    at: float
    leaving: Collection[str] = ()


def new_lane(shards: list[int], planned: Planned) -> dict[str, Any]:
    """Return the state of a lane that never ran; the first message carries generation 1."""
    return {
        "generation": 0,
        "holder": None,
        "lease_expires_at": 0,
        "planned_at": int(planned.at * 1000),
        "leaving": sorted(planned.leaving),
        "shards": shards,
        "cursor": {"shard": 0, "item": 0},
        **dict.fromkeys(COUNTS, 0),
        "failures": [],
    }


@dataclass(frozen=True)
class Lane:
    """A lane's state; `lease_until` is in epoch seconds.

    `moved` changes whenever the lane gets ahead: shard, item, items done.
    """

    number: int
    generation: int
    lease_until: float
    moved: tuple[int, int, int]
    ended: bool


def lane_of(number: int, document: Document) -> Lane:
    """Read a lane from its document."""
    data = document.data
    shard, item = int(data["cursor"]["shard"]), int(data["cursor"]["item"])
    return Lane(
        number=number,
        generation=int(data["generation"]),
        lease_until=float(data.get("lease_expires_at") or 0) / 1000,
        moved=(shard, item, int(data.get("done", 0))),
        ended=shard >= len(data["shards"]),
    )


def failures_of(data: Mapping[str, Any]) -> dict[str, str]:
    """Return worker SID to reason from a record's or a lane's `failures`."""
    return {str(f["worker_sid"]): str(f["reason"]) for f in data.get("failures") or []}
