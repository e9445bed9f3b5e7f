"""Closing under races and faults: nothing alive is closed, nothing is closed twice or forgotten."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.bench_stuck_tasks_floor import sid
from taskrouter_ops.stuck_tasks import Outcome, Reason, Unwatched
from tests.ops.stuck_tasks.conftest import (
    CALL,
    CONFERENCE,
    OTHER_CALL,
    REASON,
    Centre,
    client_for,
    item_of,
    outcome,
)
from twilio_client import Response, RetryPolicy, TwilioClient
from twilio_client.transport import Transport

FAULTS = [{"status": 500}, {"status": 503}, {"status": 429}, {"drop": True}]
IDS = ["500", "503", "429", "dropped"]


class AfterListing(Unwatched):
    """Does something once all calls were looked up, so between the list and the closing."""

    def __init__(self, action: Callable[[], object]) -> None:
        self._action = action

    def progress(self, stage: str, done: int, total: int | None) -> None:
        """Act when the last call is in."""
        if stage == "calls" and done == total:
            self._action()


class Meddling(TwilioClient):
    """Lets somebody else write to the task right before each of the first writes goes out."""

    meddle: Callable[[], object]
    times = 1

    def post(self, *arguments: Any, **options: Any) -> Response:
        """Send a write, late."""
        if self.times > 0:
            self.times -= 1
            self.meddle()
        return super().post(*arguments, **options)


def meddling(centre: Centre, action: Callable[[], object], times: int = 1) -> Meddling:
    """Make a client that loses its races."""
    client = Meddling(
        centre.client.credentials, centre.emulator.base_url, transport=centre.client.transport
    )
    client.meddle, client.times = action, times
    return client


@pytest.mark.parametrize(
    ("state", "ends"),
    [("pending", "canceled"), ("reserved", "canceled"), ("assigned", "completed")],
)
def test_each_status_ends_as_the_recipe_says(centre: Centre, state: str, ends: str) -> None:
    """Assigned is completed, pending and reserved are canceled, with the published reason."""
    centre.call()
    task = centre.task(state=state)
    centre.emulator.clear_journal()

    report = centre.clean()

    assert outcome(report, task) == ends
    body = centre.tasks()[task]
    assert (body["assignment_status"], body["reason"]) == (ends, REASON)
    (write,) = centre.written()
    assert write["params"] == {"AssignmentStatus": ends, "Reason": REASON}


def test_a_dry_run_writes_nothing(centre: Centre) -> None:
    """It says what it would do, and the task stays."""
    centre.call()
    task = centre.task()

    report = centre.clean(apply=False)

    assert outcome(report, task) == Outcome.WOULD_CANCEL
    assert centre.written() == []


def test_a_task_accepted_after_the_listing_is_left_alone(centre: Centre) -> None:
    """Somebody works on it now; the next run completes it if it still is stuck then."""
    centre.call()
    task = centre.task(state="reserved")

    report = centre.clean(watcher=AfterListing(lambda: centre.answer(task)))
    again = centre.clean()

    assert outcome(report, task) == Reason.ACCEPTED
    assert outcome(again, task) == "completed"


def test_a_task_accepted_between_read_and_write_is_left_alone(centre: Centre) -> None:
    """The write goes to the version that was read and to no other."""
    centre.call()
    task = centre.task(state="reserved")

    report = centre.clean(client=meddling(centre, lambda: centre.answer(task)))

    assert outcome(report, task) == Reason.ACCEPTED
    assert centre.status(task) == "assigned"


def test_offers_that_come_and_go_keep_no_task_open(centre: Centre) -> None:
    """A stuck task is offered again and again: that is what cleaning is for."""
    centre.call()
    task = centre.task(state="reserved")

    report = centre.clean(client=meddling(centre, lambda: centre.answer(task, "rejected")))

    assert outcome(report, task) == "canceled"


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"call_sid": OTHER_CALL}, Reason.CALL_CHANGED),
        ({"call_sid": CALL, "orchestration": "custom"}, Reason.EXCLUDED),
        ({"call_sid": CALL, "orchestration": 5}, Reason.UNDECIDED),
        ({"call_sid": CALL, "hold": {"open": True}}, Reason.EXCLUDED_ATTRIBUTE),
        ({"call_sid": CALL, "conference": {"sid": CONFERENCE}}, Reason.CONFERENCE_LIVE),
        ({}, Reason.NO_CALL_SID),
    ],
    ids=["other call", "excluded", "undecided", "attribute", "conference", "no call"],
)
@pytest.mark.parametrize("moment", ["before the read", "before the write"])
def test_a_task_that_came_back_to_life_is_left_alone(
    centre: Centre, attributes: dict[str, Any], reason: Reason, moment: str
) -> None:
    """Everything is decided again on the fresh copy."""
    centre.call()
    centre.emulator.seed({"conferences": [{"sid": CONFERENCE, "participants": [{}]}]})
    task = centre.task()

    def revive() -> None:
        centre.update(task, Attributes=attributes)

    late = moment == "before the write"
    report = centre.clean(
        exclude=["orchestration == 'custom'"],
        exclude_attributes=["hold.open"],
        watcher=None if late else AfterListing(revive),
        client=meddling(centre, revive) if late else None,
    )

    assert outcome(report, task) == reason
    assert centre.status(task) == "pending"


def test_a_task_that_ended_meanwhile_is_left_as_it_is(centre: Centre) -> None:
    """Somebody else's reason stays."""
    centre.call()
    first, second, third = (centre.task(state=s) for s in ("pending", "assigned", "assigned"))

    def end() -> None:
        centre.update(first, AssignmentStatus="canceled", Reason="caller gave up")
        centre.update(second, AssignmentStatus="wrapping", Reason="after-call work")
        centre.client.delete(centre.url("Tasks", third))

    report = centre.clean(watcher=AfterListing(end))

    assert [outcome(report, task) for task in (first, second, third)] == [
        Reason.NOT_OPEN,
        Reason.NOT_OPEN,
        Reason.GONE,
    ]
    assert centre.tasks()[first]["reason"] == "caller gave up"
    assert not report.errors


def test_a_task_deleted_between_read_and_write_is_gone(centre: Centre) -> None:
    """404 is not an error."""
    centre.call()
    task = centre.task()

    report = centre.clean(
        client=meddling(centre, lambda: centre.client.delete(centre.url("Tasks", task)))
    )

    assert outcome(report, task) == Reason.GONE


def test_lost_races_are_run_again_three_times(centre: Centre) -> None:
    """Whoever writes harmless things three times does not keep the task open."""
    centre.call()
    task = centre.task()
    numbers = iter(range(10))

    def touch() -> None:
        centre.update(task, Attributes={"call_sid": CALL, "touched": next(numbers)})

    report = centre.clean(client=meddling(centre, touch, times=3))

    assert outcome(report, task) == "canceled"


def test_a_task_that_keeps_changing_is_an_error_and_stays(centre: Centre) -> None:
    """Rounds are bounded; the error says that a retry is safe."""
    centre.call()
    busy, other = centre.task(), centre.task()

    with centre.emulator.fault(method="POST", path=busy, status=412):
        report = centre.clean()

    error = item_of(report, busy).error
    assert error is not None
    assert error.retry_safe
    assert busy in str(error)
    assert outcome(report, other) == "canceled"
    assert centre.status(busy) == "pending"


def test_an_illegal_step_is_decided_again(centre: Centre) -> None:
    """400 with 20001 means the status moved on: read, decide, act accordingly."""
    centre.call()
    task = centre.task()
    body = {"code": 20001, "message": "Cannot cancel task", "status": 400}

    with centre.emulator.fault(method="POST", path=task, status=400, body=body, count=1) as fault:
        report = centre.clean()
        hits = {each["id"]: each["hits"] for each in centre.emulator.faults()}[fault]

    assert (hits, outcome(report, task)) == (1, "canceled")


def test_another_400_is_an_error_at_once(centre: Centre) -> None:
    """A parameter Twilio refuses is not tried again."""
    centre.call()
    task = centre.task()
    body = {"code": 20002, "message": "Reason is too long", "status": 400}

    with centre.emulator.fault(method="POST", path=task, status=400, body=body):
        report = centre.clean()

    assert outcome(report, task) == Outcome.ERROR
    assert len(centre.written()) == 1


@pytest.mark.parametrize("fault", FAULTS, ids=IDS)
@pytest.mark.parametrize("path", ["/Tasks$", "/Calls/", "/Participants", "/Tasks/WT"])
def test_three_failures_of_any_request_are_survived(
    centre: Centre, fault: dict[str, Any], path: str
) -> None:
    """Three retries for 429, 5xx and dropped connections, reads and writes alike."""
    centre.call()
    centre.emulator.seed({"conferences": [{"sid": CONFERENCE, "status": "completed"}]})
    task = centre.task(attributes={"conference": {"sid": CONFERENCE}})

    with centre.emulator.fault(path=path, count=3, **fault):
        report = centre.clean()

    assert outcome(report, task) == "canceled"
    assert centre.status(task) == "canceled"


@pytest.mark.parametrize("fault", FAULTS, ids=IDS)
def test_three_failed_writes_are_survived(centre: Centre, fault: dict[str, Any]) -> None:
    """Each time the task is read again: it was not closed, so it is closed now."""
    centre.call()
    task = centre.task()

    with centre.emulator.fault(method="POST", path=task, count=3, **fault):
        report = centre.clean()

    assert outcome(report, task) == "canceled"


@pytest.mark.parametrize("path", ["/Tasks/WT", "/Calls/"])
@pytest.mark.parametrize("fault", FAULTS, ids=IDS)
def test_the_waits_are_drawn_below_a_doubling_ceiling(
    centre: Centre, fault: dict[str, Any], path: str
) -> None:
    """Full jitter: uniform below 1, 2 and 4 times the first wait."""
    centre.call()
    task = centre.task()
    slept: list[float] = []
    retry = RetryPolicy(attempts=4, first_seconds=1, random=lambda: 0.5)
    transport = Transport(centre.emulator.base_url, retry=retry, sleep=slept.append)
    client = client_for(centre.emulator, transport=transport)
    method = "POST" if "Tasks" in path else "GET"

    with centre.emulator.fault(method=method, path=path, count=3, **fault):
        report = centre.clean(client=client)

    transport.session.close()
    assert outcome(report, task) == "canceled"
    assert slept == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("fault", [FAULTS[0], FAULTS[3]], ids=["500", "dropped"])
@pytest.mark.parametrize("count", [1, 4])
def test_a_lost_answer_is_recognised(centre: Centre, fault: dict[str, Any], count: int) -> None:
    """The write took effect, its answer did not come: closed by us, and not written again."""
    centre.call()
    task = centre.task(state="assigned")
    centre.emulator.clear_journal()

    with centre.emulator.fault(method="POST", path=task, count=count, after=True, **fault):
        report = centre.clean()

    assert outcome(report, task) == "completed"
    assert centre.tasks()[task]["reason"] == REASON
    assert len(centre.written()) == 1
    assert not report.errors


@pytest.mark.parametrize("fault", FAULTS, ids=IDS)
def test_one_bad_task_never_stops_the_run(centre: Centre, fault: dict[str, Any]) -> None:
    """Its error is in the report with its SID; all others are closed."""
    centre.call()
    tasks = [centre.task() for _ in range(5)]
    bad = tasks[2]

    with centre.emulator.fault(method="POST", path=bad, **fault):
        report = centre.clean()

    assert [outcome(report, task) for task in tasks if task != bad] == ["canceled"] * 4
    (item,) = report.errors
    assert item.task.sid == bad
    assert bad in str(item.error)
    assert centre.status(bad) == "pending"


def test_without_an_etag_nothing_is_written(centre: Centre) -> None:
    """A write without If-Match could close what came back to life."""
    centre.call()
    task = centre.task()
    body = centre.client.get(centre.url("Tasks", task)).body

    with centre.emulator.fault(method="GET", path=task, status=200, body=body):
        report = centre.clean()

    assert "ETag" in str(item_of(report, task).error)
    assert centre.written() == []


@pytest.mark.parametrize(
    "body", [{}, {"sid": 5}, [], "<html>"], ids=["empty", "odd", "list", "html"]
)
@pytest.mark.parametrize("path", ["/Calls/", "/Tasks/WT", "/Participants"])
def test_an_answer_that_is_none_is_an_error_of_that_task(
    centre: Centre, path: str, body: object
) -> None:
    """A proxy that answers 200 with something else closes nothing and breaks nothing."""
    centre.call()
    centre.emulator.seed({"conferences": [{"sid": CONFERENCE, "status": "completed"}]})
    task = centre.task(attributes={"conference": {"sid": CONFERENCE}})
    centre.emulator.clear_journal()

    with centre.emulator.fault(method="GET", path=path, status=200, body=body):
        report = centre.clean()

    assert outcome(report, task) == Outcome.ERROR
    assert centre.written() == []


def test_two_cleaners_at_once_close_each_task_once(centre: Centre) -> None:
    """Both run at full width; between them every task is closed by exactly one."""
    centre.call()
    tasks = 120
    entry = {"channel": "voice", "queue": "Waiting", "attributes": {"call_sid": CALL}, "age": 7200}
    centre.emulator.seed({"tasks": [{"count": tasks, **entry}]})
    centre.emulator.clear_journal()
    clients = [client_for(centre.emulator) for _ in range(2)]
    barrier, reports = threading.Barrier(2), []

    def run(client: TwilioClient) -> None:
        meet = AfterListing(lambda: barrier.wait(30))
        reports.append(centre.clean(client=client, watcher=meet))
        client.transport.session.close()

    threads = [threading.Thread(target=run, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert [len(report.tasks) for report in reports] == [tasks, tasks]
    closed = [sum(r.as_dict()["counts"]["closed"].values()) for r in reports]
    assert sum(closed) == tasks
    assert [report.errors for report in reports] == [[], []]
    assert sum(entry["status"] == 200 for entry in centre.written()) == tasks


def test_a_call_is_fetched_once_and_its_failure_too(centre: Centre) -> None:
    """However many tasks share a call, it is asked for once; failed, it fails them all."""
    centre.call()
    good = [centre.task() for _ in range(4)]
    bad = [centre.task(call_sid=OTHER_CALL) for _ in range(4)]
    centre.emulator.clear_journal()

    with centre.emulator.fault(path=OTHER_CALL, status=500):
        report = centre.clean()

    assert {outcome(report, task) for task in good} == {"canceled"}
    assert {outcome(report, task) for task in bad} == {Outcome.ERROR}
    assert len(centre.emulator.journal(path=CALL)) == 1
    assert len(centre.emulator.journal(path=OTHER_CALL)) == 4  # one look-up and its three retries


def test_conferences_are_looked_up_once(centre: Centre) -> None:
    """A live one protects all its tasks; one that cannot be looked up closes none of them."""
    live, over, broken = (sid("CF", number) for number in (1, 2, 3))
    centre.call()
    centre.emulator.seed(
        {
            "conferences": [
                {"sid": live, "participants": [{"label": "agent"}]},
                {"sid": over, "status": "completed"},
            ]
        }
    )
    tasks = {
        name: [centre.task(attributes={"conference": {"sid": name}}) for _ in range(2)]
        for name in (live, over, broken)
    }
    centre.emulator.clear_journal()

    with centre.emulator.fault(path=broken, status=500):
        report = centre.clean()

    assert {outcome(report, task) for task in tasks[live]} == {Reason.CONFERENCE_LIVE}
    assert {outcome(report, task) for task in tasks[over]} == {"canceled"}
    assert {outcome(report, task) for task in tasks[broken]} == {Outcome.ERROR}
    assert len(centre.emulator.journal(path=live)) == 1
    assert len(centre.emulator.journal(path=over)) == 1


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("moment", ["listed", "added"])
def test_a_conference_nobody_can_look_into_keeps_its_task_open(
    centre: Centre, is_known: bool, moment: str
) -> None:
    """One of another account may have people in it; one that is over and has no list has none."""
    centre.call()
    if is_known:
        centre.emulator.seed({"conferences": [{"sid": CONFERENCE, "status": "completed"}]})
    named = {"conference": {"sid": CONFERENCE}}
    task = centre.task(attributes=named if moment == "listed" else None)

    def add() -> None:
        centre.update(task, Attributes={"call_sid": CALL, **named})

    with centre.emulator.fault(path=f"{CONFERENCE}/Participants", status=404):
        report = centre.clean(watcher=AfterListing(add) if moment == "added" else None)

    assert outcome(report, task) == ("canceled" if is_known else Reason.CONFERENCE_NOT_FOUND)


def test_a_participant_whose_call_ended_does_not_count(centre: Centre) -> None:
    """The conference is not closed yet, but nobody is in it."""
    centre.call()
    left = sid("CA", 77)
    centre.call(left)
    room = {"sid": CONFERENCE, "participants": [{"call_sid": left}]}
    centre.emulator.seed({"conferences": [room]})
    task = centre.task(attributes={"conference_sid": CONFERENCE})

    report = centre.clean()

    assert outcome(report, task) == "canceled"
