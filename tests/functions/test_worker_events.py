"""A worker that is new or was changed is brought in step at once, with one listing."""

from __future__ import annotations

import json

import httpx
import pytest
from twilio.request_validator import RequestValidator

from tests.functions.contact_centre import ContactCentre
from twilio_emulator.testing import wait_for

UPDATED = "worker.attributes.update"


def test_a_created_worker_gets_its_queues(centre: ContactCentre) -> None:
    """A worker holds the sorted SIDs of its queues as soon as its event was handled."""
    queues = sorted(centre.add_queue(f"Queue {n}", "1==1") for n in range(3))
    centre.add_queue("Sales", "skill == 'sales'")
    centre.await_events("task-queue.created", 4)

    worker = centre.add_worker("Ada", skill="support", full_name="Ada")
    centre.await_right()

    attributes = centre.attributes(worker)
    assert attributes["queues"] == queues
    assert list(attributes) == ["skill", "full_name", "queues", "queues_digest"]


def test_skills_changed_by_hand_are_followed(centre: ContactCentre) -> None:
    """A change of attributes leads to one listing and one write, and nothing more."""
    queue = centre.add_queue("Sales", "skill == 'sales'")
    worker = centre.add_worker("Ada", skill="support")
    centre.await_right()
    centre.await_events(UPDATED, 1)
    centre.emulator.clear_journal()

    centre.change_worker(worker, skill="sales")
    centre.await_events(UPDATED, 2)

    assert centre.attributes(worker)["queues"] == [queue]
    calls = [(c["method"], c["path"].rpartition("/")[2]) for c in centre.calls(host="taskrouter")]
    # The test's own read and write, the function's listing and write, the test's last read.
    assert calls == [
        ("GET", worker),
        ("POST", worker),
        ("GET", "TaskQueues"),
        ("POST", worker),
        ("GET", worker),
    ]


def test_an_event_of_our_own_write_costs_no_call(centre: ContactCentre) -> None:
    """The digest tells our own writes; a batch's echoes call no API at all."""
    for n in range(5):
        centre.add_worker(f"worker-{n}")
    centre.await_right()
    centre.await_events(UPDATED, 5)
    centre.emulator.clear_journal()

    centre.add_queue("Everyone", "1==1")
    centre.await_events(UPDATED, 5)
    centre.await_right()

    listings = [c for c in centre.calls() if "WorkerSid" in c["params"]]
    assert listings == []
    assert len(list(centre.events(UPDATED))) == 5


def test_a_change_without_effect_is_not_written(centre: ContactCentre) -> None:
    """When the set of queues stays the same there is one listing and no write, in any order."""
    first = centre.add_queue("One", "1==1")
    second = centre.add_queue("Two", "1==1")
    worker = centre.add_worker("Ada")
    centre.await_right()
    centre.await_events(UPDATED, 1)
    reverse = sorted([first, second], reverse=True)
    centre.emulator.clear_journal()

    centre.change_worker(worker, queues=reverse, mood="good")
    centre.await_events(UPDATED, 1)

    assert centre.attributes(worker)["queues"] == reverse
    assert len(list(centre.events(UPDATED))) == 1


def test_a_failed_listing_never_empties_a_worker(centre: ContactCentre) -> None:
    """An event that cannot be handled answers 500 and leaves the worker as it is."""
    queue = centre.add_queue("Everyone", "1==1")
    worker = centre.add_worker("Ada")
    centre.await_right()
    centre.await_events(UPDATED, 1)
    centre.emulator.clear_journal()

    with centre.emulator.fault(kind="api", method="GET", path="/TaskQueues$", status=500):
        centre.change_worker(worker, mood="good")
        centre.await_events(UPDATED, 1)

    assert next(centre.events(UPDATED))["status"] == 500
    assert centre.attributes(worker)["queues"] == [queue]


def test_a_late_event_does_not_revert_newer_values(centre: ContactCentre) -> None:
    """An event older than the worker ends in the worker as it is now, with the right queues."""
    sales = centre.add_queue("Sales", "skill == 'sales'")
    centre.add_queue("Support", "skill == 'support'")
    worker = centre.add_worker("Ada", skill="support")
    centre.await_right()
    centre.await_events("worker.created", 1)
    old = next(centre.events("worker.created"))["params"]
    centre.change_worker(worker, skill="sales", note="newer")
    centre.await_right()

    answer = replay(centre, {**old, "WorkerAttributes": json.dumps({"skill": "support"})})

    assert answer.status_code == 200, answer.text
    attributes = centre.attributes(worker)
    assert (attributes["skill"], attributes["note"]) == ("sales", "newer")
    assert attributes["queues"] == [sales]


def replay(centre: ContactCentre, params: dict[str, str]) -> httpx.Response:
    """Send an event once more, signed as Twilio signs it."""
    url = centre.deployment.event_handler
    validator = RequestValidator(centre.emulator.auth_token)
    signature = validator.compute_signature(url, params)
    headers = {"X-Twilio-Signature": signature}
    return centre.emulator.request("POST", url, data=params, headers=headers)


def test_a_refused_write_reads_again(centre: ContactCentre) -> None:
    """A worker that moved on between event and write is read again and written once more."""
    queue = centre.add_queue("Everyone", "1==1")
    centre.await_events("task-queue.created", 1)
    path = "/Workers/WK"
    refusal = {"code": 20412, "message": "Precondition Failed", "status": 412}

    with centre.emulator.fault(
        kind="api", method="POST", path=path, status=412, count=2, body=refusal
    ):
        worker = centre.add_worker("Ada", skill="x")
        centre.await_right()

    assert centre.attributes(worker)["queues"] == [queue]


def test_a_lost_answer_ends_right(centre: ContactCentre) -> None:
    """A write that took effect although its connection broke is not written twice."""
    queue = centre.add_queue("Everyone", "1==1")
    centre.await_events("task-queue.created", 1)

    with centre.emulator.fault(
        kind="api", method="POST", path="/Workers/WK", drop=True, after=True, count=1
    ):
        worker = centre.add_worker("Ada", skill="x")
        centre.await_right()
        centre.await_events("worker.created", 1)

    assert centre.attributes(worker)["queues"] == [queue]
    assert next(centre.events("worker.created"))["status"] == 200


def test_a_worker_near_the_limit_fails_by_name(centre: ContactCentre) -> None:
    """Attributes that would be too long are not written; the event says so."""
    centre.add_queue("Everyone", "1==1")
    centre.await_events("task-queue.created", 1)

    worker = centre.add_worker("Ada", text="x" * 4050)
    centre.await_events("worker.created", 1)

    answered = next(centre.events("worker.created"))
    assert answered["status"] == 500
    assert "queues" not in centre.attributes(worker)


def test_a_worker_that_is_gone_is_no_error(centre: ContactCentre) -> None:
    """A late event of a deleted worker is answered as handled."""
    worker = centre.add_worker("Ada")
    centre.await_events("worker.created", 1)
    event = next(centre.events("worker.created"))["params"]
    centre.delete(f"{centre.url}/Workers/{worker}")

    answer = replay(centre, event)

    assert (answer.status_code, answer.json()["outcome"]) == (200, "gone")


@pytest.mark.parametrize("event_type", ["worker.activity.update", "toString", ""])
def test_an_event_of_another_type_is_ignored(centre: ContactCentre, event_type: str) -> None:
    """Events that mean nothing to the handler are answered and call no API."""
    centre.emulator.clear_journal()

    answer = replay(centre, {"EventType": event_type, "WorkerSid": "WK", "WorkerAttributes": "{}"})

    assert (answer.status_code, answer.json()) == (200, {"outcome": "ignored"})
    assert centre.calls() == []


def test_a_probe_only_leaves_its_receipts(centre: ContactCentre) -> None:
    """The probe queue of a verification is recorded in Sync, and nothing is planned for it."""
    centre.add_worker("Ada")
    centre.await_right()
    probe = centre.add_queue("taskrouter-probe-1a2b", "1==1")
    centre.await_events("task-queue.created", 1)
    centre.delete_queue(probe)

    def receipts() -> bool:
        found = (centre.document(f"probe-{probe}") or {}).get("events", [])
        return sorted(found) == ["task-queue.created", "task-queue.deleted"]

    wait_for(receipts, seconds=10, what="both receipts", pause=0.1)
    assert centre.latest() is None
    assert list(centre.held().values()) == [[]]


def test_logs_hold_neither_attributes_nor_secrets(centre: ContactCentre) -> None:
    """What functions log names events and SIDs, never what a worker's attributes say."""
    centre.add_worker("Ada", phone="+4915112345678")
    centre.await_right()
    url = (
        f"https://serverless.twilio.com/v1/Services/{centre.deployment.service_sid}"
        f"/Environments/{centre.deployment.environment_sid}/Logs"
    )

    def logs() -> str:
        return str(centre.emulator.request("GET", url).text)

    wait_for(lambda: "event.handled" in logs(), seconds=10, what="the log")
    assert "+4915112345678" not in logs()
    assert "a-secret-of-the-tests" not in logs()
