"""The rows the page is drawn from, and what of them is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twilio_emulator.admin.journal import Facts
from twilio_emulator.dashboard import picture
from twilio_emulator.dashboard.details import WorkerSearch, workers
from twilio_emulator.dashboard.stream import Told, count_workers, delta
from twilio_emulator.dashboard.watch import RACES_KEPT, Watch
from twilio_emulator.emulator import Emulator
from twilio_emulator.settings import Settings
from twilio_emulator.store import new_record
from twilio_emulator.sync.records import Document
from twilio_emulator.taskrouter.eligibility import Eligibility
from twilio_emulator.taskrouter.lookup import parts
from twilio_emulator.taskrouter.records import (
    Activity,
    Reservation,
    Task,
    TaskChannel,
    TaskQueue,
    Worker,
    Workspace,
)

ROWS = st.dictionaries(
    st.text(max_size=3),
    st.dictionaries(st.sampled_from("ab"), st.integers(0, 2), max_size=2),
    max_size=5,
)


class Sample:
    """The sample contact centre of one emulator, with short ways to plant records."""

    def __init__(self, count: int) -> None:
        start = datetime(2026, 3, 1, tzinfo=UTC)
        self.emulator = Emulator(Settings(workers=count, start=start))
        self.store = self.emulator.store
        self.workspace = next(iter(self.store[Workspace]))
        self.queue = parts(self.store, TaskQueue, self.workspace.sid)[0]
        self.channel = parts(self.store, TaskChannel, self.workspace.sid)[0]
        self.workers = parts(self.store, Worker, self.workspace.sid)

    def record(self, prefix: str) -> dict[str, Any]:
        """Give the fields every part of the workspace begins with."""
        fields = new_record(self.store, self.workspace.account_sid, prefix)
        return {**fields, "workspace_sid": self.workspace.sid}

    def task(self, **attributes: Any) -> Task:
        """Plant a task that waits in the queue."""
        now = self.store.clock.now()
        return self.store.put(
            Task(
                **self.record("WT"),
                workflow_sid=None,
                attributes=json.dumps(attributes),
                priority=0,
                own_priority=0,
                timeout=60,
                task_channel_sid=self.channel.sid,
                virtual_start_time=now,
                task_queue_sid=self.queue.sid,
                task_queue_entered_date=now,
            )
        )

    def offer(self, task: Task, worker: Worker, batch: int = 1) -> Reservation:
        """Plant a reservation."""
        return self.store.put(
            Reservation(
                **self.record("WR"),
                task_sid=task.sid,
                worker_sid=worker.sid,
                workflow_sid=None,
                task_queue_sid=self.queue.sid,
                task_channel_sid=self.channel.sid,
                batch=batch,
                date_timeout=self.store.clock.now() + timedelta(seconds=20),
            )
        )


@pytest.fixture
def sample() -> Iterator[Sample]:
    """Make a contact centre of eight workers, two of them away, at a standing clock."""
    made = Sample(8)
    yield made
    made.store.close()


@given(ROWS, ROWS)
def test_a_delta_leads_from_one_to_the_other(before: picture.Rows, after: picture.Rows) -> None:
    """Whoever knew the rows before and takes in the difference knows the rows after."""
    found = delta(before, after)
    known = {key: row for key, row in before.items() if key not in found.get("gone", ())}
    assert known | found.get("put", {}) == after
    assert bool(found) == (before != after)


def test_queue_tells_waiting_tasks_and_workers(sample: Sample) -> None:
    """A queue's row counts its tasks by status and its workers by activity."""
    sample.task()
    sample.emulator.advance(30)
    sample.store.change(sample.task(), assignment_status="reserved")
    sample.task()
    eligibility = sample.emulator.state(Eligibility)
    rows = picture.queues(sample.store, sample.workspace, eligibility, [sample.queue.sid])
    row = rows[sample.queue.sid]
    assert (row["waiting"], row["reserved"], row["assigned"]) == (2, 1, 0)
    assert row["oldest"] == datetime(2026, 3, 1, tzinfo=UTC).timestamp() * 1000
    assert (row["eligible"], row["available"]) == (8, 6)


def test_uncounted_queue_says_so(sample: Sample) -> None:
    """Workers of a queue that was not counted yet are None, not nought."""
    eligibility = sample.emulator.state(Eligibility)
    (row,) = picture.queues(sample.store, sample.workspace, eligibility, ()).values()
    assert row["eligible"] is row["available"] is None


def test_every_queue_is_counted_in_the_end(sample: Sample) -> None:
    """Counting goes on with each picture until all queues are counted."""
    watch = sample.emulator.state(Watch)
    for number in range(20):
        name = f"queue {number}"
        sample.store.put(TaskQueue(**sample.record("WQ"), friendly_name=name))
    while count_workers(sample.emulator, watch, sample.workspace) < 21:
        continue
    rows = picture.queues(
        sample.store, sample.workspace, sample.emulator.state(Eligibility), watch.counted
    )
    assert all(row["eligible"] == 8 for row in rows.values())


def test_race_tells_when_each_offer_moved(sample: Sample) -> None:
    """Every status an offer goes through is kept with its moment, later ones included."""
    watch = sample.emulator.state(Watch)
    task = sample.task(name="Lost card", city="Berlin", tags=["a"])
    won, lost = (sample.offer(task, worker) for worker in sample.workers[:2])
    sample.emulator.advance(2)
    sample.store.change(won, reservation_status="accepted")
    sample.store.change(lost, reservation_status="rescinded")
    sample.emulator.advance(3)
    won = sample.store[Reservation].get(won.sid) or won
    sample.store.change(won, reservation_status="wrapping")
    row = picture.races(sample.store, sample.workspace, watch)[task.sid]
    start = task.date_created.timestamp() * 1000
    assert (row["title"], row["words"]) == ("Lost card", "city: Berlin")
    first, second = row["offers"]
    assert first["moves"] == [
        ("pending", start),
        ("accepted", start + 2000),
        ("wrapping", start + 5000),
    ]
    assert second["moves"] == [("pending", start), ("rescinded", start + 2000)]


def test_an_offer_planted_as_accepted_is_no_open_one(sample: Sample) -> None:
    """A seeded task was won when it was made: its offer begins and is decided at once."""
    watch = sample.emulator.state(Watch)
    task = sample.task()
    with sample.store.transaction():
        sample.store.change(sample.offer(task, sample.workers[0]), reservation_status="accepted")
    row = picture.races(sample.store, sample.workspace, watch)[task.sid]
    start = task.date_created.timestamp() * 1000
    assert row["offers"][0]["moves"] == [("pending", start), ("accepted", start)]


def test_race_seen_late_tells_what_the_record_knows(sample: Sample) -> None:
    """An offer decided before anybody watched shows its creation and its last change."""
    task = sample.task()
    offer = sample.offer(task, sample.workers[0])
    sample.emulator.advance(4)
    sample.store.change(offer, reservation_status="rejected")
    row = picture.races(sample.store, sample.workspace, sample.emulator.state(Watch))[task.sid]
    start = task.date_created.timestamp() * 1000
    assert row["offers"][0]["moves"] == [("pending", start), ("rejected", start + 4000)]


def test_only_the_last_rounds_of_a_race_are_told(sample: Sample) -> None:
    """Of many rounds the last ones are sent, with how many there were."""
    watch = sample.emulator.state(Watch)
    task = sample.task()
    for batch in range(1, 6):
        sample.offer(task, sample.workers[0], batch)
    row = picture.race(sample.store, task, watch)
    assert [offer["round"] for offer in row["offers"]] == [3, 4, 5]
    assert (row["rounds"], row["offered"]) == (5, 5)


def test_old_races_give_way(sample: Sample) -> None:
    """Only the races that moved last are kept, a removed task's not at all."""
    watch = sample.emulator.state(Watch)
    tasks = [sample.task() for _ in range(RACES_KEPT + 2)]
    for task in tasks:
        sample.offer(task, sample.workers[0])
    sample.store.remove(tasks[-1])
    rows = picture.races(sample.store, sample.workspace, watch)
    assert list(rows) == [task.sid for task in tasks[2:-1]]


def test_what_lived_within_one_transaction_harms_nobody(sample: Sample) -> None:
    """A record made and removed in one transaction is no change."""
    watch = sample.emulator.state(Watch)
    revision = watch.revision("figures", sample.workspace.sid)
    with sample.store.transaction():
        sample.store.remove(sample.offer(sample.task(), sample.workers[0]))
    assert watch.revision("figures", sample.workspace.sid) == revision + 1  # the task's


def test_figures_count_by_status_and_activity(sample: Sample) -> None:
    """The strip counts tasks by status, pending offers and workers by activity."""
    sample.offer(sample.task(), sample.workers[0])
    rows = picture.figures(sample.store, sample.workspace)
    assert rows["tasks"]["pending"] == 1
    assert rows["offers"] == {"pending": 1}
    assert sum(item["workers"] for item in rows["activities"].values()) == 8


@pytest.mark.parametrize(
    "data",
    ["{}", '{"total": "many", "failures": 3, "status": null}', '{"failures": [1, {"reason": 2}]}'],
)
def test_progress_of_any_shape_is_drawn(sample: Sample, data: str) -> None:
    """A progress document is anybody's to write; what has not the known shape is left out."""
    fields = new_record(sample.store, sample.workspace.account_sid, "ET")
    name = "batch-" + "b2" * 10
    sample.store.put(Document(**fields, service_sid="IS", unique_name=name, data=data))
    sample.store.put(
        Document(
            **{**fields, "sid": "ET2"}, service_sid="IS", unique_name=f"{name}-lane-0", data="{}"
        )
    )
    (row,) = picture.batches(sample.store, sample.workspace.account_sid).values()
    assert row["id"] == "b2" * 10
    assert "total" not in row


def test_second_message_holds_what_changed_alone(sample: Sample) -> None:
    """The first message is the whole picture, the next one nothing or the rows that changed."""
    watch, told = sample.emulator.state(Watch), Told()
    first = told.news(sample.emulator, watch, sample.workspace)
    assert first["whole"] == watch.name
    assert {"queues", "figures", "workspaces", "accounts", "presets", "clock"} <= set(first)
    assert told.news(sample.emulator, watch, sample.workspace) == {}
    sample.task()
    second = told.news(sample.emulator, watch, sample.workspace)
    assert set(second) == {"queues", "figures"}
    assert list(second["queues"]["put"]) == [sample.queue.sid]


def test_requests_are_told_once_and_in_order(sample: Sample) -> None:
    """Each request is told once; a cleared journal is told as such."""
    watch, told, journal = sample.emulator.state(Watch), Told(), sample.emulator.journal
    told.news(sample.emulator, watch, sample.workspace)

    def add(*paths: str) -> None:
        for path in paths:
            facts = Facts("api", "GET", "taskrouter.twilio.com", path)
            journal.add(facts, moment=0.0, seconds=0.001, status=200, fault=None)

    def news() -> tuple[list[str], bool]:
        found = told.news(sample.emulator, watch, sample.workspace).get("requests", {})
        return [row["path"] for row in found.get("new", [])], found.get("cleared", False)

    add("/1", "/2")
    assert news() == (["/1", "/2"], False)
    assert news() == ([], False)
    add("/3")
    assert news() == (["/3"], False)
    journal.clear()
    assert news() == ([], True)
    assert news() == ([], False)
    add("/4")
    assert news() == (["/4"], False)
    journal.clear()
    add("/5")
    assert news() == (["/5"], True)


def test_workers_are_found_by_words_activity_and_queue(sample: Sample) -> None:
    """A search joins its parts; the page starts where it is told to."""
    everyone = workers(sample.emulator, sample.workspace, WorkerSearch())
    assert (everyone["total"], len(everyone["rows"])) == (8, 8)
    rest = workers(sample.emulator, sample.workspace, WorkerSearch(start=6))
    assert [row["sid"] for row in rest["rows"]] == [item.sid for item in sample.workers[6:]]
    away = next(
        item for item in parts(sample.store, Activity, sample.workspace.sid) if not item.available
    )
    first = sample.workers[0]
    sample.store.change(first, activity_sid=away.sid)
    found = workers(
        sample.emulator,
        sample.workspace,
        WorkerSearch(
            words=first.friendly_name.upper(), activity_sid=away.sid, queue_sid=sample.queue.sid
        ),
    )
    assert [row["sid"] for row in found["rows"]] == [first.sid]


def test_load_is_told_per_channel(sample: Sample) -> None:
    """A worker's row tells what is reserved of which capacity."""
    sample.offer(sample.task(), sample.workers[0])
    (row,) = workers(sample.emulator, sample.workspace, WorkerSearch(words=sample.workers[0].sid))[
        "rows"
    ]
    load = {item["channel"]: (item["reserved"], item["capacity"]) for item in row["load"]}
    assert load[sample.channel.unique_name] == (1, 1)
    assert all(
        level == (0, 1) for name, level in load.items() if name != sample.channel.unique_name
    )
