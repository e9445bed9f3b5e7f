"""What earlier runs left in Sync: the newest batch and the last release."""

from __future__ import annotations

from datetime import datetime

from taskrouter_ops.batches import Batches
from taskrouter_ops.batches.progress import Progress
from taskrouter_ops.doctor.findings import Finding, some_of
from taskrouter_ops.release_record import ReleaseRecord
from taskrouter_ops.target import Target
from taskrouter_ops.waiting import Waiting
from twilio_client import TwilioClient, urls

SYNC_SERVICE = "sync-service"
BATCH = "newest-batch"
RELEASE = "release"

# A lane writes at least once within a function's 10 s; several may wait for their turn.
STANDS_STILL_SECONDS = 120.0


def sync_service(client: TwilioClient, sid: str) -> Finding:
    """Read the Sync service. Raises: TwilioError."""
    body = client.get(urls.sync("Services", sid), what=f"read Sync Service {sid}").body
    return Finding(SYNC_SERVICE, "ok", f"{body.get('friendly_name') or 'unnamed'} ({sid})")


def newest_batch(client: TwilioClient, target: Target, waiting: Waiting) -> Finding:
    """Tell how the newest batch stands. Raises: TwilioError, BatchFailed."""
    progress = Batches(client, target, waiting=waiting).newest()
    if progress is None:
        return Finding(BATCH, "ok", "there has been none yet")
    return _batch(progress, waiting.now())


def _batch(progress: Progress, now: float) -> Finding:
    found = f"{progress.batch} is {progress.status}: {progress.line()}"
    again = f"run `taskrouter batch resume {progress.batch}`"
    if progress.status in ("failed", "cancelled"):
        why = f" ({progress.error})" if progress.error else ""
        return Finding(BATCH, "failed", found + why, again)
    if progress.failures:
        which = some_of([f"{sid}: {why}" for sid, why in progress.failures.items()])
        return Finding(BATCH, "warning", f"{found}; {which}", "correct these, `taskrouter sync`")
    if not progress.ended and _seconds_since(progress.updated_at, now) > STANDS_STILL_SECONDS:
        return Finding(BATCH, "warning", f"{found}, and stands still", again)
    return Finding(BATCH, "ok", found)


def _seconds_since(text: str | None, now: float) -> float:
    return now - datetime.fromisoformat(text).timestamp() if text else 0.0


def release(client: TwilioClient, target: Target) -> Finding:
    """Tell whether the last deployment was verified and synced. Raises: TwilioError."""
    record = ReleaseRecord(client, target).read()
    if record["status"] == "verified":
        return Finding(RELEASE, "ok", f"verified at {record['verified_at']}")
    failed = [f"{c['name']}: {c['detail']}" for c in record["checks"] if c["outcome"] == "failed"]
    found = f"{record['status']}{': ' if failed else ''}{some_of(failed)}"
    advice = "run `pulumi up`: its hooks run again until they succeed"
    return Finding(RELEASE, "warning", found, advice)
