"""Whole runs: the listing, the cap, interruption, outages, and the report's sums."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from benchmarks.bench_stuck_tasks_floor import sid
from taskrouter_ops.errors import SetupError
from taskrouter_ops.stuck_tasks import (
    Filters,
    Options,
    Outcome,
    Reason,
    Unwatched,
    clean,
    rules_from,
)
from taskrouter_ops.stuck_tasks.in_parallel import MOST_FAILURES_IN_A_ROW, Brake, in_parallel
from taskrouter_ops.stuck_tasks.report import TaskReport
from tests.ops.stuck_tasks.conftest import CALL, Centre, outcome
from twilio_client import NotFound, ServerFault, TwilioError


class Counting(Unwatched):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int, int | None]] = []
        self.items: list[TaskReport] = []

    def progress(self, stage: str, done: int, total: int | None) -> None:
        """Keep it."""
        self.told.append((stage, done, total))

    def closed(self, item: TaskReport) -> None:
        """Keep it."""
        self.items.append(item)


def many(centre: Centre, count: int, **entry: Any) -> None:
    """Make many stuck tasks that share a call."""
    made = {"channel": "voice", "queue": "Waiting", "attributes": {"call_sid": CALL}, "age": 7200}
    centre.emulator.seed({"tasks": [{"count": count, **made, **entry}]})


@pytest.mark.parametrize("skip", [0, 1, 2])
@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"drop": True}, {"status": 400}, {"status": 200, "body": {}}]
)
def test_nothing_is_closed_on_a_partial_list(
    centre: Centre, skip: int, fault: dict[str, Any]
) -> None:
    """Whichever page fails for good, the run ends before anything is looked up or closed."""
    centre.call()
    many(centre, 5)
    centre.task(state="assigned")
    centre.emulator.clear_journal()

    with (
        centre.emulator.fault(method="GET", path="/Tasks$", skip=skip, **fault),
        pytest.raises(TwilioError) as caught,
    ):
        centre.clean()

    assert "list the" in str(caught.value)
    assert centre.workspace_sid in str(caught.value)
    assert centre.written() == []
    assert centre.emulator.journal(path="/Calls/") == []


def test_attributes_that_a_list_leaves_out_are_read_one_by_one(centre: Centre) -> None:
    """Twilio's pages say lists carry null for attributes."""
    centre.call()
    task, chat = centre.task(), centre.task(channel="chat")
    bodies = [{**body, "attributes": None} for body in centre.tasks().values()]
    page = {"tasks": bodies, "meta": {"key": "tasks", "next_page_url": None}}
    empty = {"tasks": [], "meta": {"key": "tasks", "next_page_url": None}}
    centre.emulator.clear_journal()

    with (
        centre.emulator.fault(method="GET", path="/Tasks$", status=200, body=page, count=1),
        centre.emulator.fault(method="GET", path="/Tasks$", status=200, body=empty),
    ):
        report = centre.clean()

    assert outcome(report, task) == "canceled"
    assert outcome(report, chat) == Reason.NOT_VOICE
    assert centre.emulator.journal(path=chat) == []


def test_one_task_that_cannot_be_read_is_no_end_of_the_run(centre: Centre) -> None:
    """Where lists leave attributes out: an error, a task that is gone, and the others closed."""
    centre.call()
    good, bad, gone = (centre.task() for _ in range(3))
    bodies = [{**body, "attributes": None} for body in centre.tasks().values()]
    page = {"tasks": bodies, "meta": {"key": "tasks", "next_page_url": None}}
    centre.client.delete(centre.url("Tasks", gone))

    with (
        centre.emulator.fault(method="GET", path="/Tasks$", status=200, body=page, count=1),
        centre.emulator.fault(method="GET", path=bad, status=500),
    ):
        report = centre.clean()

    assert outcome(report, good) == "canceled"
    assert outcome(report, bad) == Outcome.ERROR
    assert outcome(report, gone) == Reason.GONE
    assert len(report.tasks) == report.processed == 3


def test_a_task_seen_twice_counts_as_it_was_seen_last(centre: Centre) -> None:
    """It moved from reserved to assigned while the lists were read."""
    centre.call()
    task = centre.task(state="reserved")
    was = {"tasks": list(centre.tasks().values()), "meta": {"key": "tasks", "next_page_url": None}}
    centre.answer(task)

    with centre.emulator.fault(method="GET", path="/Tasks$", status=200, body=was, count=1):
        report = centre.clean()

    assert len(report.tasks) == 1
    assert outcome(report, task) == "completed"


@pytest.mark.parametrize("by", ["sid", "name"])
def test_twilio_filters_by_workflow_and_queue(centre: Centre, by: str) -> None:
    """By SID or by name, in the same run."""
    centre.call()
    waiting, offered = centre.task(), centre.task(state="reserved")
    queue = centre.tasks()[waiting]
    workflow = next(iter(centre.client.list(centre.url("Workflows"))))
    filters = Filters(
        queue=queue["task_queue_sid" if by == "sid" else "task_queue_friendly_name"],
        workflow=workflow["sid" if by == "sid" else "friendly_name"],
    )
    centre.emulator.clear_journal()

    report = clean(centre.client, centre.workspace_sid, Options(filters, apply=True))

    assert [item.task.sid for item in report.tasks] == [waiting]
    assert centre.status(offered) == "reserved"
    suffix = "Sid" if by == "sid" else "Name"
    listed = centre.emulator.journal(path="/Tasks$")
    assert all(f"TaskQueue{suffix}" in entry["params"] for entry in listed)
    assert all(f"Workflow{suffix}" in entry["params"] for entry in listed)


@pytest.mark.parametrize(
    "filters",
    [Filters(queue="Nobody's"), Filters(workflow="None"), Filters(queue=sid("WQ", 5))],
    ids=["queue", "workflow", "sid"],
)
def test_a_queue_or_workflow_of_nobody_is_said(centre: Centre, filters: Filters) -> None:
    """An empty list because of a slip is not taken for a clean floor."""
    with pytest.raises(SetupError, match="there is no"):
        clean(centre.client, centre.workspace_sid, Options(filters))


def test_an_empty_floor_is_a_clean_run(centre: Centre) -> None:
    """Three lists, nothing else."""
    report = centre.clean()

    assert (report.tasks, report.ended, report.api_calls) == ([], "done", 3)


@pytest.mark.parametrize("apply", [True, False])
@pytest.mark.parametrize("max_close", [0, 1, 7, 20, 21])
def test_no_more_are_closed_than_the_cap(centre: Centre, max_close: int, apply: bool) -> None:
    """The oldest go first; the rest says why it stayed."""
    centre.call()
    many(centre, 10)
    many(centre, 10, age=9000)

    report = centre.clean(apply=apply, max_close=max_close)

    chosen = [item for item in report.tasks if item.skip is None]
    assert len(chosen) == min(20, max_close)
    old = sum(item.task.age is not None and item.task.age.seconds >= 9000 for item in chosen)
    assert old == min(10, max_close)
    assert report.skipped().get(Reason.CAP, 0) == 20 - len(chosen)
    closed = Counter(task["assignment_status"] for task in centre.tasks().values())["canceled"]
    assert closed == (len(chosen) if apply else 0)


def test_a_task_that_cannot_be_closed_takes_nobodys_place(centre: Centre) -> None:
    """Errors do not count towards the cap, so the same bad task never blocks the next ones."""
    centre.call()
    bad = centre.task(age=9000)
    good = [centre.task() for _ in range(3)]

    with centre.emulator.fault(method="POST", path=bad, status=500):
        report = centre.clean(max_close=2, concurrency=1)

    assert outcome(report, bad) == Outcome.ERROR
    assert Counter(outcome(report, task) for task in good) == {"canceled": 2, Reason.CAP: 1}


def test_a_task_that_may_be_closed_takes_its_place(centre: Centre) -> None:
    """A write whose answer was lost, with nobody to ask, counts towards the cap."""
    centre.call()
    lost = centre.task(age=9000)
    good = centre.task()

    with (
        centre.emulator.fault(method="POST", path=lost, drop=True, after=True, count=1),
        centre.emulator.fault(method="GET", path=lost, status=500, skip=1),
    ):
        report = centre.clean(max_close=1, concurrency=1)

    assert centre.status(lost) == "canceled"
    (item,) = report.errors
    assert str(item.error).startswith(f"cancel Task {lost}")
    assert outcome(report, good) == Reason.CAP


@pytest.mark.parametrize("stage", ["listing", "calls", "conferences", "closing"])
def test_an_interrupted_run_tells_the_truth(centre: Centre, stage: str) -> None:
    """Nothing new begins; what is reported closed is what is closed."""
    centre.call()
    over = sid("CF", 9)
    centre.emulator.seed({"conferences": [{"sid": over, "status": "completed"}]})
    many(centre, 40, attributes={"call_sid": CALL, "conference_sid": over})
    watcher = Counting()

    report = centre.clean(
        watcher=watcher,
        concurrency=3,
        is_interrupted=lambda: any(
            told[:2] >= (stage, 1) and told[0] == stage for told in watcher.told
        ),
    )

    assert report.ended == "interrupted"
    closed = {item.task.sid for item in report.tasks if item.outcome == Outcome.CANCELED}
    assert closed == {s for s, t in centre.tasks().items() if t["assignment_status"] == "canceled"}
    assert len(closed) == (0 if stage != "closing" else len(watcher.items))
    assert len(closed) <= 3
    assert report.processed + report.skipped()[Reason.INTERRUPTED] == len(report.tasks)


def test_an_outage_ends_the_run_early(centre: Centre) -> None:
    """After many failures in a row the rest is not even tried, and the report says so."""
    centre.call()
    many(centre, 60)

    with centre.emulator.fault(method="POST", path="/Tasks/WT", status=401):
        report = centre.clean(concurrency=1)

    assert report.ended == "outage"
    assert len(report.errors) == MOST_FAILURES_IN_A_ROW
    assert report.skipped()[Reason.OUTAGE] == 60 - MOST_FAILURES_IN_A_ROW
    assert len(centre.written()) == MOST_FAILURES_IN_A_ROW


def test_the_watcher_hears_of_every_step(centre: Centre) -> None:
    """Stage by stage, up to the total."""
    centre.call()
    many(centre, 12)
    watcher = Counting()

    centre.clean(watcher=watcher)

    assert [told for told in watcher.told if told[0] == "closing"] == [
        ("closing", done, 12) for done in range(1, 13)
    ]
    assert ("calls", 1, 1) in watcher.told
    assert len(watcher.items) == 12


def test_the_report_adds_up_and_tells_no_attribute(centre: Centre) -> None:
    """Every listed task has one outcome; values of attributes are nowhere in it."""
    centre.call()
    secret = "anna@example.com"
    many(centre, 3, attributes={"call_sid": CALL, "from": secret, "kind": secret})
    many(centre, 2, attributes={"call_sid": CALL, "kind": "x", "from": secret})
    many(centre, 2, attributes={"call_sid": secret})
    many(centre, 2, attributes=f'{{"from": "{secret}"')
    many(centre, 2, attributes={"call_sid": CALL, "conference_sid": secret})

    report = centre.clean(exclude=["kind == 'x'"]).as_dict()

    counts = report["counts"]
    assert sum(counts["listed"].values()) == len(report["tasks"]) == 11
    assert counts["closed"] == {"completed": 0, "canceled": 3}
    total = sum(counts["closed"].values()) + sum(counts["skipped"].values()) + counts["errors"]
    assert total == counts["processed"] == 11
    assert secret not in json.dumps(report)


def test_failures_of_single_things_are_no_outage() -> None:
    """Only failures about Twilio itself count, and a success in between begins anew."""

    def work(number: int) -> int:
        if number % 20 == 0:
            return number
        raise (ServerFault if number % 2 else NotFound)("do it", status=500)

    done = list(in_parallel(work, range(200), 1, Brake()))

    assert len(done) == 200


def test_work_in_hand_finishes_when_no_more_may_begin() -> None:
    """Nothing is begun after a no, and what was begun is heard of."""
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        return number

    done = list(in_parallel(work, range(50), 4, Brake(), may_begin=lambda _: len(begun) < 10))

    assert sorted(number for number, _ in done) == sorted(begun)
    assert 10 <= len(begun) < 14


def test_a_mistake_of_ours_is_not_swallowed() -> None:
    """An error that is not Twilio's ends the run loudly."""

    def work(number: int) -> float:
        return 1 / number

    with pytest.raises(ZeroDivisionError):
        list(in_parallel(work, [0], 1, Brake()))


def test_rules_hold_for_a_library_user_too(centre: Centre) -> None:
    """Age and statuses narrow the run."""
    centre.call(status="busy")
    task = centre.task()

    older = centre.clean(min_age="3h")
    other = centre.clean(call_statuses="completed")
    fitting = centre.clean(call_statuses="busy", min_age="59m")

    assert outcome(older, task) == Reason.TOO_YOUNG
    assert outcome(other, task) == Reason.CALL_STATUS
    assert outcome(fitting, task) == "canceled"
    assert rules_from(call_statuses="busy").call_statuses == {"busy"}
