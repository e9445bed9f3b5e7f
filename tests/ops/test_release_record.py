"""The record of a release: verified only when verification and sync both were good."""

from __future__ import annotations

import pytest

from taskrouter_ops.callback_verification import Check
from taskrouter_ops.queue_sync import SyncResult
from taskrouter_ops.release_record import ReleaseRecord
from tests.ops.conftest import Centre

PASSED = Check("event-round-trip", "passed", "arrived within 1 s")
SYNCED = SyncResult(
    batch="a" * 20,
    batch_document_sid="ET" + "0" * 32,
    status="completed",
    total=2,
    updated=2,
    unchanged=0,
    gone=0,
    failed=0,
    workers=25,
    queues=5,
    rounds=1,
    seconds=1.2,
    finished_at="2026-11-21T00:00:00Z",
)


@pytest.fixture
def record(centre: Centre) -> ReleaseRecord:
    """A record that starts unverified."""
    made = ReleaseRecord(centre.client, centre.target)
    made.failed("verify-callbacks", "not yet")
    made.failed("sync-worker-queues", "not yet")
    return made


def test_both_steps_make_it_verified(record: ReleaseRecord) -> None:
    """After verification alone it is unverified; after the sync it is verified, with counts."""
    record.verified([PASSED])
    assert record.read()["status"] == "unverified"

    record.synced(SYNCED)

    found = record.read()
    assert found["status"] == "verified"
    assert found["checks"] == [PASSED.as_dict()]
    assert found["last_sync"]["updated"] == 2
    assert found["batch_document_sid"] == SYNCED.batch_document_sid


def test_a_good_sync_does_not_hide_a_failed_check(record: ReleaseRecord) -> None:
    """With a failed verification the release stays unverified and says why."""
    record.synced(SYNCED)

    found = record.read()
    assert (found["status"], found["verified_at"]) == ("unverified", None)
    assert found["checks"][0]["detail"] == "not yet"


def test_a_failed_sync_makes_a_verified_release_unverified(record: ReleaseRecord) -> None:
    """What was checked stays on record; the sync is gone from it."""
    record.verified([PASSED])
    record.synced(SYNCED)

    record.failed("sync-worker-queues", "one worker")

    found = record.read()
    assert (found["status"], found["last_sync"]) == ("unverified", None)
    assert found["checks"] == [PASSED.as_dict()]
