"""The full sync, from Python's plan to the functions' writes, and what disturbs it."""

from __future__ import annotations

import time

import pytest

from taskrouter_ops import BatchFailed, SyncFailed
from taskrouter_ops.batches import Batches
from taskrouter_ops.queue_sync import plan_now, run
from taskrouter_ops.queue_sync.listing import look
from taskrouter_ops.waiting import Waiting
from tests.ops.conftest import Centre
from twilio_client import ServerFault

OURS = {"queues", "queues_digest"}


def others(attributes: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    """Leave out the two attributes that belong to the sync."""
    return {w: {k: v for k, v in a.items() if k not in OURS} for w, a in attributes.items()}


@pytest.fixture
def stale(centre: Centre) -> Centre:
    """A centre whose workers all lack their queues, and where no batch is left to be ended."""
    run(centre.client, centre.target)
    centre.disturb_all()
    centre.emulator.clear_journal()
    return centre


def test_every_worker_gets_exactly_its_queues_and_nothing_else_changes(stale: Centre) -> None:
    """Checked from outside, by Twilio's own eligibility lists."""
    before = others(stale.workers())
    lines: list[str] = []

    result = run(stale.client, stale.target, lines.append)

    assert stale.held() == stale.eligible()
    assert others(stale.workers()) == before
    assert all(len(a["queues_digest"]) == 16 for a in stale.workers().values())
    assert (result.status, result.updated, result.failed) == ("completed", len(before), 0)
    assert any(f"of {len(before)} workers" in line for line in lines)


def test_nothing_to_do_calls_no_function_but_leaves_a_record(centre: Centre) -> None:
    """A second sync is empty; its batch is terminal all the same."""
    run(centre.client, centre.target)
    centre.callbacks_settled()
    centre.emulator.clear_journal()

    result = run(centre.client, centre.target)

    assert centre.functions_called("/batch/process") == 0
    assert (result.status, result.total) == ("completed", 0)
    latest = Batches(centre.client, centre.target).status()
    assert (latest.batch, latest.document_sid) == (result.batch, result.batch_document_sid)
    assert latest.finished_at is not None


def test_several_lanes_share_the_work(stale: Centre) -> None:
    """More lanes than shards are not started; the result is the same."""
    result = run(stale.client, stale.target, lanes=4)

    assert stale.held() == stale.eligible()
    assert result.failed == 0


def test_a_stale_sid_and_a_wrong_form_are_repaired(centre: Centre) -> None:
    """A SID of no queue goes, an attribute that is no array becomes one."""
    run(centre.client, centre.target)
    first, second = sorted(centre.workers())[:2]
    centre.disturb(first, queues=["WQ" + "f" * 32, *centre.held()[first]])
    centre.disturb(second, queues="WQ" + "f" * 32)

    result = run(centre.client, centre.target)

    assert centre.held() == centre.eligible()
    assert result.updated == 2


def test_one_worker_failing_for_good_is_named_and_the_others_are_done(stale: Centre) -> None:
    """The failure names the worker and why; after the cause is gone the sync succeeds."""
    bad = sorted(stale.workers())[3]
    rule = {"kind": "api", "method": "POST", "path": f"Workers/{bad}$", "status": 400}

    with stale.emulator.fault(**rule), pytest.raises(SyncFailed, match=bad) as failure:
        run(stale.client, stale.target)

    assert list(failure.value.workers) == [next(w for w in failure.value.workers if bad in w)]
    assert "400" in str(failure.value)
    held, eligible = stale.held(), stale.eligible()
    assert [w for w in held if held[w] != eligible[w]] == [bad]
    record = Batches(stale.client, stale.target).status(failure.value.batch)
    assert (record.status, list(record.failures)) == ("completed_with_failures", [bad])
    assert run(stale.client, stale.target).updated == 1
    assert stale.held() == eligible


def test_a_failed_listing_stops_everything(stale: Centre) -> None:
    """A listing that fails never means "no queues": nothing is written, no batch is made."""
    before = stale.workers()
    rule = {"kind": "api", "method": "GET", "path": r"/Workers$", "skip": 2, "status": 500}

    with stale.emulator.fault(**rule), pytest.raises(ServerFault, match="list the Workers"):
        run(stale.client, stale.target)

    assert stale.workers() == before
    written = stale.emulator.journal(kind="api", method="POST")
    assert written == []


def test_a_dead_chain_is_taken_up_again(stale: Centre) -> None:
    """A hop that dies takes its chain with it; the lease runs out and the lane goes on."""
    ahead = Waiting(now=lambda: time.time() + 20)
    lines: list[str] = []
    # Slow writes, so that the first hop cannot do all of it within its budget.
    stale.emulator.add_fault(kind="api", method="POST", path=r"Workers/WK\w+$", latency_ms=300)
    died = stale.emulator.add_fault(
        kind="function", function="/batch/process", skip=1, count=4, drop=True
    )

    result = run(stale.client, stale.target, lines.append, waiting=ahead)

    rules = {rule["id"]: rule["hits"] for rule in stale.emulator.faults()}
    assert rules[died] >= 1
    assert any("starting it again" in line for line in lines)
    assert stale.held() == stale.eligible()
    assert result.status == "completed"


def test_a_lane_that_never_starts_ends_the_batch_as_failed(stale: Centre) -> None:
    """After a bounded number of attempts the record says so, and resume finishes the work."""
    now = [time.time()]
    quick = Waiting(now=lambda: now[0], sleep=lambda seconds: now.__setitem__(0, now[0] + seconds))
    rule = {"kind": "function", "function": "/batch/process", "status": 500}

    with stale.emulator.fault(**rule), pytest.raises(BatchFailed, match="batch resume") as failure:
        run(stale.client, stale.target, waiting=quick)

    batches = Batches(stale.client, stale.target)
    assert batches.status(failure.value.batch).status == "failed"
    assert batches.resume(failure.value.batch).status == "completed"
    assert stale.held() == stale.eligible()


def test_a_refused_signature_is_said_at_once(stale: Centre) -> None:
    """Another BATCH_SECRET cannot be repaired by trying again."""
    rule = {"kind": "function", "function": "/batch/process", "status": 401}

    with stale.emulator.fault(**rule), pytest.raises(BatchFailed, match="BATCH_SECRET"):
        run(stale.client, stale.target)

    assert stale.functions_called("/batch/process") == 1


def test_a_forged_message_is_refused_by_the_functions(centre: Centre) -> None:
    """The batch endpoint answers 401 without the right signature."""
    url = centre.target.function("/batch/process")
    message = {"payload": "{}", "timestamp": str(int(time.time())), "signature": "0" * 64}

    assert centre.client.call_function(url, json_body=message).status == 401


def test_attributes_a_list_leaves_out_are_read_one_by_one(centre: Centre) -> None:
    """Twilio's pages say lists carry null for attributes; that never means "no queues"."""
    run(centre.client, centre.target)
    held = centre.held()
    page = {
        "workers": [{"sid": sid, "attributes": None} for sid in held],
        "meta": {"key": "workers", "next_page_url": None},
    }
    rule = {"kind": "api", "method": "GET", "path": r"/Workers$", "status": 200, "body": page}

    with centre.emulator.fault(**rule):
        listing = look(centre.client, centre.target.workspace_sid)

    assert listing.current == held


def test_planning_writes_nothing(stale: Centre) -> None:
    """A dry run shows every stale worker and makes reading requests only."""
    plan = plan_now(stale.client, stale.target)

    assert set(plan.stale) == set(stale.workers())
    assert stale.emulator.journal(method="POST") == []
