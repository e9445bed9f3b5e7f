"""Batches as `pulumi up` submits them: bad items, hanging calls, killed functions, two at once."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.functions.contact_centre import ContactCentre
from twilio_emulator.testing import wait_for

BATCH = "abcdefghij0123456789"
QUEUE = "WQ" + "1" * 32
OTHER = "WQ" + "2" * 32
NOBODY = "WK" + "0" * 32
SHORT_HOPS = {"BATCH_TIME_BUDGET_MS": "150"}


@pytest.fixture
def quiet(centre: ContactCentre) -> ContactCentre:
    """A centre without callbacks: what changes is the batch's work alone."""
    centre.post(centre.url, EventCallbackUrl="")
    return centre


def shard(workers: list[str], add: str = QUEUE) -> dict[str, Any]:
    """A shard that adds one queue to each worker."""
    return {"queues": [OTHER, add], "items": [[sid, [1], [0]] for sid in workers]}


def test_items_add_and_remove_and_touch_nothing_else(quiet: ContactCentre) -> None:
    """An item changes `queues` and the digest; other keys keep their values and their order."""
    workers = [quiet.add_worker(f"w{n}", z=n, queues=[OTHER], a=None) for n in range(3)]
    quiet.write_batch(BATCH, [shard(workers)])

    answer = quiet.send(quiet.message(BATCH))

    assert answer.status_code == 202, answer.text
    for n, worker in enumerate(workers):
        attributes = quiet.attributes(worker)
        assert list(attributes) == ["z", "queues", "a", "queues_digest"]
        assert (attributes["z"], attributes["queues"], attributes["a"]) == (n, [QUEUE], None)


def test_an_item_without_changes_brings_queues_into_form(quiet: ContactCentre) -> None:
    """Unsorted, doubled or missing `queues` become the sorted array."""
    unsorted = quiet.add_worker("unsorted", queues=[OTHER, QUEUE, OTHER])
    missing = quiet.add_worker("missing")
    quiet.write_batch(BATCH, [{"queues": [], "items": [[unsorted, [], []], [missing, [], []]]}])

    quiet.send(quiet.message(BATCH))

    assert quiet.attributes(unsorted)["queues"] == [QUEUE, OTHER]
    assert quiet.attributes(missing)["queues"] == []


def test_bad_items_do_not_stop_the_good_ones(quiet: ContactCentre) -> None:
    """Each item ends by itself: 15 that cannot succeed come first, the others are done."""
    poison = [quiet.add_worker(f"poison-{n}", text="x" * 4060) for n in range(14)]
    right = quiet.add_worker("right", queues=[QUEUE])
    good = [quiet.add_worker(f"good-{n}") for n in range(5)]
    quiet.write_batch(BATCH, [shard([*poison, NOBODY, right, *good])])

    quiet.send(quiet.message(BATCH))

    record = quiet.await_end(BATCH)
    assert record["status"] == "completed_with_failures"
    counts = {name: record[name] for name in ("done", "updated", "unchanged", "gone", "failed")}
    assert counts == {"done": 21, "updated": 5, "unchanged": 1, "gone": 1, "failed": 14}
    reasons = {failure["worker_sid"]: failure["reason"] for failure in record["failures"]}
    assert set(reasons) == set(poison)
    length = len('{"text":"","queues":[""],"queues_digest":""}') + 4060 + 34 + 16
    expected = f"attributes would be {length} characters, Twilio's limit is 4096"
    assert set(reasons.values()) == {expected}
    assert all(quiet.attributes(worker)["queues"] == [QUEUE] for worker in good)
    assert all("queues" not in quiet.attributes(worker) for worker in poison)


def test_a_worker_whose_calls_always_fail_ends_as_failed(quiet: ContactCentre) -> None:
    """An item has 6 attempts and then a reason, also when Twilio only ever answers 503."""
    bad, good = quiet.add_worker("bad"), quiet.add_worker("good")
    quiet.write_batch(BATCH, [shard([bad, good])])

    with quiet.emulator.fault(kind="api", path=f"/Workers/{bad}", status=503):
        quiet.emulator.clear_journal()
        quiet.send(quiet.message(BATCH))
        tried = len(quiet.emulator.journal(kind="api", path=f"/Workers/{bad}"))

    record = quiet.await_end(BATCH)
    assert tried == 6
    assert (record["updated"], record["failed"]) == (1, 1)
    assert "503" in record["failures"][0]["reason"]


@pytest.mark.parametrize("centre", [{"BATCH_TIME_BUDGET_MS": "500"}], indirect=True)
def test_a_worker_whose_calls_hang_holds_up_nobody(quiet: ContactCentre) -> None:
    """Calls that never come back cost an item its attempts, over as many hops as it takes."""
    bad = quiet.add_worker("bad")
    good = [quiet.add_worker(f"good-{n}") for n in range(9)]
    quiet.write_batch(BATCH, [shard([bad, *good])])

    with quiet.emulator.fault(kind="api", path=f"/Workers/{bad}", latency_ms=20_000):
        quiet.send(quiet.message(BATCH))
        record = quiet.await_end(BATCH, seconds=60)

    assert (record["status"], record["updated"]) == ("completed_with_failures", 9)
    assert [failure["worker_sid"] for failure in record["failures"]] == [bad]


def test_conflicting_writes_are_merged(quiet: ContactCentre) -> None:
    """While a batch runs, somebody changes other attributes: both changes hold."""
    workers = [quiet.add_worker(f"w{n}", count=0) for n in range(30)]
    quiet.write_batch(BATCH, [shard(workers)])

    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(quiet.send, quiet.message(BATCH))
        written = set()
        while not sending.done():
            for worker in workers:
                if increment(quiet, worker):
                    written.add(worker)

    assert sending.result().status_code == 202
    assert quiet.await_end(BATCH)["failed"] == 0
    for worker in workers:
        attributes = quiet.attributes(worker)
        assert attributes["queues"] == [QUEUE]
        assert attributes["count"] > 0 or worker not in written


def increment(centre: ContactCentre, worker: str) -> bool:
    """Raise a worker's count by one, conditionally; tell whether it held."""
    url = f"{centre.url}/Workers/{worker}"
    answer = centre.emulator.request("GET", url)
    attributes = json.loads(answer.json()["attributes"])
    attributes["count"] += 1
    headers = {"If-Match": answer.headers["etag"]}
    form = {"Attributes": json.dumps(attributes)}
    return centre.emulator.request("POST", url, data=form, headers=headers).status_code == 200


@pytest.mark.parametrize("centre", [SHORT_HOPS], indirect=True)
def test_shards_are_worked_through_over_many_hops(quiet: ContactCentre) -> None:
    """Cursor and counts survive every hand-over."""
    workers = [quiet.add_worker(f"w{n}") for n in range(180)]
    quiet.write_batch(BATCH, [shard(workers[n : n + 20]) for n in range(0, 180, 20)])

    answer = quiet.send(quiet.message(BATCH))

    assert answer.json() == {"accepted": True, "ended": False}
    record = quiet.await_end(BATCH)
    assert (record["status"], record["total"], record["updated"]) == ("completed", 180, 180)
    lane = quiet.document(f"batch-{BATCH}-lane-0") or {}
    assert lane["cursor"]["shard"] == len(lane["shards"]) == 9
    assert lane["generation"] > 1


def test_two_lanes_share_a_batch(quiet: ContactCentre) -> None:
    """The lane that ends last writes the sum of all."""
    workers = [quiet.add_worker(f"w{n}") for n in range(24)]
    quiet.write_batch(BATCH, [shard(workers[:12]), shard(workers[12:])])
    lane = quiet.document(f"batch-{BATCH}-lane-0") or {}
    quiet.put(f"batch-{BATCH}-lane-0", {**lane, "shards": [0]})
    quiet.put(f"batch-{BATCH}-lane-1", {**lane, "shards": [1]})
    quiet.put(f"batch-{BATCH}", {**(quiet.document(f"batch-{BATCH}") or {}), "lanes": 2})

    assert quiet.send(quiet.message(BATCH, lane=0)).status_code == 202
    assert (quiet.document(f"batch-{BATCH}") or {})["status"] == "running"
    assert quiet.send(quiet.message(BATCH, lane=1)).status_code == 202

    record = quiet.await_end(BATCH)
    assert (record["status"], record["done"], record["updated"]) == ("completed", 24, 24)


def test_a_message_sent_twice_runs_once(quiet: ContactCentre) -> None:
    """Of two deliveries at the same time one is accepted, the other refused."""
    workers = [quiet.add_worker(f"w{n}") for n in range(20)]
    quiet.write_batch(BATCH, [shard(workers)])
    message = quiet.message(BATCH)

    with ThreadPoolExecutor(4) as pool:
        statuses = [a.status_code for a in pool.map(quiet.send, [message] * 4)]

    assert sorted(statuses) == [202, 409, 409, 409]
    assert quiet.await_end(BATCH)["updated"] == 20


@pytest.mark.parametrize("centre", [SHORT_HOPS], indirect=True)
def test_a_hop_that_fails_to_start_is_posted_again(quiet: ContactCentre) -> None:
    """A hand-over is repeated until the lane's document shows that it was taken."""
    workers = [quiet.add_worker(f"w{n}") for n in range(40)]
    quiet.write_batch(BATCH, [shard(workers)])

    with quiet.emulator.fault(kind="function", path="/batch/process", status=500, skip=1, count=1):
        quiet.send(quiet.message(BATCH))
        record = quiet.await_end(BATCH)

    assert (record["status"], record["updated"]) == ("completed", 40)


def test_a_cancelled_batch_stops(quiet: ContactCentre) -> None:
    """When somebody cancels a batch its lane stops within about a second."""
    workers = [quiet.add_worker(f"w{n}") for n in range(100)]
    quiet.write_batch(BATCH, [shard(workers)])

    with (
        ThreadPoolExecutor(1) as pool,
        quiet.emulator.fault(kind="api", path="/Workers/WK", latency_ms=200),
    ):
        sending = pool.submit(quiet.send, quiet.message(BATCH))
        wait_for(lambda: (quiet.document(f"batch-{BATCH}") or {})["status"] == "running")
        record = quiet.document(f"batch-{BATCH}") or {}
        quiet.put(f"batch-{BATCH}", {**record, "status": "cancelled"})
        answer = sending.result()

    assert answer.status_code == 409
    assert (quiet.document(f"batch-{BATCH}") or {})["status"] == "cancelled"
    assert sum(QUEUE in (held or []) for held in quiet.held().values()) < 100


@pytest.mark.parametrize("centre", [{"BATCH_TIME_BUDGET_MS": "30000"}], indirect=True)
def test_a_killed_function_is_taken_up_by_the_next_event(centre: ContactCentre) -> None:
    """A chain whose function was ended goes on where it had saved, once any queue changes."""
    workers = [centre.add_worker(f"w{n}") for n in range(40)]
    centre.await_right()
    centre.post(centre.url, EventCallbackUrl="")
    queue = centre.add_queue("Everyone", "1==1")
    items = [[sid, [0], []] for sid in workers]
    centre.write_batch(BATCH, [{"queues": [queue], "items": items}])

    with centre.emulator.fault(kind="api", path="/Workers/WK", method="POST", latency_ms=3000):
        answer = centre.send(centre.message(BATCH))  # ended by the platform after 10 s
    lane = centre.document(f"batch-{BATCH}-lane-0") or {}
    assert answer.status_code >= 500
    assert lane["holder"]
    assert 0 < lane["done"] < 40
    centre.put(f"batch-{BATCH}-lane-0", {**lane, "lease_expires_at": int(time.time() * 1000) - 1})
    centre.post(centre.url, EventCallbackUrl=centre.deployment.event_handler)
    centre.add_queue("Nobody", "1==2")

    record = centre.await_end(BATCH)
    assert (record["status"], record["done"]) == ("completed", 40)
    centre.await_right()


@pytest.mark.parametrize("lost", [False, True], ids=["dead", "documents-gone"])
def test_a_workers_event_takes_up_what_a_queues_event_left(
    centre: ContactCentre, lost: bool
) -> None:
    """Nobody has to change a queue for a stopped batch to come to its end."""
    workers = [centre.add_worker(f"w{n}") for n in range(10)]
    centre.await_right()
    with centre.emulator.fault(kind="function", path="/batch/process", status=500):
        centre.add_queue("Everyone", "1==1")
        centre.await_events("task-queue.created", 1)
    batch = (centre.document("latest-worker-queue-sync") or {})["batch"]
    lane = centre.document(f"batch-{batch}-lane-0") or {}
    centre.put(f"batch-{batch}-lane-0", {**lane, "lease_expires_at": 1})
    if lost:
        centre.delete(f"{centre.documents_url}/batch-{batch}-lane-0")

    centre.change_worker(workers[0], seat=1)

    record = centre.await_end(batch)
    assert record["status"] == ("failed" if lost else "completed")
    centre.await_right()
