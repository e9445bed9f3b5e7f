"""Reservations: losing the race is a value, a lost answer is recognised, the rest is an error."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskrouter_ops.reservations import Reservation, ReservationOutcome, Reservations
from tests.emulator.task_centre import TaskCentre, task_centre
from tests.ops.conftest import parsed, run_command
from twilio_client import (
    Credentials,
    InvalidRequest,
    NotFound,
    RateLimited,
    RetryPolicy,
    ServerFault,
    TwilioClient,
    TwilioError,
    Unauthorized,
    Unreachable,
)
from twilio_emulator.testing import RunningEmulator, start_emulator

ATTEMPTS = 4
UPDATE = {"kind": "api", "method": "POST", "path": "/Reservations/WR"}
READ = {"kind": "api", "method": "GET", "path": "/Reservations/WR"}
ILLEGAL = {
    "code": 20001,
    "message": "Cannot accept reservation because it is not pending",
    "more_info": "https://www.twilio.com/docs/errors/20001",
    "status": 400,
}


class Floor(TaskCentre):
    """A centre whose workers are offered one task, and the reservations under test."""

    client: TwilioClient
    under_test: Reservations

    def offered(self, names: str = "ab", **task: Any) -> tuple[str, list[Reservation]]:
        """Make a worker per letter and a task, and return the offers in that order."""
        for name in names:
            self.worker(name)
        sid = self.task(**task)
        offers = sorted(self.under_test.list(task_sid=sid), key=lambda one: str(one.worker_name))
        assert [one.worker_name for one in offers] == list(names)
        return sid, offers

    def record(self, offer: Reservation) -> str:
        """Return what the emulator says of a reservation."""
        return str(
            self.get(f"/Tasks/{offer.task_sid}/Reservations/{offer.sid}")["reservation_status"]
        )

    def accept(self, offer: Reservation) -> ReservationOutcome:
        """Accept below the task."""
        return self.under_test.accept(offer.sid, task_sid=offer.task_sid)

    def requests(self, **filters: Any) -> list[dict[str, Any]]:
        """Return what reached the emulator since the journal was cleared."""
        return self.emulator.journal(kind="api", **filters)


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    """Run an emulator whose clock stands still."""
    with start_emulator(sample=False, start="2026-01-01T00:00:00Z") as running:
        yield running


@pytest.fixture(scope="module")
def client(emulator: RunningEmulator) -> Iterator[TwilioClient]:
    """Talk to the emulator, with short waits."""
    made = TwilioClient(
        Credentials(emulator.account_sid, auth_token=emulator.auth_token),
        emulator.base_url,
        retry=RetryPolicy(attempts=ATTEMPTS, first_seconds=0.001),
    )
    yield made
    made.transport.session.close()


@pytest.fixture
def floor(emulator: RunningEmulator, client: TwilioClient) -> Iterator[Floor]:
    """Make a floor of its own for a test."""
    with task_centre(emulator, max_reserved_workers=5) as centre:
        yield _floor(centre, client)
        emulator.clear_faults()


def _floor(centre: TaskCentre, client: TwilioClient) -> Floor:
    made = Floor(centre.emulator, centre.sid)
    made.__dict__.update(centre.__dict__)
    made.client, made.under_test = client, Reservations(client, centre.sid)
    centre.emulator.clear_journal()
    return made


def test_the_first_accepts_and_the_others_are_gone(floor: Floor) -> None:
    """One outcome is accepted, the other gone with Twilio's 410 and the status rescinded."""
    _, (alice, bob) = floor.offered()

    won, lost = floor.accept(alice), floor.accept(bob)

    assert (won.outcome, won.reservation_status, won.http_status) == ("accepted", "accepted", 200)
    assert (lost.outcome, lost.reservation_status, lost.http_status) == ("gone", "rescinded", 410)
    assert [floor.record(one) for one in (alice, bob)] == ["accepted", "rescinded"]


def test_an_accept_costs_one_request_and_a_lost_race_two(floor: Floor) -> None:
    """Nothing is read before the race, and no version is sent with it."""
    _, (alice, bob) = floor.offered()
    floor.emulator.clear_journal()

    floor.accept(alice)
    floor.accept(bob)

    assert [(r["method"], r["status"]) for r in floor.requests()] == [
        ("POST", 200),
        ("POST", 410),
        ("GET", 200),
    ]


def test_reservations_are_the_same_below_their_worker(floor: Floor) -> None:
    """Listing, reading and accepting below the worker finds what is below the task."""
    task, (offer,) = floor.offered("a")

    (listed,) = floor.under_test.list(worker_sid=offer.worker_sid)
    read = floor.under_test.read(offer.sid, worker_sid=offer.worker_sid)
    won = floor.under_test.accept(offer.sid, worker_sid=offer.worker_sid)

    assert listed == offer
    assert offer.task_sid == task
    assert offer.etag is None
    assert read is not None
    assert read.etag is not None
    assert won.reservation is not None
    assert won.reservation.etag != read.etag
    assert won.reservation.date_created.isoformat() == "2026-01-01T00:00:00+00:00"


def test_a_list_holds_one_status_when_asked_to(floor: Floor) -> None:
    """Only reservations of that status are listed."""
    task, (alice, _) = floor.offered()
    floor.accept(alice)

    assert [o.sid for o in floor.under_test.list(task_sid=task, status="accepted")] == [alice.sid]
    assert len(floor.under_test.list(task_sid=task)) == 2


@pytest.mark.parametrize("later", ["accepted", "wrapping", "completed"])
def test_accepting_what_was_accepted_is_accepted(floor: Floor, later: str) -> None:
    """However far the worker has come since, the task was theirs."""
    _, (offer,) = floor.offered("a")
    floor.accept(offer)
    for status in ("wrapping", "completed")[: ["accepted", "wrapping", "completed"].index(later)]:
        floor.change(f"/Tasks/{offer.task_sid}/Reservations/{offer.sid}", ReservationStatus=status)

    again = floor.accept(offer)

    assert (again.outcome, again.reservation_status) == ("accepted", later)


@pytest.mark.parametrize(
    "fault",
    [{"drop": True}, {"status": 503}, {"status": 500}],
    ids=["dropped", "503", "500"],
)
@pytest.mark.parametrize("count", [1, ATTEMPTS], ids=["once", "always"])
def test_a_lost_answer_is_recognised(floor: Floor, fault: dict[str, Any], count: int) -> None:
    """The accept took effect and its answer did not come: the outcome is accepted."""
    _, (alice, bob) = floor.offered()

    with floor.emulator.fault(**UPDATE, **fault, after=True, count=count):
        won = floor.accept(alice)

    assert (won.outcome, won.reservation_status) == ("accepted", "accepted")
    assert floor.accept(bob).outcome == "gone"


def test_a_lost_answer_of_a_loser_is_gone(floor: Floor) -> None:
    """Every answer is lost after somebody else was first: gone, and nothing is changed by it."""
    _, (alice, bob) = floor.offered()
    floor.accept(alice)

    with floor.emulator.fault(**UPDATE, drop=True, after=True):
        lost = floor.accept(bob)

    assert (lost.outcome, lost.reservation_status, lost.http_status) == ("gone", "rescinded", None)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [({"status": 503}, ServerFault), ({"drop": True}, Unreachable)],
    ids=["503", "dropped"],
)
def test_an_accept_that_never_took_effect_is_an_error_safe_to_repeat(
    floor: Floor, fault: dict[str, Any], kind: type[TwilioError]
) -> None:
    """The reservation is pending still, the error names it, and the next call accepts it."""
    _, (offer,) = floor.offered("a")

    with floor.emulator.fault(**UPDATE, **fault), pytest.raises(kind) as failed:
        floor.accept(offer)

    assert failed.value.retry_safe
    assert offer.sid in str(failed.value)
    assert floor.record(offer) == "pending"
    assert floor.accept(offer).outcome == "accepted"


def test_nothing_can_be_read_after_a_failure(floor: Floor) -> None:
    """Write and read both fail: the error says that a retry is safe, which then finds out."""
    _, (offer,) = floor.offered("a")

    with (
        floor.emulator.fault(**UPDATE, drop=True, after=True),
        floor.emulator.fault(**READ, status=503),
        pytest.raises(Unreachable) as failed,
    ):
        floor.accept(offer)

    assert failed.value.retry_safe
    assert floor.accept(offer).outcome == "accepted"


def test_a_410_stands_when_the_status_cannot_be_read(floor: Floor) -> None:
    """Twilio's word is enough for gone; only its reason is missing."""
    _, (alice, bob) = floor.offered()
    floor.accept(alice)

    with floor.emulator.fault(**READ, status=503):
        lost = floor.accept(bob)

    assert (lost.outcome, lost.reservation_status, lost.http_status) == ("gone", None, 410)


@pytest.mark.parametrize("answer", ["the emulator's", "20001"])
@pytest.mark.parametrize("end", ["timeout", "rejected", "canceled", "rescinded"])
def test_an_offer_that_ended_is_gone_with_its_status(floor: Floor, end: str, answer: str) -> None:
    """Whether Twilio says 410 or 20001, the reservation is read and tells how it ended."""
    task, (alice, bob) = floor.offered()
    if end == "timeout":
        floor.emulator.advance(121)
    elif end == "rejected":
        floor.under_test.reject(bob.sid, task_sid=task)
    elif end == "canceled":
        floor.change(f"/Tasks/{task}", AssignmentStatus="canceled", Reason="hangup")
    else:
        floor.accept(alice)
    if answer == "20001":
        floor.emulator.add_fault(**UPDATE, status=400, body=ILLEGAL)

    late = floor.accept(bob)

    assert (late.outcome, late.reservation_status) == ("gone", end)


def test_20001_on_a_pending_reservation_stays_an_error(floor: Floor) -> None:
    """What the state does not explain is not taken for a lost race."""
    _, (offer,) = floor.offered("a")

    with (
        floor.emulator.fault(**UPDATE, status=400, body=ILLEGAL),
        pytest.raises(InvalidRequest) as refused,
    ):
        floor.accept(offer)

    assert refused.value.code == 20001
    assert not refused.value.retry_safe


def test_a_deleted_task_has_taken_its_reservations_along(floor: Floor) -> None:
    """404 is gone, without a status."""
    task, (offer,) = floor.offered("a")
    floor.send("DELETE", f"/Tasks/{task}")

    gone = floor.accept(offer)

    assert (gone.outcome, gone.reservation_status, gone.http_status) == ("gone", None, 404)
    assert floor.under_test.read(offer.sid, task_sid=task) is None
    with pytest.raises(NotFound):
        floor.under_test.list(task_sid=task)


def test_429_is_waited_for(floor: Floor) -> None:
    """A refused request was never processed: it is sent again until it is."""
    _, (offer,) = floor.offered("a")
    floor.emulator.clear_journal()

    with floor.emulator.fault(**UPDATE, status=429, count=ATTEMPTS - 1):
        won = floor.accept(offer)

    assert won.outcome == "accepted"
    assert [r["status"] for r in floor.requests()] == [*[429] * (ATTEMPTS - 1), 200]


def test_429_without_end_is_an_error(floor: Floor) -> None:
    """It says that a retry is safe."""
    _, (offer,) = floor.offered("a")

    with (
        floor.emulator.fault(**UPDATE, status=429),
        pytest.raises(RateLimited) as refused,
    ):
        floor.accept(offer)

    assert refused.value.retry_safe
    assert floor.record(offer) == "pending"


def test_wrong_credentials_are_an_error(floor: Floor) -> None:
    """Nothing is taken for gone because nobody may look."""
    _, (offer,) = floor.offered("a")
    stranger = TwilioClient(
        Credentials(floor.emulator.account_sid, auth_token="wrong"), floor.emulator.base_url
    )

    with pytest.raises(Unauthorized):
        Reservations(stranger, floor.sid).accept(offer.sid, task_sid=offer.task_sid)

    stranger.transport.session.close()


def test_a_rejected_offer_goes_to_somebody_else(floor: Floor) -> None:
    """The worker moves to the activity that was given, and the reservation is rejected."""
    _, (alice, bob) = floor.offered()
    away = floor.activity("Unavailable")

    ended = floor.under_test.reject(
        alice.sid, worker_sid=alice.worker_sid, worker_activity_sid=away
    )

    assert (ended.outcome, ended.reservation_status) == ("rejected", "rejected")
    assert floor.get(f"/Workers/{alice.worker_sid}")["activity_sid"] == away
    assert floor.record(bob) == "pending"


@pytest.mark.parametrize("fault", [{"drop": True}, {"status": 503}], ids=["dropped", "503"])
def test_a_lost_answer_to_a_reject_is_recognised(floor: Floor, fault: dict[str, Any]) -> None:
    """It was rejected once, whatever came back."""
    _, (alice, _) = floor.offered()

    with floor.emulator.fault(**UPDATE, **fault, after=True, count=1):
        ended = floor.under_test.reject(alice.sid, task_sid=alice.task_sid)

    assert ended.outcome == "rejected"


def test_rejecting_a_rescinded_offer_is_gone(floor: Floor) -> None:
    """Somebody was first: there is nothing to reject any more."""
    _, (alice, bob) = floor.offered()
    floor.accept(alice)

    late = floor.under_test.reject(bob.sid, task_sid=bob.task_sid)

    assert (late.outcome, late.reservation_status) == ("gone", "rescinded")


def test_an_accepted_reservation_cannot_be_rejected(floor: Floor) -> None:
    """The error says what it is and what to do instead; it is not taken for gone."""
    _, (alice, _) = floor.offered()
    floor.accept(alice)

    with pytest.raises(InvalidRequest, match=r"it is accepted.*complete or transfer the task WT"):
        floor.under_test.reject(alice.sid, task_sid=alice.task_sid)

    assert floor.record(alice) == "accepted"


def test_an_unknown_activity_rejects_nothing(floor: Floor) -> None:
    """Twilio's refusal is passed on and the offer is pending still."""
    _, (offer,) = floor.offered("a")

    with pytest.raises(InvalidRequest):
        floor.under_test.reject(
            offer.sid, task_sid=offer.task_sid, worker_activity_sid="WA" + "0" * 32
        )

    assert floor.record(offer) == "pending"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"task_sid": "WT" + "a" * 32, "worker_sid": "WK" + "a" * 32},
        {"task_sid": "WT1"},
        {"task_sid": "WT" + "a" * 32 + "/../x"},
        {"worker_sid": "WT" + "a" * 32},
        {"worker_sid": ""},
    ],
)
def test_a_wrong_address_is_refused_before_anything_is_sent(
    floor: Floor, given: dict[str, str]
) -> None:
    """ValueError, and no request."""
    for ask in (
        lambda: floor.under_test.accept("WR" + "a" * 32, **given),
        lambda: floor.under_test.list(**given),
    ):
        with pytest.raises(ValueError, match=r"task_sid|hexadecimal"):
            ask()
    with pytest.raises(ValueError, match="hexadecimal"):
        floor.under_test.accept("WR123", task_sid="WT" + "a" * 32)
    with pytest.raises(ValueError, match="not one of pending"):
        floor.under_test.list(task_sid="WT" + "a" * 32, status="open")

    assert floor.requests() == []


@pytest.mark.parametrize("preset", [None, "lost-answers", "errors", "throttling"])
def test_a_race_has_one_winner_whatever_the_line_is_like(floor: Floor, preset: str | None) -> None:
    """Five agents at once, ten times: one accepted each, and each outcome is the record's."""
    patient = TwilioClient(
        floor.client.credentials,
        floor.emulator.base_url,
        retry=RetryPolicy(attempts=12, first_seconds=0.001, longest_retry_after_seconds=0.01),
    )
    reservations = Reservations(patient, floor.sid)
    for name in "abcde":
        floor.worker(name, capacity=20)
    tasks = [floor.task() for _ in range(10)]
    offers = {task: reservations.list(task_sid=task) for task in tasks}
    if preset:
        floor.emulator.add_fault(preset=preset)
    start = Barrier(5, timeout=30)

    def agent(offer: Reservation) -> ReservationOutcome:
        start.wait()
        return reservations.accept(offer.sid, worker_sid=offer.worker_sid)

    with ThreadPoolExecutor(5) as pool:
        outcomes = {task: list(pool.map(agent, offers[task])) for task in tasks}
    floor.emulator.clear_faults()

    for task, ended in outcomes.items():
        assert Counter(one.outcome for one in ended) == {"accepted": 1, "gone": 4}
        for offer, one in zip(offers[task], ended, strict=True):
            expected = {"accepted": "accepted", "gone": "rescinded"}[one.outcome]
            assert floor.record(offer) == expected
    patient.transport.session.close()


STEPS = st.lists(
    st.tuples(st.sampled_from(["accept", "reject"]), st.integers(0, 2)), min_size=1, max_size=6
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_an_outcome_always_tells_what_the_record_says(
    emulator: RunningEmulator, client: TwilioClient, steps: list[tuple[str, int]]
) -> None:
    """Any order of accepting and rejecting: outcome and record agree, and one winner at most."""
    with task_centre(emulator, max_reserved_workers=3) as centre:
        floor = _floor(centre, client)
        task, offers = floor.offered("abc")
        for verb, number in steps:
            offer = offers[number]
            act = getattr(floor.under_test, verb)
            try:
                ended = act(offer.sid, task_sid=task)
            except InvalidRequest:
                assert (verb, floor.record(offer)) == ("reject", "accepted")
                continue
            assert ended.reservation_status == floor.record(offer)
            done = {"accept": "accepted", "reject": "rejected"}[verb]
            assert (ended.outcome == done) == (floor.record(offer) == done)

        assert [floor.record(offer) for offer in offers].count("accepted") <= 1


def _command(floor: Floor, *arguments: str) -> Any:
    environ = {**floor.emulator.environment(), "TWILIO_FLEX_WORKSPACE_SID": floor.sid}
    return run_command("reservation", *arguments, **environ)


def test_the_command_accepts_and_says_who_was_late(floor: Floor) -> None:
    """The winner's exit code is 0, the loser's 1 with one clear line, and the list shows both."""
    task, (alice, bob) = floor.offered()

    won = _command(floor, "accept", alice.sid, "--task", task)
    lost = _command(floor, "accept", bob.sid, "--worker", bob.worker_sid)
    listed = _command(floor, "list", "--task", task)

    assert (won.returncode, won.stdout) == (0, f"accepted: Reservation {alice.sid}\n")
    assert lost.returncode == 1
    assert lost.stdout == (f"gone: Reservation {bob.sid} is rescinded: another worker was first\n")
    assert "rescinded" in listed.stdout
    assert alice.sid in listed.stdout


def test_the_command_speaks_json(floor: Floor) -> None:
    """Lists and outcomes are one JSON object each."""
    task, (alice, bob) = floor.offered()

    rejected = _command(floor, "reject", alice.sid, "--task", task, "--json")
    pending = _command(floor, "list", "--task", task, "--status", "pending", "--json")

    assert parsed(rejected)["outcome"] == "rejected"
    assert parsed(rejected)["reservation"]["sid"] == alice.sid
    assert [one["sid"] for one in parsed(pending)["reservations"]] == [bob.sid]


def test_a_reservation_that_is_not_there_is_one_line(floor: Floor) -> None:
    """Accepting says that it does not exist; listing an unknown task is Twilio's 404."""
    nobody = secrets.token_hex(16)

    gone = _command(floor, "accept", f"WR{nobody}", "--task", f"WT{nobody}", "--json")
    unknown = _command(floor, "list", "--task", f"WT{nobody}")

    assert gone.returncode == 1
    assert json.loads(gone.stdout)["http_status"] == 404
    assert unknown.returncode == 3
    assert unknown.stderr.count("\n") == 1
    assert f"WT{nobody}" in unknown.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["list", "--task", "WT" + "a" * 32, "--worker", "WK" + "a" * 32],
        ["list", "--task", "nonsense"],
        ["list", "--task", "WT" + "a" * 32, "--status", "open"],
        ["accept", "nonsense", "--task", "WT" + "a" * 32],
        ["reject", "WR" + "a" * 32, "--task", "WT" + "a" * 32, "--worker-activity", "x"],
    ],
)
def test_wrong_usage_is_exit_code_2(floor: Floor, arguments: list[str]) -> None:
    """No traceback and no request."""
    result = _command(floor, *arguments)

    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert floor.requests() == []


@pytest.mark.parametrize("body", [{}, [], {"sid": "WR"}, {"reservations": 5, "meta": {}}])
def test_an_answer_that_is_no_reservation_is_an_error(floor: Floor, body: Any) -> None:
    """Something else answers at the base URL: safe to repeat, and said so."""
    sid, (offer, _) = floor.offered()

    with floor.emulator.fault(kind="api", path="/Reservations", status=200, body=body):
        for ask in (
            lambda: floor.under_test.list(task_sid=sid),
            lambda: floor.under_test.read(offer.sid, task_sid=sid),
            lambda: floor.accept(offer),
        ):
            with pytest.raises(TwilioError, match="is no") as caught:
                ask()
            assert caught.value.retry_safe

    assert floor.record(offer) == "pending"


def test_an_accept_with_an_odd_answer_is_looked_up(floor: Floor) -> None:
    """The acceptance took effect, whatever stood between here and Twilio answered."""
    _, (offer, _) = floor.offered()

    with floor.emulator.fault(**UPDATE, status=200, body={}, after=True):
        assert floor.accept(offer).outcome == "accepted"
