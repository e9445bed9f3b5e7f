"""A task's way through its workflow: filters, timeouts, priorities, changes on the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from twilio_emulator.testing import RunningEmulator, start_emulator

from .routing_paths import all_tasks, offered, queue, queue_of, route
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


def test_the_first_filter_that_fits_takes_a_task(centre: TaskCentre) -> None:
    """Filters are tried in order; what none fits goes to the default queue."""
    support, sales = queue(centre, "Support"), queue(centre, "Sales")
    route(
        centre,
        {"expression": "kind == 'support'", "targets": [{"queue": support}]},
        {"expression": "kind IN ['support', 'sales']", "targets": [{"queue": sales}]},
        default=centre.queue,
    )

    tasks = {kind: centre.task({"kind": kind}) for kind in ("support", "sales", "other")}

    assert queue_of(centre, tasks["support"]) == support
    assert queue_of(centre, tasks["sales"]) == sales
    assert queue_of(centre, tasks["other"]) == centre.queue


def test_a_task_no_filter_fits_is_canceled_without_a_default(centre: TaskCentre) -> None:
    """A task is created pending and canceled at once where nothing takes it."""
    route(centre, {"expression": "kind == 'x'", "targets": [{"queue": centre.queue}]})

    task = centre.get(f"/Tasks/{centre.task()}")

    assert task["assignment_status"] == "canceled"
    assert task["reason"] == "No filter of the workflow matched"
    assert task["task_queue_sid"] is None


def test_target_timeouts_count_from_the_tasks_age(centre: TaskCentre) -> None:
    """The second of two targets of 10 s ends 20 s after the task began, as ints or as text."""
    first, second = queue(centre, "First"), queue(centre, "Second")
    route(centre, all_tasks({"queue": first, "timeout": 10}, {"queue": second, "timeout": "10"}))
    task = centre.task()

    centre.emulator.advance(9)
    assert queue_of(centre, task) == first
    centre.emulator.advance(1)
    assert queue_of(centre, task) == second
    centre.emulator.advance(9)
    assert centre.status(task) == "pending"
    centre.emulator.advance(1)

    assert centre.get(f"/Tasks/{task}")["assignment_status"] == "canceled"
    assert centre.event_types(TaskSid=task) == [
        "task.created",
        "workflow.entered",
        "workflow.target-matched",
        "task-queue.entered",
        "task-queue.timeout",
        "workflow.target-matched",
        "task-queue.moved",
        "task-queue.entered",
        "task-queue.timeout",
        "workflow.timeout",
        "task.canceled",
    ]


def test_time_reserved_eats_the_time_of_later_targets(centre: TaskCentre) -> None:
    """A task stays with its reservation beyond the target's time and then moves on at once."""
    first, second = queue(centre, "First", TargetWorkers="1==1"), queue(centre, "Second")
    route(
        centre,
        all_tasks({"queue": first, "timeout": 10}, {"queue": second, "timeout": 20}),
        TaskReservationTimeout=12,
    )
    centre.worker("Ann")
    task = centre.task()

    centre.emulator.advance(11)
    assert (centre.status(task), queue_of(centre, task)) == ("reserved", first)
    centre.emulator.advance(1)
    assert (centre.status(task), queue_of(centre, task)) == ("pending", second)
    centre.emulator.advance(18)

    assert centre.status(task) == "canceled"


def test_after_a_timeout_a_later_filter_may_fit_but_never_the_default(centre: TaskCentre) -> None:
    """A task that timed out of one filter goes to the next that fits, and is canceled after it."""
    first, second, never = (queue(centre, name) for name in ("First", "Second", "Never"))
    route(
        centre,
        all_tasks({"queue": first, "timeout": 5}),
        {"expression": "kind == 'never'", "targets": [{"queue": never}]},
        all_tasks({"queue": second, "timeout": 5}),
        default=centre.queue,
    )
    task = centre.task()

    centre.emulator.advance(5)
    assert queue_of(centre, task) == second
    centre.emulator.advance(5)
    assert centre.status(task) == "canceled"


def test_a_target_without_a_queue_keeps_that_of_the_one_before(centre: TaskCentre) -> None:
    """The queue is inherited, its entered date stays, and expressions apply only where written."""
    route(
        centre,
        all_tasks(
            {"queue": centre.queue, "timeout": 10, "expression": "worker.level > task.level"}, {}
        ),
    )
    centre.worker("Junior", level=1)
    task = centre.task({"level": 1})
    entered = centre.get(f"/Tasks/{task}")["task_queue_entered_date"]
    assert centre.status(task) == "pending"

    centre.emulator.advance(10)

    assert offered(centre, task) == ["Junior"]
    assert centre.get(f"/Tasks/{task}")["task_queue_entered_date"] == entered


def test_a_targets_priority_overrides_the_tasks(centre: TaskCentre) -> None:
    """Where a target has a priority it counts; elsewhere the task's own does."""
    route(
        centre,
        all_tasks(
            {"queue": centre.queue, "priority": "7", "timeout": 10},
            {"queue": centre.queue, "timeout": 10},
        ),
    )
    task = centre.task(Priority=3)
    assert centre.get(f"/Tasks/{task}")["priority"] == 7
    assert centre.change(f"/Tasks/{task}", Priority=4)["priority"] == 7

    centre.emulator.advance(10)

    assert centre.get(f"/Tasks/{task}")["priority"] == 4


def test_waiting_tasks_follow_a_changed_workflow_only_when_told(centre: TaskCentre) -> None:
    """ReEvaluateTasks takes waiting tasks through the new filters; without it they stay."""
    other = queue(centre, "Other")
    task = centre.task()

    route(centre, all_tasks({"queue": other, "timeout": 10}))
    assert queue_of(centre, task) == centre.queue
    centre.emulator.advance(60)
    route(centre, all_tasks({"queue": other, "timeout": 10}), ReEvaluateTasks=True)
    assert queue_of(centre, task) == other, "its time begins anew"
    centre.emulator.advance(10)

    assert centre.status(task) == "canceled"


def test_a_task_whose_target_is_no_more_begins_again(centre: TaskCentre) -> None:
    """Removing the target a task waits at takes it through the workflow from its start."""
    first, second = queue(centre, "First"), queue(centre, "Second")
    route(centre, all_tasks({"queue": first, "timeout": 10}, {"queue": second}))
    task = centre.task()
    centre.emulator.advance(10)
    assert queue_of(centre, task) == second

    route(centre, all_tasks({"queue": first}))

    assert queue_of(centre, task) == first


def test_a_task_can_be_sent_past_the_workflow(centre: TaskCentre) -> None:
    """RoutingTarget names a worker, a queue or a workflow, TaskQueueSid a queue."""
    other = queue(centre, "Other", TargetWorkers="1==2")
    ann = centre.worker("Ann")
    away = centre.worker("Bob")
    centre.change(f"/Workers/{away}", ActivitySid=centre.activity("Offline"))

    assert queue_of(centre, centre.task(RoutingTarget=other)) == other
    assert queue_of(centre, centre.task(TaskQueueSid=other)) == other
    direct = centre.task(RoutingTarget=centre.workflow)
    assert offered(centre, direct) == ["Ann"]
    assert centre.get(f"/Tasks/{direct}")["ignore_capacity"] is False
    full = centre.task(RoutingTarget=ann, IgnoreCapacity="false")
    assert centre.status(full) == "pending", "Ann has her one task"
    over = centre.task(RoutingTarget=ann)
    assert offered(centre, over) == ["Ann"]
    assert centre.get(f"/Tasks/{over}")["task_queue_sid"] is None
    assert offered(centre, centre.task(RoutingTarget=away)) == ["Bob"], "availability is ignored"

    for task in (direct, over):
        centre.remove(f"/Tasks/{task}")
    assert offered(centre, full) == ["Ann"]
