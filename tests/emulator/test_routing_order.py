"""Who is offered which task first: queues' order, priorities, capacity, channels, activities."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from twilio_emulator.testing import RunningEmulator, start_emulator

from .task_centre import TaskCentre, task_centre


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    """Run an emulator whose clock stands until it is moved."""
    with start_emulator(sample=False, start="2026-01-01T00:00:00Z") as running:
        yield running


@pytest.fixture
def centre(emulator: RunningEmulator) -> Iterator[TaskCentre]:
    """Make a workspace with a queue for everyone and no workers."""
    with task_centre(emulator) as made:
        yield made


def served(centre: TaskCentre, worker: str, count: int) -> list[str]:
    """Let a worker complete what they are offered, and return the tasks in the order of offers."""
    tasks: list[str] = []
    while len(tasks) < count:
        path = f"/Workers/{worker}/Reservations"
        (offer,) = centre.get(path, ReservationStatus="pending")["reservations"]
        tasks.append(offer["task_sid"])
        centre.change(f"{path}/{offer['sid']}", ReservationStatus="accepted")
        centre.change(f"{path}/{offer['sid']}", ReservationStatus="completed")
    return tasks


def pending_of(centre: TaskCentre, worker: str) -> int:
    """Count the offers a worker has."""
    path = f"/Workers/{worker}/Reservations"
    return len(centre.get(path, ReservationStatus="pending")["reservations"])


def test_fifo_goes_by_priority_and_then_by_age(centre: TaskCentre) -> None:
    """Higher priorities first; among equals the one that started first, whenever it was made."""
    low = centre.task(Priority=1)
    centre.emulator.advance(1)
    high = centre.task(Priority=5)
    centre.emulator.advance(1)
    second = centre.task(Priority=5)
    backdated = centre.task(Priority=5, VirtualStartTime="2025-06-01T00:00:00Z")

    assert served(centre, centre.worker("Ann"), 4) == [backdated, high, second, low]


def test_lifo_takes_the_newest_whatever_its_priority(centre: TaskCentre) -> None:
    """In a LIFO queue priorities do not count."""
    centre.change(f"/TaskQueues/{centre.queue}", TaskOrder="LIFO")
    tasks = [centre.task(Priority=priority) for priority in (9, 5, 1)]

    assert served(centre, centre.worker("Ann"), 3) == tasks[::-1]


def test_a_changed_order_counts_for_those_who_wait(centre: TaskCentre) -> None:
    """Turning a queue with waiting tasks around turns their order around."""
    tasks = [centre.task() for _ in range(3)]
    centre.change(f"/TaskQueues/{centre.queue}", TaskOrder="LIFO")

    assert served(centre, centre.worker("Ann"), 3) == tasks[::-1]


@pytest.mark.parametrize("first", ["FIFO", "LIFO"])
def test_the_workspace_says_which_kind_of_queue_goes_first(centre: TaskCentre, first: str) -> None:
    """A worker of both kinds of queue is offered the tasks of the prioritized kind first."""
    centre.change("", PrioritizeQueueOrder=first)
    leads = centre.make("TaskQueues", FriendlyName="Leads", TaskOrder="LIFO")["sid"]
    tasks = {"FIFO": [], "LIFO": []}
    for _ in range(2):
        tasks["FIFO"].append(centre.task(Priority=9))
        tasks["LIFO"].append(centre.task(TaskQueueSid=leads))
    in_order = {"FIFO": tasks["FIFO"], "LIFO": tasks["LIFO"][::-1]}
    last = "LIFO" if first == "FIFO" else "FIFO"

    assert served(centre, centre.worker("Ann"), 4) == in_order[first] + in_order[last]


def test_capacity_is_per_channel(centre: TaskCentre) -> None:
    """Offers fill a channel up to its capacity and leave the others alone."""
    worker = centre.worker("Ann", capacity=2)
    for _ in range(3):
        centre.task()
    assert pending_of(centre, worker) == 2
    centre.task(TaskChannel="voice")
    assert pending_of(centre, worker) == 3

    centre.change(f"/Workers/{worker}/Channels/default", Capacity=3)
    assert pending_of(centre, worker) == 4


def test_a_workers_channel_shows_what_is_on_it(centre: TaskCentre) -> None:
    """assigned_tasks counts accepted ones, the percentage what is pending or wrapping as well."""
    worker = centre.worker("Ann", capacity=3)
    tasks = [centre.task() for _ in range(2)]

    def shown() -> tuple[int, int]:
        channel = centre.get(f"/Workers/{worker}/Channels/default")
        return channel["assigned_tasks"], channel["available_capacity_percentage"]

    assert shown() == (0, 33)
    accepted = centre.reservation(tasks[0])
    centre.change(accepted, ReservationStatus="accepted")
    assert shown() == (1, 33)
    centre.change(accepted, ReservationStatus="wrapping")
    assert shown() == (0, 33)
    centre.change(accepted, ReservationStatus="completed")
    assert shown() == (0, 66)
    centre.change(f"/Workers/{worker}/Channels/default", Capacity=0)
    assert shown() == (0, 0)


@pytest.mark.parametrize(
    ("setting", "value"), [("Capacity", "1"), ("Available", "true"), ("ActivitySid", None)]
)
def test_a_worker_who_becomes_free_is_offered_what_waits(
    centre: TaskCentre, setting: str, value: str | None
) -> None:
    """Capacity, the channel's availability and the activity all have to be there."""
    worker = centre.worker("Ann")
    if setting == "ActivitySid":
        path, value = f"/Workers/{worker}", centre.available
        off: Any = centre.activity("Unavailable")
    else:
        path, off = f"/Workers/{worker}/Channels/default", {"Capacity": 0}.get(setting, "false")
    centre.change(path, **{setting: off})
    task = centre.task()
    assert centre.status(task) == "pending"

    centre.change(path, **{setting: value})

    assert centre.status(task) == "reserved"


def test_a_queue_that_opens_to_more_workers_offers_what_waits(centre: TaskCentre) -> None:
    """A changed expression lets tasks that wait be offered to the new members."""
    centre.change(f"/TaskQueues/{centre.queue}", TargetWorkers="skill == 'a'")
    worker = centre.worker("Ann", skill="b")
    tasks = [centre.task() for _ in range(2)]
    assert pending_of(centre, worker) == 0

    centre.change(f"/TaskQueues/{centre.queue}", TargetWorkers="skill IN ['a', 'b']")

    assert [centre.status(task) for task in tasks] == ["reserved", "pending"]


def test_single_tasking_workers_have_one_task_and_follow_the_queues_activities(
    emulator: RunningEmulator,
) -> None:
    """Without multitasking one reservation fills a worker, whatever the channels' capacities."""
    with task_centre(emulator) as centre:
        made = emulator.request(
            "POST",
            "https://taskrouter.twilio.com/v1/Workspaces",
            data={"FriendlyName": "Single", "MultiTaskEnabled": "false"},
        ).json()
        centre.sid = made["sid"]
        centre.build()
        busy = centre.make("Activities", FriendlyName="Busy")["sid"]
        centre.change(f"/TaskQueues/{centre.queue}", AssignmentActivitySid=busy)
        worker = centre.worker("Ann", capacity=5)
        first = centre.task()
        second = centre.task(TaskChannel="voice")
        assert [centre.status(task) for task in (first, second)] == ["reserved", "pending"]

        centre.change(centre.reservation(first), ReservationStatus="accepted")
        assert centre.get(f"/Workers/{worker}")["activity_name"] == "Busy"
        centre.change(centre.reservation(first), ReservationStatus="completed")
        centre.change(f"/Workers/{worker}", ActivitySid=centre.available)

        assert centre.status(second) == "reserved"


def test_who_rejects_is_asked_last(centre: TaskCentre) -> None:
    """A rejected task goes to the others first and comes back when nobody else is free."""
    for name in ("Ann", "Bob"):
        centre.worker(name)
        centre.emulator.advance(1)
    task = centre.task()
    asked = []
    for _ in range(3):
        (offer,) = centre.reservations(task, ReservationStatus="pending")
        asked.append(offer["worker_name"])
        centre.emulator.advance(1)
        centre.change(f"/Tasks/{task}/Reservations/{offer['sid']}", ReservationStatus="rejected")

    assert asked == ["Ann", "Bob", "Ann"]


def test_tasks_of_many_kinds_find_their_workers(centre: TaskCentre) -> None:
    """Waiting tasks with needs of their own each go to the worker who meets it."""
    target = {"queue": centre.queue, "expression": "worker.number == task.number"}
    routing = {"task_routing": {"filters": [{"expression": "1==1", "targets": [target]}]}}
    centre.change(f"/Workflows/{centre.workflow}", Configuration=json.dumps(routing))
    tasks = {number: centre.task({"number": number}) for number in range(30)}

    for number in (29, 3, 17):
        worker = centre.worker(f"W{number}", number=number)
        (offer,) = centre.get(f"/Workers/{worker}/Reservations")["reservations"]
        assert offer["task_sid"] == tasks[number]
