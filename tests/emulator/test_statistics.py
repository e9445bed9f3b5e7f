"""Statistics over HTTP, at a clock that stands still between steps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from twilio_emulator.testing import RunningEmulator, start_emulator

from .conftest import TASKROUTER
from .task_centre import TaskCentre, task_centre

START = "2026-01-05T09:00:00Z"


@pytest.fixture(scope="module")
def still() -> Iterator[RunningEmulator]:
    """Run an emulator whose clock moves only when told."""
    with start_emulator(sample=False, start=START) as running:
        yield running


@pytest.fixture
def centre(still: RunningEmulator) -> Iterator[TaskCentre]:
    """Make a queue for everyone, in a workspace of its own."""
    with task_centre(still, TaskReservationTimeout=30) as made:
        yield made


def accept(centre: TaskCentre, task: str) -> None:
    """Accept a task's only reservation."""
    centre.change(centre.reservation(task), ReservationStatus="accepted")


def both(centre: TaskCentre, path: str, **params: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read real-time and cumulative statistics at once, each also by its own address."""
    window = {name: params[name] for name in params if name != "SplitByWaitTime"}
    whole = centre.get(f"{path}/Statistics", **params)
    channel = {"TaskChannel": params["TaskChannel"]} if "TaskChannel" in params else {}
    now = centre.get(f"{path}/RealTimeStatistics", **channel)
    split = {"SplitByWaitTime": params["SplitByWaitTime"]} if "SplitByWaitTime" in params else {}
    past = centre.get(f"{path}/CumulativeStatistics", **window, **split)
    about = set(whole) - {"realtime", "cumulative", "url"}
    for part, alone in (("realtime", now), ("cumulative", past)):
        assert {
            **whole[part],
            **{name: whole[name] for name in about},
            "url": alone["url"],
        } == alone
        assert alone["url"].startswith(f"{centre.url}{path}/")
    return whole["realtime"], whole["cumulative"]


def test_real_time_statistics_count_what_is_there(
    still: RunningEmulator, centre: TaskCentre
) -> None:
    """Tasks by status and priority, who waits the longest, workers by activity."""
    first = centre.task(Priority=3)
    still.advance(40)
    centre.task(Priority=3, TaskChannel="voice")
    away = centre.make("Workers", FriendlyName="away")["sid"]
    queue, _ = both(centre, f"/TaskQueues/{centre.queue}")
    workflow, _ = both(centre, f"/Workflows/{centre.workflow}")
    workspace, _ = both(centre, "")

    for found in (queue, workflow, workspace):
        assert found["total_tasks"] == 2
        assert found["tasks_by_priority"] == {"3": 2}
        assert found["tasks_by_status"] == {
            "assigned": 0, "pending": 2, "reserved": 0, "wrapping": 0,
        }  # fmt: skip
        assert (found["longest_task_waiting_age"], found["longest_task_waiting_sid"]) == (40, first)
    assert (queue["total_eligible_workers"], queue["total_available_workers"]) == (1, 0)
    assert {item["friendly_name"]: item["workers"] for item in queue["activity_statistics"]} == {
        "Offline": 1, "Unavailable": 0, "Available": 0,
    }  # fmt: skip
    assert workspace["activity_statistics"] == queue["activity_statistics"]
    assert workspace["total_workers"] == 1

    centre.change(f"/Workers/{away}", ActivitySid=centre.available)
    accept(centre, first)
    queue, _ = both(centre, f"/TaskQueues/{centre.queue}")
    assert queue["tasks_by_status"]["assigned"] == 1
    assert queue["longest_task_waiting_age"] == 0
    assert queue["total_available_workers"] == 1


def test_the_longest_in_a_queue_differs_from_the_longest_waiting(
    still: RunningEmulator, centre: TaskCentre
) -> None:
    """A task that was moved has waited longer than it has been in its present queue."""
    second = centre.make("TaskQueues", FriendlyName="Second")["sid"]
    targets = [{"queue": centre.queue, "timeout": 20}, {"queue": second}]
    routing = {"filters": [{"expression": "1==1", "targets": targets}]}
    centre.change(
        f"/Workflows/{centre.workflow}", Configuration=json.dumps({"task_routing": routing})
    )
    task = centre.task()
    still.advance(25)
    queue, past = both(centre, f"/TaskQueues/{second}")
    _, former = both(centre, f"/TaskQueues/{centre.queue}")

    assert (queue["longest_task_waiting_age"], queue["longest_task_waiting_sid"]) == (25, task)
    assert queue["longest_relative_task_age_in_queue"] == 5
    assert queue["longest_relative_task_sid_in_queue"] == task
    assert (past["tasks_entered"], past["tasks_moved"]) == (1, 0)
    assert (former["tasks_entered"], former["tasks_moved"]) == (1, 1)
    centre.worker("ada")
    accept(centre, task)
    _, past = both(centre, f"/TaskQueues/{second}")
    assert past["wait_duration_until_accepted"]["max"] == 25
    assert past["wait_duration_in_queue_until_accepted"]["max"] == 5


def test_cumulative_statistics_count_what_happened(
    still: RunningEmulator, centre: TaskCentre
) -> None:
    """Waits until acceptance and cancellation, split by thresholds, at queue and above."""
    early, late, dropped = centre.task(), centre.task(), centre.task()
    still.advance(4)
    centre.worker("ada", capacity=1)
    accept(centre, early)
    still.advance(8)
    centre.change(f"/Tasks/{dropped}", AssignmentStatus="canceled", Reason="enough")
    centre.change(f"/Tasks/{early}", AssignmentStatus="completed")
    accept(centre, late)

    for path in (f"/TaskQueues/{centre.queue}", f"/Workflows/{centre.workflow}", ""):
        _, past = both(centre, path, SplitByWaitTime="5, 10")
        assert (past["reservations_created"], past["reservations_accepted"]) == (2, 2)
        assert (past["tasks_canceled"], past["tasks_completed"]) == (1, 1)
        assert past["avg_task_acceptance_time"] == 8
        accepted = past["wait_duration_until_accepted"]
        assert accepted == {"avg": 8, "max": 12, "min": 4, "total": 16}
        assert past["wait_duration_until_canceled"]["total"] == 12
        assert past["split_by_wait_time"]["5"] == {
            "above": {"reservations_accepted": 1, "tasks_canceled": 1},
            "below": {"reservations_accepted": 1, "tasks_canceled": 0},
        }
        entered = "tasks_entered" if path else "tasks_created"
        assert past[entered] == 3
        assert both(centre, path)[1]["split_by_wait_time"] is None


def test_reservations_are_counted_by_their_ends(still: RunningEmulator) -> None:
    """Rejected, timed out and rescinded ones, for the queue and for each worker."""
    with task_centre(still, max_reserved_workers=2, TaskReservationTimeout=30) as centre:
        workers = [centre.worker(name) for name in ("ada", "bob")]
        task = centre.task()
        path = {
            item["worker_sid"]: f"/Tasks/{task}/Reservations/{item['sid']}"
            for item in centre.reservations(task)
        }
        centre.change(path[workers[0]], ReservationStatus="accepted")
        centre.task()
        still.advance(31)
        _, past = both(centre, f"/TaskQueues/{centre.queue}")
        own = [centre.get(f"/Workers/{sid}/Statistics")["cumulative"] for sid in workers]
        together = centre.get("/Workers/CumulativeStatistics")

    assert (past["reservations_accepted"], past["reservations_rescinded"]) == (1, 1)
    assert past["reservations_timed_out"] >= 1
    for name in past:
        if name.startswith("reservations_"):
            assert sum(worker[name] for worker in own) == past[name] == together[name]


def test_the_window_is_chosen_by_minutes_or_by_dates(
    still: RunningEmulator, centre: TaskCentre
) -> None:
    """15 minutes unless told otherwise; both ends of a window count."""
    path = f"/TaskQueues/{centre.queue}/CumulativeStatistics"
    centre.task()
    now = centre.get(path)
    still.advance(16 * 60)

    assert now["tasks_entered"] == 1
    assert centre.get(path)["tasks_entered"] == 0
    assert centre.get(path, Minutes="20")["tasks_entered"] == 1
    moment = now["end_time"]
    exact = centre.get(path, StartDate=moment, EndDate=moment)
    assert (exact["tasks_entered"], exact["start_time"], exact["end_time"]) == (1, moment, moment)
    assert centre.get(path, EndDate="2026-01-05T08:00:00Z")["tasks_entered"] == 0
    shifted = centre.get(path, StartDate="2026-01-05T10:00:00+02:00")
    assert (shifted["tasks_entered"], shifted["start_time"]) == (1, "2026-01-05T08:00:00Z")


@pytest.mark.parametrize(
    "window",
    [
        {"Minutes": "99999999999999"},
        {"EndDate": "0001-01-01T00:00:00Z"},
        {"StartDate": "0001-01-01", "EndDate": "9999-12-31"},
    ],
)
def test_a_window_reaches_back_30_days_at_most(
    still: RunningEmulator, centre: TaskCentre, window: dict[str, str]
) -> None:
    """Whatever is asked for, nothing earlier is counted, and the answer says so."""
    today = datetime.fromisoformat(str(still.clock()["time"]))
    found = centre.get("/CumulativeStatistics", **window)

    earliest = (today - timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert found["start_time"] == earliest


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_moments_beyond_the_calendar_are_refused(centre: TaskCentre, moment: str) -> None:
    """They are named, not answered with a failure."""
    query = urlencode({"StartDate": moment})
    assert "StartDate" in centre.refusal("GET", f"/Statistics?{query}")


def test_a_channel_narrows_both_kinds(centre: TaskCentre) -> None:
    """A channel is named by unique name or SID."""
    centre.task(TaskChannel="voice")
    centre.task()
    path = f"/TaskQueues/{centre.queue}"
    voice = next(
        item for item in centre.get("/TaskChannels")["channels"] if item["unique_name"] == "voice"
    )
    for name in ("voice", voice["sid"]):
        now, past = both(centre, path, TaskChannel=name)
        assert (now["total_tasks"], past["tasks_entered"]) == (1, 1)
    worker = centre.make("Workers", FriendlyName="ada")["sid"]
    centre.change(f"/Workers/{worker}/Channels/voice", Available="false")
    counted = centre.get("/Workers/RealTimeStatistics", TaskChannel="voice")["total_workers"]
    assert (counted, centre.get("/Workers/RealTimeStatistics")["total_workers"]) == (0, 1)


def test_activity_durations_are_cut_at_the_window(
    still: RunningEmulator, centre: TaskCentre
) -> None:
    """Stays reach to now, and no further back than the window does."""
    offline = centre.activity("Offline")
    worker = centre.make("Workers", FriendlyName="ada")["sid"]
    still.advance(10 * 60)
    centre.change(f"/Workers/{worker}", ActivitySid=centre.available)
    still.advance(4 * 60)
    centre.change(f"/Workers/{worker}", ActivitySid=offline)
    still.advance(6 * 60)

    def spent(path: str, **params: str) -> dict[str, tuple[int, int]]:
        found = centre.get(path, **params)["cumulative"]["activity_durations"]
        return {item["friendly_name"]: (item["total"], item["max"]) for item in found}

    whole = {"Offline": (960, 600), "Available": (240, 240), "Unavailable": (0, 0)}
    assert spent(f"/Workers/{worker}/Statistics", Minutes="30") == whole
    assert spent("/Workers/Statistics", Minutes="30") == whole
    assert spent(f"/Workers/{worker}/Statistics", Minutes="8") == {
        "Offline": (360, 360), "Available": (120, 120), "Unavailable": (0, 0),
    }  # fmt: skip


def test_worker_statistics_are_narrowed_by_name_and_queue(centre: TaskCentre) -> None:
    """Names and queues choose the workers of both kinds."""
    centre.worker("ada", skill="a")
    centre.worker("bob", skill="b")
    queue = centre.make("TaskQueues", FriendlyName="A", TargetWorkers="skill=='a'")["sid"]

    def count(**params: str) -> int:
        return int(centre.get("/Workers/Statistics", **params)["realtime"]["total_workers"])

    assert count() == 2
    assert count(FriendlyName="bob") == 1
    assert count(TaskQueueSid=queue) == 1
    assert count(TaskQueueName="A", FriendlyName="bob") == 0
    assert count(TaskQueueName="Everyone") == 2


def test_a_changed_expression_starts_the_workers_statistics_again(centre: TaskCentre) -> None:
    """Reservations before the change are not counted any more; tasks are."""
    centre.worker("ada")
    accept(centre, centre.task())
    path = f"/TaskQueues/{centre.queue}"
    before = both(centre, path)[1]
    centre.change(path, TargetWorkers="1 == 1")
    after = both(centre, path)[1]

    assert (before["reservations_accepted"], after["reservations_accepted"]) == (1, 0)
    assert before["tasks_entered"] == after["tasks_entered"] == 1


def test_queue_statistics_are_listed_and_asked_for_in_bulk(centre: TaskCentre) -> None:
    """The list is paged and filtered by name; a bulk request names up to 50 queues."""
    other = centre.make("TaskQueues", FriendlyName="Other")["sid"]
    page = centre.get("/TaskQueues/Statistics", PageSize="1")
    rest = centre.send("GET", page["meta"]["next_page_url"].removeprefix(centre.url)).json()
    named = centre.get("/TaskQueues/Statistics", FriendlyName="Other")
    bulk = centre.send(
        "POST", "/TaskQueues/RealTimeStatistics", json={"queueSids": [other, centre.queue]}
    )

    listed = page["task_queues_statistics"] + rest["task_queues_statistics"]
    assert [item["task_queue_sid"] for item in listed] == [centre.queue, other]
    assert set(listed[0]) == {
        "account_sid", "cumulative", "realtime", "task_queue_sid", "workspace_sid",
    }  # fmt: skip
    assert [item["task_queue_sid"] for item in named["task_queues_statistics"]] == [other]
    assert bulk.status_code == 200
    data = bulk.json()["task_queue_data"]
    assert [item["task_queue_sid"] for item in data] == [other, centre.queue]
    assert bulk.json()["task_queue_response_count"] == 2


@pytest.mark.parametrize(
    "body", [{}, [], {"queueSids": []}, {"queueSids": ["WQ1"] * 51}, {"queueSids": [7]},
             {"queueSids": ["WQ1"]}],
)  # fmt: skip
def test_a_wrong_bulk_request_is_refused(centre: TaskCentre, body: Any) -> None:
    """Anything but 1 to 50 queues of the workspace."""
    answer = centre.send("POST", "/TaskQueues/RealTimeStatistics", json=body)

    assert (answer.status_code, answer.json()["code"]) == (400, 20001)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("Minutes=0", "Minutes"),
        ("Minutes=5&StartDate=2026-01-05", "Minutes"),
        ("StartDate=2026-01-06&EndDate=2026-01-05", "StartDate"),
        ("TaskChannel=smoke", "smoke"),
        ("SplitByWaitTime=5,x", "SplitByWaitTime"),
        ("Colour=blue", "Colour"),
    ],
)
def test_wrong_parameters_are_refused_by_name(centre: TaskCentre, query: str, named: str) -> None:
    """The message says which one."""
    assert named in centre.refusal("GET", f"/CumulativeStatistics?{query}")


def test_worker_statistics_are_refused_above_100_workers(still: RunningEmulator) -> None:
    """All four addresses, until the limit is lifted; queue statistics go on."""
    with start_emulator(workers=101) as crowded:
        workspace = crowded.request("GET", TASKROUTER).json()["workspaces"][0]["sid"]
        url = f"{TASKROUTER}/{workspace}"
        worker = crowded.request("GET", f"{url}/Workers").json()["workers"][0]["sid"]
        paths = [f"/Workers{kind}Statistics" for kind in ("/", "/RealTime", "/Cumulative")]
        paths.append(f"/Workers/{worker}/Statistics")
        refused = [crowded.request("GET", url + path) for path in paths]
        workspace_wide = crowded.request("GET", f"{url}/Statistics").json()["realtime"]
        crowded.switch_limits(worker_statistics=False)
        answered = [crowded.request("GET", url + path).status_code for path in paths]

    assert [(item.status_code, item.json()["code"]) for item in refused] == [(400, 20001)] * 4
    assert "101 workers" in refused[0].json()["message"]
    assert workspace_wide["total_workers"] == 101
    assert answered == [200] * 4


def test_statistics_outlive_a_kill(tmp_path: Path) -> None:
    """What was counted before kill -9 is counted after it."""
    with start_emulator(sample=False, data=tmp_path) as emulator, task_centre(emulator) as centre:
        centre.worker("ada")
        accept(centre, centre.task())
        path = f"/TaskQueues/{centre.queue}/CumulativeStatistics"
        before = centre.get(path)
        emulator.kill()
    with start_emulator(sample=False, data=tmp_path) as emulator:
        centre.emulator = emulator
        after = centre.get(path)

    times = {"start_time", "end_time"}
    assert before["reservations_accepted"] == 1
    assert {name: after[name] for name in set(after) - times} == {
        name: before[name] for name in set(before) - times
    }
