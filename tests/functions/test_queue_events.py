"""Queues come, change and go; every worker's `queues` follows the server's own lists."""

from __future__ import annotations

import json

import pytest

from tests.functions.contact_centre import ContactCentre

SHORT_HOPS = {"BATCH_TIME_BUDGET_MS": "150"}


def add_workers(centre: ContactCentre, count: int) -> list[str]:
    """Workers of two skills and five levels, in step before the test begins."""
    skills = [["sales"], ["support"], ["sales", "support"]]
    workers = [
        centre.add_worker(f"worker-{n}", level=n % 5, routing={"skills": skills[n % 3]}, x=[n])
        for n in range(count)
    ]
    centre.await_events("worker.created", count)
    centre.await_right()
    return workers


def others(attributes: dict[str, object]) -> str:
    """The attributes that are not ours, with their order."""
    return json.dumps({k: v for k, v in attributes.items() if not k.startswith("queues")})


def test_a_created_queue_reaches_its_workers(centre: ContactCentre) -> None:
    """Eligible workers get the queue's SID, nothing else of their attributes changes."""
    workers = add_workers(centre, 12)
    before = {sid: others(centre.attributes(sid)) for sid in workers}

    queue = centre.add_queue("Sales", "routing.skills HAS 'sales'")
    centre.await_right()

    assert sum(queue in held for held in centre.held().values()) == 8
    assert {sid: others(centre.attributes(sid)) for sid in workers} == before
    record = centre.latest() or {}
    assert record["status"] == "completed"
    assert (record["total"], record["done"], record["updated"]) == (8, 8, 8)


def test_a_changed_expression_is_followed(centre: ContactCentre) -> None:
    """Workers who are eligible now gain the SID, those who are no longer lose it."""
    add_workers(centre, 10)
    queue = centre.add_queue("Levels", "level >= 3")
    centre.await_right()

    centre.change_queue(queue, "level < 2")
    centre.await_right()

    assert sum(queue in held for held in centre.held().values()) == 4


def test_a_deleted_queue_leaves_no_trace(centre: ContactCentre) -> None:
    """Holders lose the SID of a queue that is gone, and only that one."""
    add_workers(centre, 6)
    kept = centre.add_queue("Everyone", "1==1")
    centre.await_right()
    gone = centre.add_queue("Sales", "routing.skills HAS 'sales'")
    centre.await_right()

    centre.delete_queue(gone)
    centre.await_right()

    assert all(held == [kept] for held in centre.held().values())


def test_a_queue_that_matches_nobody_starts_no_batch(centre: ContactCentre) -> None:
    """An empty plan is no work: no documents, no hop."""
    add_workers(centre, 2)

    centre.add_queue("Nobody", "1==2")
    centre.await_events("task-queue.created", 1)

    assert centre.latest() is None


@pytest.mark.parametrize("centre", [SHORT_HOPS], indirect=True)
def test_changes_on_the_heels_of_each_other_end_right(centre: ContactCentre) -> None:
    """Events for queues that are being worked on already are not lost, whatever their order."""
    add_workers(centre, 20)
    queue = centre.add_queue("Moving", "level >= 3")
    other = centre.add_queue("Other", "level < 4")
    for expression in ("level < 2", "routing.skills HAS 'sales'", "1==1", "level == 4"):
        centre.change_queue(queue, expression)
    centre.delete_queue(other)

    centre.await_events("task-queue.expression.updated", 4)
    centre.await_events("task-queue.deleted", 1)
    centre.await_right(seconds=60)

    assert sum(queue in held for held in centre.held().values()) == 4


@pytest.mark.parametrize("centre", [SHORT_HOPS], indirect=True)
def test_a_batch_of_many_hops_counts_every_worker_once(centre: ContactCentre) -> None:
    """Lanes hand over as often as needed; the record's sums are exact at the end."""
    add_workers(centre, 60)

    centre.add_queue("Everyone", "1==1")
    centre.await_right(seconds=60)

    record = centre.latest() or {}
    assert record["status"] == "completed"
    assert record["total"] == record["done"] == 60
    assert record["updated"] + record["unchanged"] == 60
    batch = (centre.document("latest-worker-queue-sync") or {})["batch"]
    assert (centre.document(f"batch-{batch}-lane-0") or {})["generation"] > 1


def test_many_queues_at_once_share_a_chain(centre: ContactCentre) -> None:
    """Queues whose events come while a batch runs wait in its record and are planned by it."""
    add_workers(centre, 10)

    queues = [centre.add_queue(f"Level {n}", f"level == {n % 5}") for n in range(10)]
    centre.await_events("task-queue.created", len(queues), seconds=60)
    centre.await_right(seconds=60)

    assert all(len(held) == 2 for held in centre.held().values())
    writes = centre.calls(method="POST", path="/Workers/WK")
    assert len(writes) <= 3 * 10


@pytest.mark.parametrize(
    "event", ["task-queue.created", "task-queue.expression.updated", "task-queue.deleted"]
)
def test_a_failed_listing_changes_nobody_and_is_made_up_for(
    centre: ContactCentre, event: str
) -> None:
    """Twilio sends an event once: without an answer to the listing its queue waits in a batch."""
    add_workers(centre, 3)
    queue = centre.add_queue("Everyone", "1==1")
    centre.await_right()
    before = centre.held()
    centre.emulator.clear_journal()

    with centre.emulator.fault(kind="api", method="GET", path="/Workers$", status=500):
        change(centre, queue, event)
        centre.await_events(event, 1)
        held = [json.loads(w["attributes"])["queues"] for w in read_workers(centre, before)]

    assert held == list(before.values())
    centre.await_right()
    assert (centre.latest() or {})["status"] == "completed"


def change(centre: ContactCentre, queue: str, event: str) -> None:
    """Do what leads to an event."""
    if event == "task-queue.created":
        centre.add_queue("Another", "1==1")
    elif event == "task-queue.deleted":
        centre.delete_queue(queue)
    else:
        centre.change_queue(queue, "1==2")


def read_workers(centre: ContactCentre, sids: dict[str, object]) -> list[dict[str, str]]:
    """Read workers one by one, past a fault that meets only listings."""
    found = [centre.emulator.request("GET", f"{centre.url}/Workers/{sid}") for sid in sids]
    return [answer.json() for answer in found]


def test_transient_refusals_are_repeated(centre: ContactCentre) -> None:
    """429, 5xx and dropped connections delay the work, they do not change its outcome."""
    add_workers(centre, 8)
    path = "/Workers"
    with (
        centre.emulator.fault(kind="api", path=path, status=429, probability=0.15),
        centre.emulator.fault(kind="api", path=path, drop=True, probability=0.1),
        centre.emulator.fault(kind="api", host="sync", status=503, probability=0.1),
    ):
        centre.add_queue("Everyone", "1==1")
        centre.await_events("task-queue.created", 1, seconds=30)

    assert next(centre.events("task-queue.created"))["status"] == 200
    centre.await_right(seconds=60)
