"""The Sync document `release`: what the last deploy's verification and sync found.

The resource `twilio:taskrouter:Release` reads its outputs from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from taskrouter_ops.callback_verification import Check
from taskrouter_ops.queue_sync.run import SyncResult
from taskrouter_ops.sync_documents import SyncDocuments
from taskrouter_ops.target import Target
from taskrouter_ops.waiting import REAL_TIME, Waiting
from twilio_client import TwilioClient

RELEASE_DOCUMENT = "release"

Step = Literal["verify-callbacks", "sync-worker-queues"]

LAST_SYNC_FIELDS = (
    "batch",
    "status",
    "total",
    "updated",
    "unchanged",
    "gone",
    "failed",
    "workers",
    "queues",
    "seconds",
    "finished_at",
)


class ReleaseRecord:
    """Reads and writes the record of one deployment. Raises (every method): TwilioError.

    Shape: `status` (verified only when the last verification and the last sync both were good,
    else unverified), `verified_at` (ISO 8601 or None), `checks` (list of name, outcome,
    detail), `last_sync` (counts or None), `batch_document_sid`.
    """

    def __init__(
        self, client: TwilioClient, target: Target, *, waiting: Waiting = REAL_TIME
    ) -> None:
        """Bind to a deployment; nothing is sent yet."""
        self._documents = SyncDocuments(client, target.sync_service_sid)
        self._waiting = waiting

    def read(self) -> dict[str, Any]:
        """Return the record; where nothing was recorded yet, an unverified one."""
        document = self._documents.read(RELEASE_DOCUMENT)
        empty: dict[str, Any] = {
            "status": "unverified",
            "verified_at": None,
            "checks": [],
            "last_sync": None,
            "batch_document_sid": None,
        }
        return {**empty, **(document.data if document else {})}

    def verified(self, checks: Sequence[Check]) -> None:
        """Record a verification without failures; the sync is still to come."""
        self._write(
            {"checks": [check.as_dict() for check in checks], "verified_at": self._now()},
            status="unverified",
        )

    def synced(self, result: SyncResult) -> None:
        """Record a good sync; together with a good verification the release is verified."""
        counts = result.as_dict()
        record = self.read()
        self._write(
            {
                "last_sync": {name: counts[name] for name in LAST_SYNC_FIELDS},
                "batch_document_sid": result.batch_document_sid,
            },
            status="verified" if record["verified_at"] else "unverified",
        )

    def failed(self, step: Step, why: str) -> None:
        """Record that a step failed, so that the release shows as unverified."""
        lost: dict[str, Any] = {"last_sync": None}
        if step == "verify-callbacks":
            failure = Check(step, "failed", why)
            lost = {"checks": [failure.as_dict()], "verified_at": None}
        self._write(lost, status="unverified")

    def _write(self, changes: Mapping[str, Any], *, status: str) -> None:
        self._documents.put(RELEASE_DOCUMENT, {**self.read(), **changes, "status": status})

    def _now(self) -> str:
        return self._waiting.now_text()
