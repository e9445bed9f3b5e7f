"""Reservations over HTTP, from the task's side and from the worker's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from twilio_emulator.taskrouter.reservation_parameters import FOR_TASKS, FOR_WORKERS
from twilio_emulator.testing import RunningEmulator

from .task_centre import TaskCentre, task_centre

FIELDS = {
    "account_sid", "date_created", "date_updated", "links", "reservation_status", "sid",
    "task_sid", "url", "worker_name", "worker_sid", "workspace_sid",
}  # fmt: skip
NUMBER = "+15005550006"


@pytest.fixture
def centre(emulator: RunningEmulator) -> Iterator[TaskCentre]:
    """A centre whose queue offers a task to two workers at a time."""
    with task_centre(emulator, max_reserved_workers=2) as made:
        yield made


@pytest.fixture
def worker(centre: TaskCentre) -> str:
    """The centre's only worker, with room for one task."""
    return centre.worker("Wanda", contact_uri="client:wanda")


def test_both_sides_show_the_same_reservation(centre: TaskCentre, worker: str) -> None:
    """A reservation is found below its task and below its worker, with its own address each."""
    task = centre.task()
    (of_task,) = centre.reservations(task)
    of_worker = centre.get(f"/Workers/{worker}/Reservations")["reservations"][0]
    sid = of_task["sid"]
    fetched = centre.send("GET", f"/Tasks/{task}/Reservations/{sid}")

    assert set(of_task) == FIELDS
    assert fetched.json() == of_task
    assert fetched.headers["etag"] == '"0"'
    assert of_task["url"] == f"{centre.url}/Tasks/{task}/Reservations/{sid}"
    assert of_worker == {**of_task, "url": f"{centre.url}/Workers/{worker}/Reservations/{sid}"}
    assert centre.get(f"/Workers/{worker}/Reservations/{sid}") == of_worker
    assert (of_task["reservation_status"], of_task["worker_name"]) == ("pending", "Wanda")
    assert of_task["links"] == {
        "task": f"{centre.url}/Tasks/{task}",
        "worker": f"{centre.url}/Workers/{worker}",
        "workspace": centre.url,
    }


def test_a_reservation_is_only_found_below_its_own(centre: TaskCentre, worker: str) -> None:
    """Another task's or worker's address does not lead to it."""
    task, other = centre.task(), centre.task()
    (found,) = centre.reservations(task)
    stranger = centre.make("Workers", FriendlyName="stranger")["sid"]

    centre.refusal("GET", f"/Tasks/{other}/Reservations/{found['sid']}", status=404)
    centre.refusal("GET", f"/Workers/{stranger}/Reservations/{found['sid']}", status=404)
    assert centre.get(f"/Workers/{worker}/Reservations/{found['sid']}")["task_sid"] == task


def test_reservations_are_filtered(centre: TaskCentre, worker: str) -> None:
    """ReservationStatus filters both sides, WorkerSid the task's."""
    second = centre.worker("Second")
    task = centre.task()
    ones = {item["worker_sid"]: item["sid"] for item in centre.reservations(task)}
    centre.change(f"/Tasks/{task}/Reservations/{ones[worker]}", ReservationStatus="rejected")

    assert [r["sid"] for r in centre.reservations(task, WorkerSid=second)] == [ones[second]]
    pending = centre.reservations(task, ReservationStatus="pending")
    assert [r["sid"] for r in pending] == [ones[second]]
    rejected = centre.get(f"/Workers/{worker}/Reservations", ReservationStatus="rejected")
    assert [r["sid"] for r in rejected["reservations"]] == [ones[worker]]
    assert rejected["meta"]["key"] == "reservations"
    message = centre.refusal("GET", f"/Tasks/{task}/Reservations?ReservationStatus=asleep")
    assert "ReservationStatus" in message


def test_a_reservation_goes_from_accepted_to_completed(centre: TaskCentre, worker: str) -> None:
    """Accepted, wrapping and completed follow each other, and the task with them."""
    task = centre.task()
    reservation = centre.reservation(task)
    seen = []
    for status in ("accepted", "wrapping", "completed"):
        changed = centre.change(reservation, ReservationStatus=status)
        seen.append((changed["reservation_status"], centre.status(task)))

    assert seen == [
        ("accepted", "assigned"),
        ("wrapping", "wrapping"),
        ("completed", "completed"),
    ]
    assert centre.get(f"/Workers/{worker}")["activity_sid"] == centre.available


@pytest.mark.parametrize("status", ["pending", "timeout", "canceled", "rescinded"])
def test_only_some_statuses_can_be_set(centre: TaskCentre, worker: str, status: str) -> None:
    """What TaskRouter alone decides is refused, and nothing changes."""
    reservation = centre.reservation(centre.task())
    message = centre.refusal("POST", reservation, ReservationStatus=status)

    assert status in message
    assert centre.get(reservation)["reservation_status"] == "pending"


def test_a_rejecting_worker_can_move(centre: TaskCentre, worker: str) -> None:
    """WorkerActivitySid moves who rejects; without it the worker stays where it was."""
    unavailable = centre.activity("Unavailable")
    task = centre.task()
    centre.change(
        centre.reservation(task), ReservationStatus="rejected", WorkerActivitySid=unavailable
    )

    assert centre.get(f"/Workers/{worker}")["activity_sid"] == unavailable
    assert centre.status(task) == "pending"


def test_rejecting_into_an_unknown_activity_changes_nothing(
    centre: TaskCentre, worker: str
) -> None:
    """An activity that is not there is refused by name."""
    reservation = centre.reservation(centre.task())
    missing = "WA" + "0" * 32
    message = centre.refusal(
        "POST", reservation, ReservationStatus="rejected", WorkerActivitySid=missing
    )

    assert missing in message
    assert centre.get(reservation)["reservation_status"] == "pending"


def test_an_ended_reservation_cannot_be_accepted(centre: TaskCentre, worker: str) -> None:
    """Accepting what has timed out is answered 410."""
    reservation = centre.reservation(centre.task())
    centre.emulator.advance(121)
    assert centre.get(reservation)["reservation_status"] == "timeout"
    answer = centre.send("POST", reservation, data={"ReservationStatus": "accepted"})

    assert answer.status_code == 410
    assert answer.json()["status"] == 410


def test_an_update_decides_by_if_match(centre: TaskCentre, worker: str) -> None:
    """The first of two updates with the same version wins, the second is answered 412."""
    task = centre.task()
    reservation = centre.reservation(task)
    etag = centre.send("GET", reservation).headers["etag"]
    sid = reservation.rpartition("/")[2]
    answers = [
        centre.send("POST", path, data={"ReservationStatus": status}, headers={"If-Match": etag})
        for path, status in (
            (reservation, "accepted"),
            (f"/Workers/{worker}/Reservations/{sid}", "wrapping"),
        )
    ]

    assert [answer.status_code for answer in answers] == [200, 412]
    assert answers[1].json()["code"] == 20412
    assert centre.get(reservation)["reservation_status"] == "accepted"


def test_every_parameter_of_the_api_document_is_known(centre: TaskCentre, worker: str) -> None:
    """54 parameters on the task's side and 52 on the worker's; others are refused by name."""
    task = centre.task()
    reservation = centre.reservation(task)
    sid = reservation.rpartition("/")[2]

    assert (len(FOR_TASKS), len(FOR_WORKERS)) == (54, 52)
    assert "Colour" in centre.refusal("POST", reservation, Colour="red")
    of_worker = f"/Workers/{worker}/Reservations/{sid}"
    assert "Supervisor" in centre.refusal("POST", of_worker, Supervisor="x")
    assert "SupervisorMode" in centre.refusal("POST", reservation, SupervisorMode="shout")
    assert "MaxParticipants" in centre.refusal("POST", reservation, MaxParticipants="251")
    assert "WaitUrl" in centre.refusal("POST", reservation, WaitUrl="nowhere")
    assert centre.get(reservation)["reservation_status"] == "pending"


def test_status_and_instruction_go_apart(centre: TaskCentre, worker: str) -> None:
    """ReservationStatus and Instruction in one request are refused."""
    reservation = centre.reservation(centre.task())
    message = centre.refusal(
        "POST", reservation, ReservationStatus="accepted", Instruction="accept"
    )

    assert reservation.rpartition("/")[2] in message
    assert centre.get(reservation)["reservation_status"] == "pending"


def test_a_password_is_kept_out_of_the_journal(centre: TaskCentre, worker: str) -> None:
    """SipAuthPassword shows as a secret in the request journal."""
    reservation = centre.reservation(centre.task())
    centre.change(reservation, Instruction="conference", From=NUMBER, SipAuthPassword="open sesame")
    entries = centre.emulator.journal(kind="api", method="POST", path=reservation)

    assert entries[-1]["params"]["Instruction"] == "conference"
    assert "open sesame" not in json.dumps(entries)


def _attributes(centre: TaskCentre, task: str) -> dict[str, Any]:
    return dict(json.loads(centre.get(f"/Tasks/{task}")["attributes"]))


@pytest.mark.parametrize(
    ("given", "reservation_status", "task_status", "added"),
    [
        ({"Instruction": "accept"}, "accepted", "assigned", set()),
        ({"Instruction": "reject"}, "rejected", None, set()),
        ({"Instruction": "dequeue"}, "accepted", "assigned", {"worker_call_sid"}),
        (
            {"Instruction": "call", "CallFrom": NUMBER, "CallUrl": "https://a.example/x"},
            "pending",
            "reserved",
            {"worker_call_sid"},
        ),
        (
            {
                "Instruction": "call",
                "CallFrom": NUMBER,
                "CallUrl": "https://a.example/x",
                "CallAccept": "true",
            },
            "accepted",
            "assigned",
            {"worker_call_sid"},
        ),
        (
            {
                "Instruction": "redirect",
                "RedirectCallSid": "CA" + "1" * 32,
                "RedirectUrl": "https://a.example/x",
                "RedirectAccept": "true",
            },
            "accepted",
            "assigned",
            set(),
        ),
        ({"Instruction": "conference", "From": NUMBER}, "accepted", "assigned", {"conference"}),
    ],
)
def test_instructions_are_carried_out(
    centre: TaskCentre,
    worker: str,
    given: dict[str, str],
    reservation_status: str,
    task_status: str | None,
    added: set[str],
) -> None:
    """Each instruction leaves reservation, task and task attributes as documented."""
    task = centre.task({"call_sid": "CA" + "1" * 32})
    reservation = centre.reservation(task)
    changed = centre.change(reservation, **given)

    assert changed["reservation_status"] == reservation_status
    assert task_status is None or centre.status(task) == task_status
    assert set(_attributes(centre, task)) - {"call_sid"} == added


def test_a_conference_names_both_calls(centre: TaskCentre, worker: str) -> None:
    """The task's attributes get the conference with the worker's and the customer's call."""
    call = "CA" + "1" * 32
    task = centre.task({"call_sid": call})
    centre.change(centre.reservation(task), Instruction="conference", From=NUMBER)
    conference = _attributes(centre, task)["conference"]

    assert conference["sid"].startswith("CF")
    assert conference["participants"]["customer"] == call
    assert conference["participants"]["worker"].startswith("CA")


def test_supervising_needs_an_accepted_reservation(centre: TaskCentre, worker: str) -> None:
    """A supervisor can join what was accepted, and nothing TaskRouter keeps changes."""
    task = centre.task()
    reservation = centre.reservation(task)
    given = {"Instruction": "supervise", "Supervisor": "client:boss", "SupervisorMode": "whisper"}
    assert "not accepted" in centre.refusal("POST", reservation, **given)
    accepted = centre.change(reservation, ReservationStatus="accepted")

    assert centre.change(reservation, **given) == accepted


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"Instruction": "dance"}, "dance"),
        ({"Instruction": "dequeue"}, "call_sid"),
        ({"Instruction": "call", "CallFrom": NUMBER}, "url"),
        ({"Instruction": "call", "CallUrl": "https://a.example/x"}, "from"),
        ({"Instruction": "redirect", "RedirectUrl": "https://a.example/x"}, "call_sid"),
        ({"Instruction": "reject", "WorkerActivitySid": "WA" + "0" * 32}, "WA0000"),
        (
            {"Instruction": "conference", "PostWorkActivitySid": "WA" + "0" * 32},
            "WA0000",
        ),
    ],
)
def test_wrong_instructions_change_nothing(
    centre: TaskCentre, worker: str, given: dict[str, str], word: str
) -> None:
    """What is missing or unknown is named, and the reservation stays pending."""
    task = centre.task()
    reservation = centre.reservation(task)
    message = centre.refusal("POST", reservation, **given)

    assert word in message
    assert centre.get(reservation)["reservation_status"] == "pending"
    assert _attributes(centre, task) == {}


def test_nobody_to_call_is_said(centre: TaskCentre) -> None:
    """Without To and without a contact_uri there is nobody to call."""
    centre.worker("silent")
    reservation = centre.reservation(centre.task())

    message = centre.refusal("POST", reservation, Instruction="conference", From=NUMBER)
    assert "contact_uri" in message
    called = centre.change(reservation, Instruction="conference", From=NUMBER, To="client:x")
    assert called["reservation_status"] == "accepted"
