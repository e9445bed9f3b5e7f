"""What changes of workers, queues and workflows do to tasks, reservations and versions."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from twilio_emulator.emulator import Emulator
from twilio_emulator.settings import Settings
from twilio_emulator.taskrouter import routing
from twilio_emulator.taskrouter.records import (
    Task,
    TaskChannel,
    TaskQueue,
    Worker,
    Workflow,
    Workspace,
)
from twilio_emulator.taskrouter.routing import router
from twilio_emulator.taskrouter.routing.matching import choose
from twilio_emulator.taskrouter.routing.needs import Need
from twilio_emulator.testing import RunningEmulator, start_emulator

from .conftest import TASKROUTER
from .task_centre import TaskCentre, task_centre


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    """Run an emulator whose clock stands until it is moved."""
    with start_emulator(sample=False, start="2026-01-01T00:00:00Z") as running:
        yield running


@pytest.fixture
def centre(emulator: RunningEmulator) -> Iterator[TaskCentre]:
    """Make a workspace with a queue for everyone and no workers."""
    with task_centre(emulator, max_reserved_workers=2) as made:
        yield made


def version(centre: TaskCentre, path: str) -> int:
    """Return the version in a resource's ETag."""
    return int(centre.send("GET", path).headers["ETag"].strip('"'))


def statuses(centre: TaskCentre, task: str) -> dict[str, str]:
    """Return a task's reservations by worker."""
    found = centre.reservations(task)
    return {item["worker_name"]: item["reservation_status"] for item in found}


def test_leaving_with_reject_pending_reservations_rejects_them(centre: TaskCentre) -> None:
    """The offers of a worker who leaves become rejected and go to others; accepted ones stay."""
    ann = centre.worker("Ann", capacity=3)
    kept = centre.task()
    centre.change(centre.reservation(kept), ReservationStatus="accepted")
    offers = [centre.task() for _ in range(2)]
    bob = centre.worker("Bob", capacity=3)

    away = centre.activity("Unavailable")
    centre.change(f"/Workers/{ann}", ActivitySid=away, RejectPendingReservations=True)

    assert statuses(centre, kept) == {"Ann": "accepted"}
    for task in offers:
        assert statuses(centre, task) == {"Ann": "rejected", "Bob": "pending"}
    assert len(centre.get(f"/Workers/{bob}/Reservations")["reservations"]) == 2


def test_leaving_without_it_keeps_the_offers(centre: TaskCentre) -> None:
    """A worker who just goes away keeps what they were offered and can accept it."""
    ann = centre.worker("Ann")
    task = centre.task()
    centre.change(f"/Workers/{ann}", ActivitySid=centre.activity("Unavailable"))

    assert statuses(centre, task) == {"Ann": "pending"}
    centre.change(centre.reservation(task), ReservationStatus="accepted")
    assert centre.status(task) == "assigned"


def test_reject_pending_reservations_needs_an_unavailable_activity(centre: TaskCentre) -> None:
    """With an activity in which tasks are offered it is refused."""
    ann = centre.worker("Ann")

    message = centre.refusal(
        "POST", f"/Workers/{ann}", ActivitySid=centre.available, RejectPendingReservations="true"
    )

    assert "RejectPendingReservations" in message


def test_deleting_a_worker_cancels_what_they_hold(centre: TaskCentre) -> None:
    """Offers are canceled and made to others; an accepted task stays assigned until completed."""
    ann = centre.worker("Ann", capacity=2)
    accepted = centre.task()
    centre.change(centre.reservation(accepted), ReservationStatus="accepted")
    offer = centre.task()
    centre.remove(f"/Workers/{ann}")
    centre.worker("Bob")

    assert centre.status(accepted) == "assigned"
    found = [item["reservation_status"] for item in centre.reservations(accepted)]
    assert found == ["canceled"]
    (first, second) = centre.reservations(offer)
    assert (first["reservation_status"], first["worker_name"]) == ("canceled", None)
    assert (second["reservation_status"], second["worker_name"]) == ("pending", "Bob")
    centre.change(f"/Tasks/{accepted}", AssignmentStatus="completed", Reason="done")


def test_a_queue_with_waiting_tasks_is_kept(centre: TaskCentre) -> None:
    """Deleting it is refused while tasks wait in it, even once no workflow names it."""
    queue = centre.make("TaskQueues", FriendlyName="Q", TargetWorkers="1==2")["sid"]
    task = centre.task(TaskQueueSid=queue)

    message = centre.refusal("DELETE", f"/TaskQueues/{queue}")
    assert task in message
    centre.change(f"/Tasks/{task}", AssignmentStatus="canceled")

    centre.remove(f"/TaskQueues/{queue}")


def test_a_workflow_with_waiting_tasks_is_kept(centre: TaskCentre) -> None:
    """Deleting it is refused while tasks wait in it; assigned ones do not count."""
    task = centre.task()
    assert task in centre.refusal("DELETE", f"/Workflows/{centre.workflow}")
    centre.worker("Ann")
    centre.change(centre.reservation(task), ReservationStatus="accepted")

    centre.remove(f"/Workflows/{centre.workflow}")

    centre.change(f"/Tasks/{task}", AssignmentStatus="completed")
    assert centre.status(task) == "completed"


def test_versions_count_what_happens_to_a_task(centre: TaskCentre) -> None:
    """A task begins at 0 and counts reserving, accepting, wrapping and completing."""
    made = centre.send("POST", "/Tasks", data={"WorkflowSid": centre.workflow})
    task = f"/Tasks/{made.json()['sid']}"
    assert made.headers["ETag"] == '"0"'
    counted = [version(centre, task)]
    centre.worker("Ann")
    counted.append(version(centre, task))
    reservation = centre.reservation(made.json()["sid"])
    for status in ("accepted", "wrapping", "completed"):
        centre.change(reservation, ReservationStatus=status)
        counted.append(version(centre, task))

    assert counted == [0, 1, 2, 3, 4]
    assert version(centre, reservation) == 3


def test_versions_count_what_happens_to_a_worker(centre: TaskCentre) -> None:
    """Reservations made and completed and changed capacities count; rejections do not."""
    worker = centre.worker("Ann")
    path = f"/Workers/{worker}"
    assert version(centre, path) == 0
    rejected = centre.task()
    assert version(centre, path) == 1
    centre.worker("Bob")
    away = centre.change(centre.reservation(rejected), ReservationStatus="rejected")
    assert away["worker_name"] == "Ann"
    assert version(centre, path) == 1 + 1, "offered again, as two may be asked at once"
    offer = centre.reservations(rejected, WorkerSid=worker, ReservationStatus="pending")[0]
    base = f"/Tasks/{rejected}/Reservations/{offer['sid']}"
    centre.change(base, ReservationStatus="accepted")
    assert version(centre, path) == 2
    centre.change(base, ReservationStatus="completed")
    assert version(centre, path) == 3
    centre.change(f"{path}/Channels/default", Capacity=2)
    assert version(centre, path) == 4

    stale = centre.send("POST", path, data={"Attributes": "{}"}, headers={"If-Match": "3"})
    assert (stale.status_code, stale.json()["code"]) == (412, 20412)


def test_capacity_events_count_the_assigned_tasks(centre: TaskCentre) -> None:
    """worker.capacity.update says how many tasks are assigned on the channel."""
    worker = centre.worker("Ann")
    centre.change(centre.reservation(centre.task()), ReservationStatus="accepted")

    centre.change(f"/Workers/{worker}/Channels/default", Capacity=3)

    event = centre.get("/Events", EventType="worker.capacity.update")["events"][0]
    assert event["event_data"]["worker_channel_task_count"] == "1"
    assert event["event_data"]["worker_channel_previous_capacity"] == "1"


def test_deleting_a_task_frees_its_workers(centre: TaskCentre) -> None:
    """A deleted task's reservations are canceled first, and the next task is offered."""
    for name in ("Ann", "Bob"):
        centre.worker(name)
    first, second = centre.task(), centre.task()
    assert centre.status(second) == "pending"

    centre.remove(f"/Tasks/{first}")

    assert statuses(centre, second) == {"Ann": "pending", "Bob": "pending"}
    types = centre.event_types(TaskSid=first)
    assert types[-3:] == ["reservation.canceled", "reservation.canceled", "task.deleted"]


def test_a_deleted_workspace_takes_tasks_and_timers_along(emulator: RunningEmulator) -> None:
    """Nothing of a deleted workspace falls due later."""
    with task_centre(emulator) as centre:
        centre.worker("Ann")
        tasks = [centre.task() for _ in range(2)]
    emulator.advance(90_000)

    assert all(centre.send("GET", f"/Tasks/{task}").status_code == 404 for task in tasks)
    assert emulator.status()["version"]


def test_the_numbers_of_a_configuration_are_checked(centre: TaskCentre) -> None:
    """Truth values and digits of other scripts are no timeouts."""
    for wrong in (True, "\u0663", "1e3", ""):
        target = {"queue": centre.queue, "timeout": wrong}
        filters = [{"expression": "1==1", "targets": [target]}]
        configuration = json.dumps({"task_routing": {"filters": filters}})

        message = centre.refusal(
            "POST", f"/Workflows/{centre.workflow}", Configuration=configuration
        )

        assert "timeout must be a number" in message


def test_multitasking_lets_busy_workers_be_offered_what_waits(emulator: RunningEmulator) -> None:
    """Where it is turned on, who has one task is free for another on a second channel at once."""
    data = {"FriendlyName": "Old", "MultiTaskEnabled": "false"}
    old = TaskCentre(emulator, emulator.request("POST", TASKROUTER, data=data).json()["sid"])
    old.build()
    old.worker("Ann")
    first, second = old.task(TaskChannel="chat"), old.task(TaskChannel="voice")
    assert (old.status(first), old.status(second)) == ("reserved", "pending")

    old.change("", MultiTaskEnabled="true")

    assert old.status(second) == "reserved"
    old.remove("")


@pytest.mark.parametrize(
    ("kind", "change", "is_looked_at"),
    [
        (TaskQueue, {"friendly_name": "Renamed", "max_reserved_workers": 5}, False),
        (TaskQueue, {"target_workers": "1 == 1"}, True),
        (Workflow, {"friendly_name": "Renamed", "task_reservation_timeout": 5}, False),
        (Workflow, {"configuration": '{"task_routing": {}}'}, True),
    ],
)
def test_waiting_tasks_are_looked_at_again_only_where_that_can_matter(
    monkeypatch: pytest.MonkeyPatch,
    kind: type[TaskQueue | Workflow],
    change: dict[str, object],
    is_looked_at: bool,
) -> None:
    """A new name makes nobody look for workers: for thousands of tasks that takes minutes."""
    looks = list[Need]()

    def noting(emulator: Emulator, task: Task, need: Need) -> list[Worker]:
        looks.append(need)
        return choose(emulator, task, need)

    monkeypatch.setattr(router, "choose", noting)
    emulator = Emulator(Settings(sample=True, workers=0))
    store = emulator.store
    with store.transaction():
        task = routing.create_task(
            emulator,
            next(iter(store[Workspace])),
            workflow=next(iter(store[Workflow])),
            attributes="{}",
            priority=None,
            timeout=60,
            task_channel=next(iter(store[TaskChannel])),
            virtual_start_time=None,
            routing_target=None,
            ignore_capacity=False,
            task_queue=None,
        )
    assert looks
    looks.clear()
    sid = task.task_queue_sid if kind is TaskQueue else task.workflow_sid
    with store.transaction():
        store.change(next(item for item in store[kind] if item.sid == sid), **change)
        routing.look_again(emulator)

    assert bool(looks) == is_looked_at
