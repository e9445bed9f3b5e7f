"""`/complete-task`, `/accept-reservation` and the assignment callback."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.functions.contact_centre import ContactCentre
from tests.functions.front_end import FrontEnd, error_of
from twilio_emulator.testing import wait_for

TASKS = "/Tasks/WT[0-9a-f]+$"


@pytest.fixture
def desk(centre: ContactCentre) -> FrontEnd:
    """A desk whose task is assigned."""
    desk = FrontEnd.opened(centre)
    desk.assign()
    return desk


def test_completing_writes_what_was_deferred_first(desk: FrontEnd) -> None:
    """The deferred change and the last one are in the attributes of the completed task."""
    desk.append(1, deferred=True)

    answer = desk.complete(reason="sold", attributes={"outcome": "sold"})

    assert answer.json() == {
        "outcome": "completed",
        "flushFailed": False,
        "taskSid": desk.task_sid,
    }
    task = desk.task()
    assert (task["assignment_status"], task["reason"]) == ("completed", "sold")
    assert desk.attributes() == {"notes": [1], "outcome": "sold"}


def test_completing_twice_is_completing_once(desk: FrontEnd) -> None:
    """A completed task is unchanged, a deleted one gone."""
    desk.complete(reason="sold")

    assert desk.complete(reason="sold").json()["outcome"] == "unchanged"
    desk.centre.delete(desk.task_url)
    assert desk.complete(reason="sold").json()["outcome"] == "gone"


def test_a_status_that_does_not_allow_it_is_a_conflict(centre: ContactCentre) -> None:
    """A task nobody accepted cannot be completed; the answer says what it is."""
    desk = FrontEnd.opened(centre)

    answer = desk.complete(reason="sold")

    assert error_of(answer) == (409, "conflict", False)
    assert answer.json()["error"]["assignmentStatus"] in ("pending", "reserved")


def test_a_lost_answer_of_the_status_is_found_out(desk: FrontEnd) -> None:
    """The task was completed although Twilio's answer never came."""
    rule = {"kind": "api", "method": "POST", "path": TASKS, "after": True, "count": 1}

    with desk.centre.emulator.fault(**rule, drop=True):
        answer = desk.complete(reason="sold")

    assert answer.json()["outcome"] == "completed"
    assert desk.task()["assignment_status"] == "completed"


def test_a_failed_flush_stops_the_completion(desk: FrontEnd) -> None:
    """The task stays assigned and what was deferred stays kept."""
    desk.append(1, deferred=True)
    desk.write(notes="no list")

    answer = desk.complete(reason="sold")

    assert error_of(answer) == (422, "not-applicable", False)
    assert "is kept (1 change)" in answer.json()["error"]["message"]
    assert desk.task()["assignment_status"] == "assigned"


def test_a_failed_flush_does_not_stop_it_when_told_so(desk: FrontEnd) -> None:
    """The task is completed, the answer says that the flush failed, and nothing is dropped."""
    desk.append(1, deferred=True)
    desk.write(notes="no list")

    answer = desk.complete(reason="sold", onFlushFailure="continue")

    assert answer.json() == {
        "outcome": "completed",
        "flushFailed": True,
        "taskSid": desk.task_sid,
    }
    assert desk.task()["assignment_status"] == "completed"
    assert len((desk.kept() or {})["batches"]) == 1


def test_an_unknown_word_is_refused_before_anything_happens(desk: FrontEnd) -> None:
    """All problems are named at once."""
    answer = desk.complete(reason=7, onFlushFailure="ignore", taskSid="WT1")

    assert error_of(answer) == (400, "invalid", False)
    for name in ("reason", "onFlushFailure", "taskSid"):
        assert f"{name}: must be" in answer.json()["error"]["message"]
    assert desk.task()["assignment_status"] == "assigned"


def test_of_five_who_accept_one_wins(centre: ContactCentre) -> None:
    """One 200, four 410, and asking again changes neither."""
    desk = FrontEnd.opened(centre, workers=5)
    offered = desk.reservations()
    assert len(offered) == 5

    with ThreadPoolExecutor(5) as workers:
        answers = list(workers.map(desk.accept, offered))

    assert sorted(answer.status_code for answer in answers) == [200, 410, 410, 410, 410]
    again = [desk.accept(reservation).status_code for reservation in offered]
    assert again == [answer.status_code for answer in answers]
    (lost, *_) = (answer for answer in answers if answer.status_code == 410)
    assert error_of(lost) == (410, "gone", False)


@pytest.mark.parametrize("roles", [["agent"], ["supervisor", "admin"]], ids=["agent", "supervisor"])
def test_nobody_accepts_for_somebody_else(centre: ContactCentre, roles: list[str]) -> None:
    """A role does not make up for being another worker, or none."""
    desk = FrontEnd.opened(centre, workers=2)
    mine, theirs = desk.reservations()
    for worker in (theirs["worker_sid"], None):
        token = centre.emulator.flex_token(worker_sid=worker, roles=roles)

        assert error_of(desk.accept(mine, Token=token)) == (403, "forbidden", False)
    assert {each["reservation_status"] for each in desk.reservations()} == {"pending"}


def test_one_whose_work_is_over_was_accepted(centre: ContactCentre) -> None:
    """A repeated request is answered alike when the reservation has gone on to wrapping."""
    desk = FrontEnd.opened(centre)
    (reservation, *_) = desk.reservations()
    assert desk.accept(reservation).status_code == 200
    centre.post(desk.task_url, AssignmentStatus="wrapping")
    assert desk.reservations()[0]["reservation_status"] == "wrapping"

    assert desk.accept(reservation).json()["outcome"] == "accepted"


def test_a_rejected_reservation_cannot_be_accepted(centre: ContactCentre) -> None:
    """One that ended otherwise is a conflict that names its status."""
    desk = FrontEnd.opened(centre)
    (reservation, *_) = desk.reservations()
    url = f"{desk.task_url}/Reservations/{reservation['sid']}"
    centre.post(url, ReservationStatus="rejected")

    answer = desk.accept(reservation)

    assert error_of(answer) == (409, "conflict", False)
    assert answer.json()["error"]["reservationStatus"] == "rejected"


def test_a_reservation_that_is_not_there_is_gone(centre: ContactCentre) -> None:
    """An unknown reservation answers as a lost one does."""
    desk = FrontEnd.opened(centre)
    (reservation, *_) = desk.reservations()

    answer = desk.accept({**reservation, "sid": "WR" + "0" * 32})

    assert error_of(answer) == (410, "gone", False)


@pytest.mark.parametrize("fault", [{"status": 503}, {"drop": True}], ids=["503", "drop"])
@pytest.mark.parametrize("after", [True, False], ids=["accepted", "not-accepted"])
def test_a_lost_answer_of_an_acceptance_is_found_out(
    centre: ContactCentre, fault: dict[str, object], after: bool
) -> None:
    """Whether it had happened or not: the worker has the task."""
    desk = FrontEnd.opened(centre)
    (reservation, *_) = desk.reservations()
    rule = {"kind": "api", "method": "POST", "path": "/Reservations/WR", "count": 1}

    with centre.emulator.fault(**rule, after=after, **fault):
        answer = desk.accept(reservation)

    assert answer.status_code == 200
    assert desk.task()["assignment_status"] == "assigned"


def test_the_assignment_callback_lets_the_workers_race(centre: ContactCentre) -> None:
    """Answered with nothing, every reservation stays pending until somebody accepts."""
    desk = FrontEnd.opened(centre, workers=3)
    callback = f"https://{centre.deployment.domain}/assignment-callback"
    centre.post(f"{centre.url}/Workflows/{desk.workflow_sid}", AssignmentCallbackUrl=callback)
    centre.delete(desk.task_url)
    centre.emulator.clear_journal()
    task = centre.post(f"{centre.url}/Tasks", WorkflowSid=desk.workflow_sid)["sid"]

    def answered() -> list[int]:
        calls = centre.emulator.journal(kind="callback")
        return [call["status"] for call in calls if call["path"] == "/assignment-callback"]

    wait_for(lambda: len(answered()) == 3, what="three assignment callbacks")

    assert answered() == [200, 200, 200]
    found = centre.read_all(f"Tasks/{task}/Reservations")
    assert [each["reservation_status"] for each in found] == ["pending"] * 3
    unsigned = centre.emulator.request("POST", callback, data={"TaskSid": task})
    assert unsigned.status_code in (400, 403)
