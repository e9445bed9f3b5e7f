"""Events about tasks: which arise, in which order, with which fields, and how they are found."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from twilio_emulator.taskrouter.events.types import EVENT_TYPES
from twilio_emulator.testing import RunningEmulator

from .receiver import Receiver, receiving
from .task_centre import TaskCentre, task_centre
from .test_event_callbacks import COMMON, WORKER

NOT_EMULATED = {
    "reservation.failed",
    "task.transfer-initiated",
    "task.transfer-attempt-failed",
    "task.transfer-failed",
    "task.transfer-canceled",
    "task.transfer-completed",
}
ABOUT_TASKS = {
    name
    for name in EVENT_TYPES
    if name.startswith(("task.", "reservation."))
    or name
    in {
        "task-queue.entered",
        "task-queue.moved",
        "task-queue.timeout",
        "workflow.entered",
        "workflow.target-matched",
        "workflow.timeout",
        "workflow.skipped",
    }
}
TASK = {
    "TaskSid",
    "TaskVersion",
    "TaskAttributes",
    "TaskAge",
    "TaskPriority",
    "TaskAssignmentStatus",
    "TaskDateCreated",
    "TaskVirtualStartTime",
    "TaskIgnoreCapacity",
    "TaskChannelSid",
    "TaskChannelUniqueName",
    "WorkflowSid",
    "WorkflowName",
}
QUEUE = {"TaskQueueSid", "TaskQueueName", "TaskQueueTargetExpression"}
IN_QUEUE = TASK | QUEUE | {"TaskQueueEnteredDate"}
RESERVATION = IN_QUEUE | WORKER | {"ReservationSid", "ReservationVersion"}
NUMBERS = (
    "TaskVersion",
    "TaskAge",
    "TaskPriority",
    "TaskDateCreated",
    "TaskVirtualStartTime",
    "TaskQueueEnteredDate",
    "ReservationVersion",
    "WorkerVersion",
)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Run a receiver for one test."""
    with receiving() as made:
        yield made


@pytest.fixture
def centre(emulator: RunningEmulator) -> Iterator[TaskCentre]:
    """A centre whose queue offers a task to two workers at a time."""
    with task_centre(emulator, max_reserved_workers=2, TaskReservationTimeout=30) as made:
        yield made


def _two_steps(centre: TaskCentre, second: str) -> str:
    """Make a workflow: what is urgent waits 10 s in one queue and 10 s in another."""
    first = centre.make("TaskQueues", FriendlyName="First", TargetWorkers="nobody == 1")["sid"]
    targets: list[dict[str, Any]] = [
        {"queue": first, "timeout": 10},
        {"queue": second, "timeout": 10},
    ]
    skipping = [{"queue": first, "skip_if": "workers.available == 0"}]
    configuration = {
        "task_routing": {
            "filters": [
                {
                    "filter_friendly_name": "Urgent",
                    "expression": "urgent == 1",
                    "targets": targets,
                },
                {"expression": "urgent == 2", "targets": skipping},
            ]
        }
    }
    made = centre.make("Workflows", FriendlyName="Steps", Configuration=json.dumps(configuration))
    return str(made["sid"])


def _cause_everything(centre: TaskCentre) -> None:
    """Bring tasks through everything that can become of them."""
    other = centre.make("TaskQueues", FriendlyName="Other", TargetWorkers="nobody == 1")["sid"]
    steps = _two_steps(centre, other)
    alice, bob = centre.worker("Alice", capacity=9), centre.worker("Bob", capacity=9)
    finished = centre.task({"path": "a/b"})
    offers = {item["worker_sid"]: item["url"] for item in centre.reservations(finished)}
    accepted = offers[alice].removeprefix(centre.url)
    centre.change(accepted, ReservationStatus="accepted")
    centre.change(f"/Tasks/{finished}", Attributes='{"path":"c/d"}')
    centre.change(accepted, ReservationStatus="wrapping")
    centre.change(accepted, ReservationStatus="completed")
    canceled = centre.task()
    centre.change(f"/Tasks/{canceled}", AssignmentStatus="canceled", Reason="hangup")
    forgotten = centre.task()
    for offer in centre.reservations(forgotten, WorkerSid=bob):
        centre.change(offer["url"].removeprefix(centre.url), ReservationStatus="rejected")
    centre.emulator.advance(31)
    assert centre.get(f"/Workers/{alice}")["available"] is False
    centre.change(f"/Workers/{alice}", ActivitySid=centre.available)
    for offer in centre.reservations(forgotten, ReservationStatus="pending"):
        centre.change(offer["url"].removeprefix(centre.url), ReservationStatus="accepted")
    centre.remove(f"/Tasks/{centre.task()}")
    for urgent in (1, 2):
        text = json.dumps({"urgent": urgent})
        centre.make("Tasks", WorkflowSid=steps, Attributes=text)
    centre.emulator.advance(25)
    centre.emulator.advance(86_401)


def test_every_event_about_tasks_has_its_fields(centre: TaskCentre, receiver: Receiver) -> None:
    """All types that can arise do, each with the fields of its group and readable values."""
    centre.change("", EventCallbackUrl=receiver.url)
    _cause_everything(centre)
    receiver.wait(*sorted(ABOUT_TASKS - NOT_EMULATED))

    assert not NOT_EMULATED & set(receiver.types())
    for event in receiver.events:
        kind = event["EventType"]
        if kind not in ABOUT_TASKS:
            continue
        reasons = {name for name in event if name.endswith("Reason")}
        assert set(event) - COMMON - reasons - _extra(kind) == _fields(event), kind
        assert event["ResourceType"] == ("reservation" if "ReservationSid" in event else "task")
        assert all(event[name].isdecimal() for name in NUMBERS if name in event), event
        json.loads(event["TaskAttributes"])
    matched = [event for event in receiver.events if event["EventType"] == "workflow.timeout"]
    assert [event["WorkflowFilterName"] for event in matched] == ["Urgent"]


def _fields(event: dict[str, str]) -> set[str]:
    kind = event["EventType"]
    if kind.startswith("reservation."):
        return RESERVATION
    if kind.startswith("task-queue."):
        return IN_QUEUE
    return IN_QUEUE if event.get("TaskQueueSid") and kind != "task.created" else TASK


def _extra(kind: str) -> set[str]:
    return {"WorkflowFilterName"} if kind.startswith("workflow.") else set()


def test_the_story_of_a_task_is_told_in_order(centre: TaskCentre) -> None:
    """The Events list of one task has everything from its creation to its end, in order."""
    centre.worker("w")
    task = centre.task()
    path = centre.reservation(task)
    centre.change(path, ReservationStatus="accepted")
    centre.change(f"/Tasks/{task}", AssignmentStatus="completed", Reason="resolved")
    told = centre.event_types(TaskSid=task)

    assert sorted(told[:4]) == [
        "task-queue.entered",
        "task.created",
        "workflow.entered",
        "workflow.target-matched",
    ]
    assert told[4:6] == ["reservation.created", "reservation.accepted"]
    assert sorted(told[6:]) == ["reservation.completed", "task.completed"]


def test_reasons_are_told(centre: TaskCentre) -> None:
    """task.canceled and task.completed carry the reason they were given."""
    canceled = centre.task()
    centre.change(f"/Tasks/{canceled}", AssignmentStatus="canceled", Reason="hangup")
    centre.worker("w")
    completed = centre.task()
    centre.change(centre.reservation(completed), ReservationStatus="accepted")
    centre.change(f"/Tasks/{completed}", AssignmentStatus="completed", Reason="resolved")
    told = {
        kind: centre.get("/Events", EventType=kind)["events"][0]["event_data"]
        for kind in ("task.canceled", "task.completed")
    }

    assert told["task.canceled"]["task_canceled_reason"] == "hangup"
    assert told["task.completed"]["task_completed_reason"] == "resolved"


def test_events_are_found_by_what_they_are_about(centre: TaskCentre) -> None:
    """Each filter of the Events list finds the events about its resource and no others."""
    worker = centre.worker("w")
    task, other = centre.task(TaskChannel="chat"), centre.task(TaskChannel="voice")
    (offer,) = centre.reservations(task)

    def found(**filters: Any) -> list[dict[str, Any]]:
        return list(centre.get("/Events", PageSize=1000, **filters)["events"])

    for name, sid in (
        ("TaskSid", task),
        ("WorkerSid", worker),
        ("ReservationSid", offer["sid"]),
        ("TaskQueueSid", centre.queue),
        ("WorkflowSid", centre.workflow),
    ):
        field = {"TaskSid": "task_sid", "TaskQueueSid": "task_queue_sid"}.get(
            name, name.removesuffix("Sid").lower() + "_sid"
        )
        events = found(**{name: sid})
        assert events
        assert {event["event_data"][field] for event in events} == {sid}
        assert all(event in events for event in found() if event["event_data"].get(field) == sid)
    assert {event["event_data"]["task_sid"] for event in found(TaskChannel="voice")} == {other}
    both = found(TaskSid=task, EventType="reservation.created")
    assert [event["resource_sid"] for event in both] == [offer["sid"]]
    assert both[0]["resource_url"] == offer["url"]
    assert found(Sid=both[0]["sid"]) == both
    assert found(TaskSid="WT" + "0" * 32) == []


def test_events_are_found_by_when_they_happened(centre: TaskCentre) -> None:
    """StartDate, EndDate and Minutes choose a stretch of time, newest events first."""
    first = centre.task()
    before = centre.get(f"/Tasks/{first}")["date_created"]
    centre.emulator.advance(3600)
    second = centre.task()
    after = centre.get(f"/Tasks/{second}")["date_created"]

    def told(**window: Any) -> list[str]:
        events = centre.get("/Events", EventType="task.created", PageSize=1000, **window)["events"]
        return [event["resource_sid"] for event in events]

    assert told() == [second]
    assert told(Minutes=61) == [second, first]
    assert told(StartDate=before) == [second, first]
    assert told(StartDate=before, EndDate=after) == [first]
    assert told(EndDate=after, Minutes=60) in ([], [first])
    assert told(StartDate="2999-01-01T00:00:00Z") == []
    assert told(EndDate="0001-01-01T00:00:00Z", Minutes=1_000_000) == []


@pytest.mark.parametrize(
    "filters",
    [{"TaskSid": "WTxxx"}, {"Minutes": "0"}, {"StartDate": "yesterday"}, {"Colour": "red"}],
)
def test_a_wrong_filter_of_events_is_refused(centre: TaskCentre, filters: dict[str, str]) -> None:
    """A malformed SID, number or date is answered 400/20001 by name."""
    answer = centre.send("GET", "/Events", params=filters)

    assert (answer.status_code, answer.json()["code"]) == (400, 20001)
    assert next(iter(filters)) in answer.json()["message"]


def test_events_page_like_other_lists(centre: TaskCentre) -> None:
    """Pages of events follow each other, newest first, while new ones arrive."""
    made = [centre.task() for _ in range(5)]
    first = centre.get("/Events", EventType="task.created", PageSize=2)
    centre.task()
    second = centre.emulator.request("GET", first["meta"]["next_page_url"]).json()

    assert [event["resource_sid"] for event in first["events"]] == made[:2:-1]
    assert [event["resource_sid"] for event in second["events"]] == made[2:0:-1]


def test_a_multi_reservation_calls_once_per_worker(centre: TaskCentre, receiver: Receiver) -> None:
    """Two offers of one task are two reservation.created callbacks, one event each."""
    together = threading.Barrier(2, timeout=10)
    receiver.before_answer = lambda: together.wait()
    centre.change("", EventCallbackUrl=receiver.url, EventsFilter="reservation.created")
    workers = {centre.worker(name) for name in ("a", "b")}
    task = centre.task()
    events = receiver.wait_for_count(2)

    assert {event["WorkerSid"] for event in events} == workers
    assert {event["TaskSid"] for event in events} == {task}
    assert len({event["Sid"] for event in events}) == 2
    assert not together.broken
