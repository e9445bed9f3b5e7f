"""Whom a workflow's target lets in: expressions, order, skipping, known workers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from twilio_emulator.testing import RunningEmulator, start_emulator

from .routing_paths import all_tasks, flow, offered, queue, queue_of, route
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


def test_a_targets_expression_reads_task_and_worker(centre: TaskCentre) -> None:
    """Attributes, the worker's own fields and the load of their channels can be asked about."""
    away = centre.worker("Ann", languages=["de"])
    here = centre.worker("Bob", languages=["de", "fr"])
    busy = "worker.channel.default.available_capacity_percentage > 50"
    for expression, name in (
        ("task.language IN worker.languages", "Bob"),
        ("worker.friendly_name == 'Ann'", "Ann"),
        (f"worker.sid == '{here}'", "Bob"),
        ("worker.activity_name == 'Available' AND worker.languages HAS 'fr'", "Bob"),
        (f"{busy} AND worker.sid != '{away}'", "Bob"),
        ("worker.channel.default.configured_capacity == 1 AND worker.sid IN task.wanted", "Ann"),
    ):
        route(centre, all_tasks({"queue": centre.queue, "expression": expression}))
        task = centre.task({"language": "fr", "wanted": [away]})
        assert offered(centre, task) == [name], expression
        centre.remove(f"/Tasks/{task}")


def test_order_by_sorts_workers_by_whole_numbers(centre: TaskCentre) -> None:
    """Higher levels first, ties by the next clause, workers without a number last."""
    crowd = queue(centre, "Crowd", MaxReservedWorkers=6)
    order = "worker.level DESC, worker.cost ASC"
    route(centre, all_tasks({"queue": crowd, "order_by": order}))
    centre.worker("none")
    centre.worker("text", level="9")
    centre.worker("flag", level=True)
    centre.worker("low", level=1, cost=1)
    centre.worker("dear", level=5, cost=8)
    centre.worker("cheap", level=5, cost=2)

    assert offered(centre, centre.task()) == ["cheap", "dear", "low", "none", "text", "flag"]


def test_without_order_by_the_longest_idle_is_first(centre: TaskCentre) -> None:
    """Who was offered a task last waits longest for the next one."""
    for name in ("Ann", "Bob", "Cid"):
        centre.worker(name)
        centre.emulator.advance(1)
    turns = []
    for _ in range(6):
        task = centre.task()
        turns += offered(centre, task)
        centre.remove(f"/Tasks/{task}")
        centre.emulator.advance(1)

    assert turns == ["Ann", "Bob", "Cid"] * 2


def test_skip_if_counts_who_is_there_by_activity(centre: TaskCentre) -> None:
    """A step is skipped when nobody can be reserved at once and its condition holds."""
    unavailable = centre.activity("Unavailable")
    experts = queue(centre, "Experts", TargetWorkers="expert == 1")
    last = queue(centre, "Last", TargetWorkers="1==2")
    route(
        centre,
        all_tasks(
            {"queue": experts, "skip_if": f"workers.available == 0 AND workers.{unavailable} == 1"},
            {"queue": last},
        ),
    )
    expert = centre.worker("Ann", expert=1)
    busy = centre.task()
    assert queue_of(centre, busy) == experts
    assert queue_of(centre, centre.task()) == experts, "she is busy, and available all the same"

    centre.change(f"/Workers/{expert}", ActivitySid=unavailable)
    skipped = centre.task()

    assert queue_of(centre, skipped) == last
    assert centre.status(busy) == "reserved"
    types = centre.event_types(TaskSid=skipped)
    assert types[2:] == [
        "workflow.target-matched",
        "task-queue.entered",
        "workflow.target-matched",
        "task-queue.moved",
        "task-queue.entered",
    ]


@pytest.mark.parametrize("has_default", [True, False])
def test_skipping_out_of_the_last_step(centre: TaskCentre, has_default: bool) -> None:
    """A skipped filter is followed by the default queue; without one the task is canceled."""
    empty = queue(centre, "Empty", TargetWorkers="1==2")
    route(
        centre,
        all_tasks({"queue": empty, "skip_if": "1 == 1"}),
        default=centre.queue if has_default else None,
    )

    task = centre.task()

    if has_default:
        assert (centre.status(task), queue_of(centre, task)) == ("pending", centre.queue)
    else:
        assert centre.status(task) == "canceled"
        assert centre.event_types(TaskSid=task)[-2:] == ["workflow.skipped", "task.canceled"]


@pytest.mark.parametrize("by", ["sid", "friendly_name"])
def test_a_known_worker_is_the_only_one_asked(centre: TaskCentre, by: str) -> None:
    """The task waits for the worker it names until the target times out, then for anybody."""
    known = {"queue": centre.queue, f"known_worker_{by}": "task.agent", "timeout": 30}
    route(centre, all_tasks(known, {"queue": centre.queue}))
    ann = centre.worker("Ann")
    centre.worker("Bob")
    agent = ann if by == "sid" else "ann"

    assert offered(centre, centre.task({"agent": agent})) == ["Ann"]
    second = centre.task({"agent": agent})
    assert centre.status(second) == "pending", "Bob is free, and was not asked for"
    centre.emulator.advance(30)

    assert offered(centre, second) == ["Bob"]


def test_a_known_worker_outside_the_queue_or_unknown_leaves_the_task_waiting(
    centre: TaskCentre,
) -> None:
    """A worker who is not in the queue, is nobody, or is not named at all gets nothing."""
    vips = queue(centre, "VIPs", TargetWorkers="vip == 1")
    route(centre, all_tasks({"queue": vips, "known_worker_sid": "task.agent"}))
    outsider = centre.worker("Ann", vip=0)
    centre.worker("Bob", vip=1)

    tasks = [centre.task({"agent": agent}) for agent in (outsider, "WK" + "0" * 32, None, 7)]
    assert {centre.status(task) for task in tasks} == {"pending"}

    centre.change(f"/Workers/{outsider}", Attributes='{"vip":1}')
    assert offered(centre, tasks[0]) == ["Ann"]


@pytest.mark.parametrize(
    ("reference", "names"),
    [
        ("task.agents[1]", ["Ann"]),
        (" agent.name ", ["Ann"]),
        ("task.agent-name", None),
        ("'Ann'", None),
        (7, None),
    ],
)
def test_a_known_worker_is_read_as_a_reference(
    centre: TaskCentre, reference: object, names: list[str] | None
) -> None:
    """Indexes and nesting are followed; what is no reference names nobody, not anybody."""
    for name in ("Bob", "Ann"):
        centre.worker(name)
    route(centre, all_tasks({"queue": centre.queue, "known_worker_friendly_name": reference}))
    task = centre.task({"agents": ["Bob", "Ann"], "agent": {"name": "Ann"}})

    assert (offered(centre, task) if names else None) == names
    assert centre.status(task) == ("reserved" if names else "pending")


def test_both_kinds_of_known_worker_are_refused(centre: TaskCentre) -> None:
    """A target names its worker by SID or by name, not both."""
    both = {"known_worker_sid": "task.a", "known_worker_friendly_name": "task.b"}

    message = centre.refusal(
        "POST",
        f"/Workflows/{centre.workflow}",
        Configuration=flow(all_tasks({"queue": centre.queue, **both})),
    )

    assert "known workers" in message


def test_changed_attributes_may_let_a_waiting_task_fit(centre: TaskCentre) -> None:
    """An update of a task is looked at with its target's expression, and raises task.updated."""
    route(centre, all_tasks({"queue": centre.queue, "expression": "worker.team == task.team"}))
    centre.worker("Ann", team="north")
    task = centre.task({"team": "south"})
    assert centre.status(task) == "pending"

    centre.change(f"/Tasks/{task}", Attributes='{"team":"north"}')

    assert offered(centre, task) == ["Ann"]
    assert centre.event_types(TaskSid=task)[-2:] == ["task.updated", "reservation.created"]


def test_a_blank_expression_fits_nobody_and_harms_no_other_task(centre: TaskCentre) -> None:
    """A target whose expression is white space holds its tasks; routing goes on beside it."""
    centre.worker("Ann")
    route(centre, all_tasks({"queue": centre.queue, "expression": " "}))
    waiting = centre.task()
    route(centre, all_tasks({"queue": centre.queue}))

    assert offered(centre, waiting) == ["Ann"]
