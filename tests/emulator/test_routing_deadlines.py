"""What happens to tasks and reservations by itself when its time has come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twilio_emulator.emulator import Emulator
from twilio_emulator.settings import Settings
from twilio_emulator.store import Clock, new_record
from twilio_emulator.taskrouter import routing
from twilio_emulator.taskrouter.records import (
    Activity,
    Task,
    TaskChannel,
    Worker,
    Workflow,
    Workspace,
)
from twilio_emulator.testing import RunningEmulator, start_emulator

from .task_centre import TaskCentre, task_centre

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = 86_400


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    """Run an emulator whose clock stands until it is moved."""
    with start_emulator(sample=False, start=START.isoformat()) as running:
        yield running


@pytest.fixture
def centre(emulator: RunningEmulator) -> Iterator[TaskCentre]:
    """Make a workspace with a queue for everyone and no workers."""
    with task_centre(emulator, TaskReservationTimeout=60) as made:
        yield made


@pytest.mark.parametrize("is_reserved", [False, True])
def test_a_task_nobody_accepts_is_canceled_at_the_end_of_its_life(
    centre: TaskCentre, is_reserved: bool
) -> None:
    """Timeout counts from creation, whether the task is pending or reserved then."""
    if is_reserved:
        centre.worker("Ann")
    task = centre.task(Timeout=30)

    centre.emulator.advance(29)
    assert centre.status(task) == ("reserved" if is_reserved else "pending")
    centre.emulator.advance(1)

    ended = centre.get(f"/Tasks/{task}")
    assert (ended["assignment_status"], ended["reason"]) == ("canceled", "Task TTL Exceeded")
    event = centre.get("/Events", EventType="task.canceled", TaskSid=task)["events"][0]
    assert event["description"] == "Task TTL Exceeded"
    statuses = [item["reservation_status"] for item in centre.reservations(task)]
    assert statuses == ["canceled"] * is_reserved


def test_an_accepted_task_outlives_its_timeout_and_ends_after_a_day(centre: TaskCentre) -> None:
    """A day after it was assigned it is deleted, with task.system-deleted, and the worker free."""
    worker = centre.worker("Ann")
    task = centre.task(Timeout=30)
    centre.change(centre.reservation(task), ReservationStatus="accepted")

    centre.emulator.advance(DAY - 1)
    assert centre.status(task) == "assigned"
    centre.emulator.advance(1)

    assert centre.refusal("GET", f"/Tasks/{task}", status=404)
    assert centre.event_types(TaskSid=task)[-1] == "task.system-deleted"
    assert centre.get(f"/Workers/{worker}/Channels/default")["available_capacity_percentage"] == 100


@pytest.mark.parametrize("status", ["canceled", "completed"])
def test_an_ended_task_is_gone_after_five_minutes(centre: TaskCentre, status: str) -> None:
    """It goes with its reservations and without an event."""
    worker = centre.worker("Ann")
    task = centre.task()
    if status == "completed":
        centre.change(centre.reservation(task), ReservationStatus="accepted")
    centre.change(f"/Tasks/{task}", AssignmentStatus=status)

    centre.emulator.advance(299)
    assert centre.status(task) == status
    centre.emulator.advance(1)

    assert centre.refusal("GET", f"/Tasks/{task}", status=404)
    assert centre.get(f"/Workers/{worker}/Reservations")["reservations"] == []
    assert centre.event_types(TaskSid=task)[-1] == f"task.{status}"


def test_a_reservation_nobody_answers_times_out_and_moves_its_worker(centre: TaskCentre) -> None:
    """The worker goes to the workspace's timeout activity and the task to the next worker."""
    pause = centre.make("Activities", FriendlyName="Pause")["sid"]
    centre.change("", TimeoutActivitySid=pause)
    ann = centre.worker("Ann")
    centre.emulator.advance(1)
    bob = centre.worker("Bob")
    task = centre.task()

    centre.emulator.advance(60)

    assert centre.get(f"/Workers/{ann}")["activity_name"] == "Pause"
    assert centre.get(f"/Workers/{bob}")["activity_name"] == "Available"
    found = {item["worker_name"]: item["reservation_status"] for item in centre.reservations(task)}
    assert found == {"Ann": "timeout", "Bob": "pending"}
    types = centre.event_types()
    assert types[-3:] == ["reservation.timeout", "worker.activity.update", "reservation.created"]
    moved = centre.get("/Events", EventType="worker.activity.update")["events"][0]
    assert moved["event_data"]["worker_previous_activity_name"] == "Available"
    assert moved["event_data"]["worker_time_in_previous_activity"] == "61"


def test_time_passes_through_every_deadline_in_order(centre: TaskCentre) -> None:
    """One long step of the clock does what many small ones do, each thing at its own moment."""
    centre.worker("Ann")
    task = centre.task()

    centre.emulator.advance(DAY + 600)

    events = centre.get("/Events", Minutes=3 * 1440, PageSize=1000)["events"]
    at = {
        event["event_type"]: event["event_date_ms"] // 1000
        for event in events
        if event["event_data"].get("task_sid") == task
    }
    assert at["reservation.timeout"] - at["reservation.created"] == 60
    assert at["task.canceled"] - at["task.created"] == DAY
    assert centre.refusal("GET", f"/Tasks/{task}", status=404)


def _emulator(path: Path | None, start: datetime) -> Emulator:
    return Emulator(Settings(sample=True, workers=0, start=start, data=path))


def _create(emulator: Emulator, **fields: object) -> Task:
    """Make a task in the sample workspace and set fields of its record."""
    store = emulator.store
    workspace = next(iter(store[Workspace]))
    with store.transaction():
        task = routing.create_task(
            emulator,
            workspace,
            workflow=next(iter(store[Workflow])),
            attributes="{}",
            priority=None,
            timeout=DAY,
            task_channel=next(iter(store[TaskChannel])),
            virtual_start_time=None,
            routing_target=None,
            ignore_capacity=False,
            task_queue=None,
        )
        return store.put(replace(task, **fields))  # type: ignore[arg-type]


def _worker(emulator: Emulator) -> Worker:
    store = emulator.store
    workspace = next(iter(store[Workspace]))
    with store.transaction():
        worker = store.put(
            Worker(
                **new_record(store, workspace.account_sid, "WK"),
                workspace_sid=workspace.sid,
                friendly_name="Ann",
                attributes=json.dumps({}),
                activity_sid=_available(emulator),
                date_status_changed=store.clock.now(),
            )
        )
        routing.worker_moved(emulator, worker)
    return worker


def _available(emulator: Emulator) -> str:
    return next(item.sid for item in emulator.store[Activity] if item.available)


def test_deadlines_passed_while_the_emulator_was_down_are_met_at_its_start(tmp_path: Path) -> None:
    """What fell due between two runs happens in the second one, and what waits is offered."""
    first = _emulator(tmp_path, START)
    routing.start(first)
    old, waiting = _create(first, timeout=100), _create(first)
    first.store.close()

    second = _emulator(tmp_path, START + timedelta(seconds=3_600))
    _worker(second)
    routing.start(second)
    second.clock.advance(0)

    assert second.store[Task].get(old.sid).reason == "Task TTL Exceeded"  # type: ignore[union-attr]
    assert second.store[Task].get(waiting.sid).assignment_status == "reserved"  # type: ignore[union-attr]
    second.store.close()


def test_the_thousandth_offer_is_the_last() -> None:
    """A task offered 1000 times is canceled where it would be offered once more."""
    emulator = _emulator(None, START)
    routing.start(emulator)
    task = _create(emulator, assignment_count=999)
    _worker(emulator)
    store = emulator.store
    assert store[Task].get(task.sid).assignment_count == 1000  # type: ignore[union-attr]

    (offer,) = routing.reservations_of_task(store, task.sid)
    with store.transaction():
        routing.reject(emulator, offer)

    ended = store[Task].get(task.sid)
    assert ended is not None
    assert ended.reason == "Task exceeded the maximum assignment count"
    assert len(routing.reservations_of_task(store, task.sid)) == 1


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("at"), st.integers(0, 50)),
        st.tuples(st.just("cancel"), st.integers(0, 10)),
        st.tuples(st.just("advance"), st.integers(0, 30)),
    ),
    max_size=30,
)


@given(MOVES)
@settings(deadline=None)
def test_a_virtual_clock_runs_each_timer_once_at_its_moment(moves: list[tuple[str, int]]) -> None:
    """Timers run in order of their moments, at them, never when cancelled, never twice."""
    clock, ran = Clock(START), list[tuple[datetime, int]]()
    due: dict[int, datetime] = {}
    timers = []
    for what, value in moves:
        if what == "at":
            number, moment = len(timers), clock.now() + timedelta(seconds=value)
            due[number] = moment
            timers.append(clock.at(moment, lambda n=number: ran.append((clock.now(), n))))
        elif what == "cancel" and value < len(timers):
            timers[value].cancel()
            if not any(number == value for _, number in ran):
                due.pop(value, None)
        elif what == "advance":
            clock.advance(value)
            past = {number for number, moment in due.items() if moment <= clock.now()}
            assert {number for _, number in ran} == past
    assert ran == sorted(ran)
    assert all(due[number] == moment for moment, number in ran)


def test_a_timer_may_set_timers_within_the_same_step() -> None:
    """What a timer sets within the step the clock is making still runs in it, at its moment."""
    clock, ran = Clock(START), list[float]()

    def tick() -> None:
        ran.append((clock.now() - START).total_seconds())
        clock.at(clock.now() + timedelta(seconds=10), tick)

    clock.at(START + timedelta(seconds=5), tick)
    clock.advance(30)

    assert ran == [5, 15, 25]


def test_a_failing_timer_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """An exception in one timer is logged, and the next runs."""
    clock, ran = Clock(START), list[str]()
    clock.at(START + timedelta(seconds=1), lambda: [][0])
    clock.at(START + timedelta(seconds=2), lambda: ran.append("second"))

    clock.advance(3)

    assert ran == ["second"]
    assert "failed" in caplog.text


def test_cancelled_timers_are_not_kept() -> None:
    """A clock whose timers are mostly cancelled forgets them and runs the others."""
    clock, ran = Clock(START), list[int]()
    for number in range(5_000):
        timer = clock.at(START + timedelta(seconds=number), lambda n=number: ran.append(n))
        if number % 1_000:
            timer.cancel()
            timer.cancel()

    assert clock.timers < 2_500
    clock.advance(5_000)
    assert ran == [0, 1_000, 2_000, 3_000, 4_000]
