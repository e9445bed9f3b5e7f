"""Assignment callbacks: what is posted, and how an answer is followed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from twilio_emulator.testing import RunningEmulator, wait_for

from .conftest import TASKROUTER
from .receiver import Receiver, receiving
from .running import running
from .task_centre import TaskCentre, task_centre

FIELDS = {
    "Timestamp", "AccountSid", "WorkspaceSid", "WorkflowSid", "TaskQueueSid", "WorkerSid",
    "WorkerAttributes", "TaskSid", "TaskAttributes", "TaskAge", "TaskPriority", "ReservationSid",
}  # fmt: skip


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Run the application whose assignment callback is called."""
    with receiving() as made:
        made.status = 200
        yield made


@pytest.fixture
def centre(emulator: RunningEmulator, receiver: Receiver) -> Iterator[TaskCentre]:
    """A centre whose workflow calls the receiver."""
    with task_centre(emulator, AssignmentCallbackUrl=receiver.url) as made:
        yield made


def _answering(receiver: Receiver, instruction: Any, status: int = 200) -> None:
    receiver.answer = lambda _form: (status, instruction)


def test_the_callback_tells_who_is_offered_what(centre: TaskCentre, receiver: Receiver) -> None:
    """The documented fields are posted, signed; an empty answer leaves the decision for later."""
    worker = centre.worker("w", contact_uri="client:w")
    task = centre.task({"path": "a/b"}, Priority=3)
    (form,) = receiver.wait_for_count(1)
    reservation = centre.reservation(task)

    assert set(form) == FIELDS
    assert (form["TaskSid"], form["WorkerSid"]) == (task, worker)
    assert f"/Tasks/{task}/Reservations/{form['ReservationSid']}" == reservation
    assert (form["WorkflowSid"], form["TaskQueueSid"]) == (centre.workflow, centre.queue)
    assert json.loads(form["TaskAttributes"]) == {"path": "a/b"}
    assert json.loads(form["WorkerAttributes"]) == {"contact_uri": "client:w"}
    assert (form["TaskPriority"], form["TaskAge"]) == ("3", "0")
    validator = RequestValidator(centre.emulator.auth_token)
    assert validator.validate(receiver.url, form, receiver.headers[0]["x-twilio-signature"])
    assert centre.get(reservation)["reservation_status"] == "pending"


def test_an_accepting_answer_assigns_the_task(centre: TaskCentre, receiver: Receiver) -> None:
    """The instruction accept accepts the reservation."""
    _answering(receiver, {"instruction": "accept"})
    centre.worker("w")
    task = centre.task()

    centre.await_status(centre.reservation(task), "accepted")
    assert centre.status(task) == "assigned"


def test_a_rejecting_answer_moves_the_worker(centre: TaskCentre, receiver: Receiver) -> None:
    """The instruction reject takes an activity along, and the task goes back."""
    unavailable = centre.activity("Unavailable")
    _answering(receiver, {"instruction": "reject", "activity_sid": unavailable})
    worker = centre.worker("w")
    task = centre.task()

    centre.await_status(centre.reservation(task), "rejected")
    assert centre.get(f"/Workers/{worker}")["activity_sid"] == unavailable
    assert centre.status(task) == "pending"


def test_dequeue_adds_the_workers_call(centre: TaskCentre, receiver: Receiver) -> None:
    """The instruction dequeue accepts and puts worker_call_sid into the task's attributes."""
    _answering(receiver, {"instruction": "dequeue", "from": "+15005550006"})
    centre.worker("w", contact_uri="client:w")
    task = centre.task({"call_sid": "CA" + "1" * 32})

    centre.await_status(centre.reservation(task), "accepted")
    attributes = json.loads(centre.get(f"/Tasks/{task}")["attributes"])
    assert attributes["worker_call_sid"].startswith("CA")


@pytest.mark.parametrize(
    "answer",
    [
        b"not json",
        ["accept"],
        {"decision": "accept"},
        {"instruction": "dance"},
        {"instruction": "reject", "activity_sid": "WA" + "0" * 32},
        {"instruction": "dequeue"},
        {"instruction": "call", "to": "client:w"},
        {"instruction": 7},
    ],
)
def test_a_wrong_answer_leaves_the_reservation_pending(
    centre: TaskCentre, receiver: Receiver, answer: Any
) -> None:
    """What cannot be followed changes nothing: the next callback's answer is still followed."""
    receiver.answer = lambda form: (
        200,
        answer if form["TaskPriority"] == "1" else {"instruction": "accept"},
    )
    centre.worker("w", capacity=2)
    wrong = centre.task(Priority=1)
    receiver.wait_for_count(1)
    right = centre.task(Priority=0)
    centre.await_status(centre.reservation(right), "accepted")

    assert centre.get(centre.reservation(wrong))["reservation_status"] == "pending"
    assert centre.get(f"/Tasks/{wrong}")["attributes"] == "{}"


def test_an_empty_object_is_later(centre: TaskCentre, receiver: Receiver) -> None:
    """{} leaves the reservation to a later update over the API."""
    _answering(receiver, {})
    centre.worker("w")
    task = centre.task()
    receiver.wait_for_count(1)

    changed = centre.change(centre.reservation(task), ReservationStatus="accepted")
    assert changed["reservation_status"] == "accepted"


def test_the_fallback_is_called_when_the_first_fails(
    centre: TaskCentre, receiver: Receiver
) -> None:
    """A 500 from the callback address brings the fallback address in, with the same fields."""
    with receiving() as fallback:
        fallback.answer = lambda _form: (200, {"instruction": "accept"})
        _answering(receiver, None, status=500)
        centre.change(f"/Workflows/{centre.workflow}", FallbackAssignmentCallbackUrl=fallback.url)
        centre.worker("w")
        task = centre.task()
        centre.await_status(centre.reservation(task), "accepted")

        assert fallback.events == receiver.events


def test_both_failing_cancels_the_reservation(centre: TaskCentre, receiver: Receiver) -> None:
    """When neither address answers well the reservation is canceled and the task pends again."""
    failed = {"count": 0}

    def answer(_form: dict[str, str]) -> tuple[int, Any]:
        failed["count"] += 1
        return (500, None) if failed["count"] <= 2 else (200, None)

    receiver.answer = answer
    centre.change(f"/Workflows/{centre.workflow}", FallbackAssignmentCallbackUrl=receiver.url)
    worker = centre.worker("w")
    task = centre.task()
    first = receiver.wait_for_count(1)[0]["ReservationSid"]
    canceled = centre.await_status(f"/Tasks/{task}/Reservations/{first}", "canceled")

    assert canceled["worker_sid"] == worker
    assert "reservation.canceled" in centre.event_types(ReservationSid=first)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("text/plain", "canceled"),
        ("text/html; charset=utf-8", "canceled"),
        ("Application/JSON; charset=utf-8", "accepted"),
    ],
)
def test_an_answer_that_is_not_called_json_does_not_count(
    centre: TaskCentre, receiver: Receiver, content_type: str, status: str
) -> None:
    """An instruction counts as Content-Type application/json alone; else the callback failed."""
    receiver.content_type = content_type
    _answering(receiver, {"instruction": "accept"})
    worker = centre.worker("w")
    offline = {"ActivitySid": centre.activity("Offline")}
    receiver.before_answer = lambda: centre.change(f"/Workers/{worker}", **offline)
    task = centre.task()

    receiver.wait_for_count(1)
    centre.await_status(centre.reservation(task), status)


def test_an_answer_that_takes_too_long_does_not_count(
    centre: TaskCentre, receiver: Receiver
) -> None:
    """The address's own read timeout ends the waiting, and the fallback decides."""
    release = threading.Event()
    with receiving() as slow:
        slow.before_answer = lambda: release.wait(10)
        slow.answer = lambda _form: (200, {"instruction": "reject"})
        _answering(receiver, {"instruction": "accept"})
        centre.change(
            f"/Workflows/{centre.workflow}",
            AssignmentCallbackUrl=f"{slow.url}#rt=200",
            FallbackAssignmentCallbackUrl=receiver.url,
        )
        centre.worker("w")
        task = centre.task()
        centre.await_status(centre.reservation(task), "accepted")
        release.set()

    assert centre.get(centre.reservation(task))["reservation_status"] == "accepted"


def test_the_callback_limit_is_five_seconds(centre: TaskCentre, receiver: Receiver) -> None:
    """A fault that delays the answer by more than 5 s makes the callback fail."""
    with centre.emulator.fault(event_type="assignment", latency_ms=6000, count=1):
        centre.worker("w")
        task = centre.task()
        reservation = centre.reservation(task)
        centre.await_status(reservation, "canceled")

    here = f":{receiver.server.server_port}$"
    entries = centre.emulator.journal(kind="callback", host=here)
    assert entries[0]["status"] is None


def test_an_answer_after_the_race_is_too_late(
    emulator: RunningEmulator, receiver: Receiver
) -> None:
    """Accepting by answer what another worker won changes nothing."""
    with task_centre(
        emulator, max_reserved_workers=2, AssignmentCallbackUrl=receiver.url
    ) as centre:
        release = threading.Event()
        receiver.before_answer = lambda: release.wait(10)
        _answering(receiver, {"instruction": "accept"})
        for name in ("a", "b"):
            centre.worker(name)
        task = centre.task()
        receiver.wait_for_count(2)
        release.set()
        wait_for(lambda: centre.status(task) == "assigned", what="the winner")
        statuses = sorted(item["reservation_status"] for item in centre.reservations(task))

    assert statuses == ["accepted", "rescinded"]


def test_a_function_can_be_the_callback() -> None:
    """A workflow's callback on *.twil.io is called inside the emulator, and its answer followed."""
    source = """exports.handler = (context, event, callback) =>
        callback(null, { instruction: 'accept', seen: event.ReservationSid });"""
    with running() as made:
        deployed = made.deploy("assign", {"/assign.protected": source})
        with task_centre(made.emulator, AssignmentCallbackUrl=f"{deployed.url}/assign") as centre:
            centre.worker("w")
            task = centre.task()
            centre.await_status(centre.reservation(task), "accepted")

            assert centre.emulator.journal(kind="function", path="^/assign$")[0]["status"] == 200


def test_without_an_address_nothing_is_called(
    emulator: RunningEmulator, receiver: Receiver
) -> None:
    """A workflow without callback leaves its reservations to the API."""
    with task_centre(emulator, FallbackAssignmentCallbackUrl=receiver.url) as centre:
        centre.worker("w")
        reservation = centre.reservation(centre.task())
        centre.change(reservation, ReservationStatus="accepted")

    assert receiver.events == []


def _one_offer(emulator: RunningEmulator, url: str) -> tuple[TaskCentre, str]:
    """Make the first centre after a reset, whose SIDs are always the same, with one offer."""
    emulator.reset()
    made = emulator.request("POST", TASKROUTER, data={"FriendlyName": "Centre"}).json()
    centre = TaskCentre(emulator, made["sid"])
    centre.build(AssignmentCallbackUrl=url)
    centre.worker("w")
    return centre, centre.reservation(centre.task())


def test_an_answer_from_before_a_reset_is_not_followed(
    emulator: RunningEmulator, receiver: Receiver
) -> None:
    """What a callback of another life answers does not touch a reservation of the same SID."""
    release = threading.Event()
    receiver.before_answer = lambda: release.wait(10)
    _answering(receiver, {"instruction": "accept"})
    _, before = _one_offer(emulator, receiver.url)
    receiver.wait_for_count(1)
    centre, after = _one_offer(emulator, "")
    release.set()

    assert after == before
    centre.change("", FriendlyName="A request that comes after the answer")
    assert centre.get(after)["reservation_status"] == "pending"
