"""Tasks over HTTP: creating, listing, changing and deleting them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from twilio_emulator.testing import RunningEmulator

from .task_centre import TaskCentre, task_centre

FIELDS = {
    "account_sid", "addons", "age", "assignment_status", "attributes", "date_created",
    "date_updated", "ignore_capacity", "links", "priority", "reason", "routing_target", "sid",
    "task_channel_sid", "task_channel_unique_name", "task_queue_entered_date",
    "task_queue_friendly_name", "task_queue_sid", "timeout", "url", "virtual_start_time",
    "workflow_friendly_name", "workflow_sid", "workspace_sid",
}  # fmt: skip


@pytest.fixture
def centre(emulator: RunningEmulator) -> Iterator[TaskCentre]:
    """A centre without workers."""
    with task_centre(emulator) as made:
        yield made


def _sids(centre: TaskCentre, **filters: Any) -> list[str]:
    return [task["sid"] for task in centre.get("/Tasks", **filters)["tasks"]]


def test_a_task_shows_every_field(centre: TaskCentre) -> None:
    """A task is answered with the fields and links of the API document, its version as ETag."""
    answer = centre.send(
        "POST", "/Tasks", data={"WorkflowSid": centre.workflow, "Attributes": '{"a": "b/c"}'}
    )
    made = answer.json()
    fetched = centre.send("GET", f"/Tasks/{made['sid']}")
    task = fetched.json()

    assert answer.status_code == 201
    assert answer.headers["etag"] == fetched.headers["etag"]
    assert set(made) == set(task) == FIELDS
    assert made["assignment_status"] == "pending"
    assert (task["attributes"], task["addons"], task["age"]) == ('{"a":"b/c"}', "{}", 0)
    assert (task["priority"], task["timeout"], task["reason"]) == (0, 86400, None)
    assert task["virtual_start_time"] == task["date_created"]
    assert task["workflow_friendly_name"] == "Assign"
    assert (task["task_queue_sid"], task["task_queue_friendly_name"]) == (centre.queue, "Everyone")
    assert task["task_channel_unique_name"] == "default"
    assert (task["ignore_capacity"], task["routing_target"]) == (False, None)
    assert task["links"] == {
        "workspace": centre.url,
        "task_queue": f"{centre.url}/TaskQueues/{centre.queue}",
        "workflow": f"{centre.url}/Workflows/{centre.workflow}",
        "reservations": f"{centre.url}/Tasks/{task['sid']}/Reservations",
    }


def test_age_follows_the_clock(centre: TaskCentre) -> None:
    """A task's age is the whole seconds since it was created."""
    task = centre.task()
    centre.emulator.advance(61)

    assert centre.get(f"/Tasks/{task}")["age"] >= 61


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ({"Attributes": "{"}, "Attributes"),
        ({"Attributes": "[]"}, "Attributes"),
        ({"Attributes": json.dumps({"a": "x" * 4090})}, "4096"),
        ({"Priority": "-1"}, "Priority"),
        ({"Priority": str(2**31)}, "Priority"),
        ({"Timeout": "1209601"}, "Timeout"),
        ({"TaskChannel": "pigeon"}, "pigeon"),
        ({"VirtualStartTime": "1899-12-31T23:59:59Z"}, "VirtualStartTime"),
        ({"VirtualStartTime": "2999-01-01T00:00:00Z"}, "VirtualStartTime"),
        ({"WorkflowSid": "WW" + "0" * 32}, "Workflow"),
        ({"TaskQueueSid": "WQ" + "0" * 32}, "TaskQueue"),
        ({"RoutingTarget": "WK" + "0" * 32}, "RoutingTarget"),
        ({"IgnoreCapacity": "true"}, "IgnoreCapacity"),
        ({"Colour": "red"}, "Colour"),
    ],
)
def test_what_a_task_cannot_be_is_refused_by_name(
    centre: TaskCentre, data: dict[str, str], word: str
) -> None:
    """A wrong parameter is answered 400 with its name, and no task is made."""
    message = centre.refusal("POST", "/Tasks", **{"WorkflowSid": centre.workflow, **data})

    assert word in message
    assert _sids(centre) == []


def test_the_only_workflow_need_not_be_named(centre: TaskCentre) -> None:
    """Without WorkflowSid a task goes to the only workflow; with two the name is missed."""
    made = centre.make("Tasks", Attributes="{}")
    assert made["workflow_sid"] == centre.workflow
    centre.make("Workflows", FriendlyName="Second", Configuration='{"task_routing":{}}')

    assert "WorkflowSid" in centre.refusal("POST", "/Tasks", Attributes="{}")


def test_a_channel_is_named_by_sid_or_unique_name(centre: TaskCentre) -> None:
    """TaskChannel takes both, on creation and on update."""
    voice = centre.get("/TaskChannels/voice")
    task = centre.task(TaskChannel=voice["sid"])
    assert centre.get(f"/Tasks/{task}")["task_channel_unique_name"] == "voice"
    changed = centre.change(f"/Tasks/{task}", TaskChannel="chat")

    assert changed["task_channel_unique_name"] == "chat"


@pytest.mark.parametrize(
    ("given", "ignored"), [(None, True), ("true", True), ("yes", True), ("1", True), ("no", False)]
)
def test_a_task_for_one_worker_ignores_capacity_unless_told(
    centre: TaskCentre, given: str | None, ignored: bool
) -> None:
    """RoutingTarget with a worker ignores capacity by default; IgnoreCapacity says otherwise."""
    worker = centre.worker("w", capacity=0)
    more = {} if given is None else {"IgnoreCapacity": given}
    made = centre.make("Tasks", WorkflowSid=centre.workflow, RoutingTarget=worker, **more)

    assert (made["routing_target"], made["ignore_capacity"]) == (worker, ignored)
    assert (centre.status(made["sid"]) == "reserved") is ignored


def test_the_length_of_attributes_is_a_limit_that_can_be_lifted(centre: TaskCentre) -> None:
    """5000 characters are refused on creation and on update, and taken once the limit is off."""
    long = json.dumps({"a": "x" * 5000})
    task = centre.task()
    assert "4096" in centre.refusal("POST", f"/Tasks/{task}", Attributes=long)
    centre.emulator.switch_limits(attributes=False)
    try:
        centre.change(f"/Tasks/{task}", Attributes=long)
    finally:
        centre.emulator.switch_limits(attributes=True)

    assert len(centre.get(f"/Tasks/{task}")["attributes"]) > 5000


def test_tasks_are_filtered(centre: TaskCentre) -> None:
    """Every documented filter of the list finds its tasks and no others."""
    worker = centre.worker("w", capacity=1)
    other = centre.make("TaskQueues", FriendlyName="Other")["sid"]
    held = centre.task({"lang": "en"}, Priority=7)
    waiting = centre.task({"lang": "de", "age": 41})
    apart = centre.make("Tasks", RoutingTarget=other, Attributes='{"lang":"de"}')["sid"]
    ended = centre.task({"lang": "fr"})
    centre.change(f"/Tasks/{ended}", AssignmentStatus="canceled", Reason="gone")

    assert _sids(centre, Priority=7) == [held]
    assert _sids(centre, AssignmentStatus="reserved") == [held]
    assert _sids(centre, AssignmentStatus=["reserved", "canceled"]) == [held, ended]
    assert _sids(centre, AssignmentStatus="reserved, canceled") == [held, ended]
    assert _sids(centre, TaskQueueSid=other) == _sids(centre, TaskQueueName="Other") == [apart]
    assert _sids(centre, WorkflowName="Nobody") == []
    assert apart not in _sids(centre, TaskQueueSid=centre.queue)
    assert _sids(centre, WorkflowSid=centre.workflow, Priority=7) == [held]
    assert _sids(centre, RoutingTarget=other) == [apart]
    assert _sids(centre, EvaluateTaskAttributes="lang == 'de' AND age > 40") == [waiting]
    assert _sids(centre, HasAddons="true") == []
    assert _sids(centre, HasAddons="false") == [held, waiting, apart, ended]
    assert centre.get(f"/Workers/{worker}/Reservations")["reservations"][0]["task_sid"] == held


@pytest.mark.parametrize(
    "filters",
    [
        {"AssignmentStatus": "sleeping"},
        {"WorkflowSid": "WWxxx"},
        {"EvaluateTaskAttributes": "lang =="},
        {"Ordering": "Colour:asc"},
        {"Ordering": "Priority"},
        {"Ordering": "DateCreated:asc,VirtualStartTime:asc"},
        {"assignmentstatus": "pending"},
    ],
)
def test_a_filter_that_cannot_be_followed_is_refused(
    centre: TaskCentre, filters: dict[str, str]
) -> None:
    """A wrong value, order or name of a filter is answered 400."""
    answer = centre.send("GET", "/Tasks", params=filters)

    assert (answer.status_code, answer.json()["code"]) == (400, 20001)


def test_tasks_are_ordered(centre: TaskCentre) -> None:
    """Ordering sorts by its first attribute, then its second; ties stay in order of creation."""
    now = datetime.now(UTC)
    early, late = (f"{now - timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}" for hours in (9, 1))
    low = centre.task(Priority=1, VirtualStartTime=late)
    high = centre.task(Priority=5, VirtualStartTime=late)
    tie = centre.task(Priority=5, VirtualStartTime=early)

    assert _sids(centre) == _sids(centre, Ordering="DateCreated:asc") == [low, high, tie]
    assert _sids(centre, Ordering="Priority:desc") == [high, tie, low]
    assert _sids(centre, Ordering="Priority:desc,VirtualStartTime:asc") == [tie, high, low]
    assert _sids(centre, Ordering="VirtualStartTime:asc,Priority:desc") == [tie, high, low]


def test_pages_of_tasks_follow_each_other(centre: TaskCentre) -> None:
    """Following next_page_url brings every task once, also when one is deleted on the way."""
    made = [centre.task() for _ in range(5)]
    first = centre.get("/Tasks", PageSize=2)
    centre.remove(f"/Tasks/{made[1]}")
    second = centre.emulator.request("GET", first["meta"]["next_page_url"]).json()
    third = centre.emulator.request("GET", second["meta"]["next_page_url"]).json()

    assert first["meta"]["key"] == "tasks"
    seen = [task["sid"] for page in (first, second, third) for task in page["tasks"]]
    assert seen == made
    assert third["meta"]["next_page_url"] is None


def test_the_expression_filter_is_limited(centre: TaskCentre) -> None:
    """The fourth EvaluateTaskAttributes within a second is answered 429/20429."""
    centre.emulator.advance(2)
    answers = [
        centre.send("GET", "/Tasks", params={"EvaluateTaskAttributes": "1==1"}) for _ in range(12)
    ]

    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].json()["code"] == 20429
    assert [answer.status_code for answer in answers[:3]] == [200, 200, 200]


def test_a_task_is_changed_under_if_match(centre: TaskCentre) -> None:
    """An update counts the version up; a version that is no more is answered 412/20412."""
    task = centre.task({"a": 1})
    etag = centre.send("GET", f"/Tasks/{task}").headers["etag"]
    first = centre.send(
        "POST", f"/Tasks/{task}", data={"Attributes": '{"a":2}'}, headers={"If-Match": etag}
    )
    second = centre.send(
        "POST", f"/Tasks/{task}", data={"Attributes": '{"a":3}'}, headers={"If-Match": etag}
    )
    deleted = centre.send("DELETE", f"/Tasks/{task}", headers={"If-Match": etag.strip('"')})

    assert first.status_code == 200
    assert int(first.headers["etag"].strip('"')) > int(etag.strip('"'))
    assert (second.status_code, second.json()["code"]) == (412, 20412)
    assert (deleted.status_code, deleted.json()["code"]) == (412, 20412)
    assert centre.get(f"/Tasks/{task}")["attributes"] == '{"a":2}'


def _count_up(centre: TaskCentre, task: str, times: int) -> None:
    """Count in a task's attributes by reading, adding one and writing under If-Match."""
    while times:
        read = centre.send("GET", f"/Tasks/{task}")
        count = json.loads(read.json()["attributes"])["count"]
        written = centre.send(
            "POST",
            f"/Tasks/{task}",
            data={"Attributes": json.dumps({"count": count + 1})},
            headers={"If-Match": read.headers["etag"]},
        )
        assert written.status_code in (200, 412)
        times -= written.status_code == 200


def test_conditional_writers_lose_nothing(centre: TaskCentre) -> None:
    """Eight clients that count up 25 times each under If-Match arrive at 200."""
    task = centre.task({"count": 0})
    with ThreadPoolExecutor(8) as pool:
        for one in [pool.submit(_count_up, centre, task, 25) for _ in range(8)]:
            one.result()

    assert json.loads(centre.get(f"/Tasks/{task}")["attributes"]) == {"count": 200}


def test_status_and_attributes_go_in_two_requests(centre: TaskCentre) -> None:
    """AssignmentStatus with Attributes is refused and changes nothing."""
    task = centre.task({"a": 1})
    message = centre.refusal(
        "POST", f"/Tasks/{task}", Attributes='{"a":2}', AssignmentStatus="canceled"
    )

    assert task in message
    assert centre.status(task) == "pending"
    assert centre.get(f"/Tasks/{task}")["attributes"] == '{"a":1}'


def test_a_state_that_does_not_allow_it_is_said_in_twilios_words(centre: TaskCentre) -> None:
    """Completing, wrapping and canceling in the wrong state are refused in recorded words."""
    place = f"in workspace {centre.sid} for account {centre.emulator.account_sid}"
    task = centre.task()
    complete = centre.refusal("POST", f"/Tasks/{task}", AssignmentStatus="completed", Reason="x")
    wrap = centre.refusal("POST", f"/Tasks/{task}", AssignmentStatus="wrapping")
    centre.worker("w")
    centre.change(centre.reservation(task), ReservationStatus="accepted")
    cancel = centre.refusal("POST", f"/Tasks/{task}", AssignmentStatus="canceled", Reason="x")

    assert complete == f"Cannot complete task {task} {place} because it is not currently assigned."
    assert wrap == f"Cannot wrap up a task {task} {place} because it's not currently assigned"
    assert cancel == f"Cannot cancel task {task} {place} because it is not pending or reserved."
    for status in ("pending", "reserved", "assigned"):
        assert status in centre.refusal("POST", f"/Tasks/{task}", AssignmentStatus=status)


def test_a_task_lives_to_its_end(centre: TaskCentre) -> None:
    """Reserved, assigned, wrapping, completed with a reason, and gone after five minutes."""
    centre.worker("w")
    task = centre.task()
    assert centre.status(task) == "reserved"
    centre.change(centre.reservation(task), ReservationStatus="accepted")
    assert centre.status(task) == "assigned"
    assert centre.change(f"/Tasks/{task}", AssignmentStatus="wrapping")["reason"] is None
    done = centre.change(f"/Tasks/{task}", AssignmentStatus="completed", Reason="resolved")
    centre.emulator.advance(301)

    assert (done["assignment_status"], done["reason"]) == ("completed", "resolved")
    assert "was not found" in centre.refusal("GET", f"/Tasks/{task}", status=404)


def test_a_deleted_task_is_gone(centre: TaskCentre) -> None:
    """DELETE works in any state, and a second one finds nothing."""
    task = centre.task()
    centre.remove(f"/Tasks/{task}")
    answer = centre.send("DELETE", f"/Tasks/{task}")

    assert (answer.status_code, answer.json()["code"]) == (404, 20404)
    assert centre.event_types(TaskSid=task)[-1] == "task.deleted"


def test_a_task_of_another_workspace_is_not_found(centre: TaskCentre) -> None:
    """A task's SID below another workspace is 404/20404."""
    task = centre.task()
    with task_centre(centre.emulator) as other:
        assert "was not found" in other.refusal("GET", f"/Tasks/{task}", status=404)


def test_pages_of_an_ordered_list_go_on_when_their_last_task_leaves_it(centre: TaskCentre) -> None:
    """A task that no longer passes the filter keeps its place in the order for the next page."""
    made = [centre.task(Priority=priority) for priority in (1, 2, 3, 4, 5)]
    listed = {"AssignmentStatus": "pending", "Ordering": "Priority:desc", "PageSize": "2"}
    first = centre.get("/Tasks", **listed)
    centre.change(f"/Tasks/{first['tasks'][-1]['sid']}", AssignmentStatus="canceled")
    answer = centre.emulator.request("GET", first["meta"]["next_page_url"])

    assert answer.status_code == 200, answer.text
    assert [task["sid"] for task in answer.json()["tasks"]] == [made[2], made[1]]


def test_the_place_of_a_deleted_task_in_an_order_is_not_guessed(centre: TaskCentre) -> None:
    """A cursor whose task is gone is refused where only the task could tell its place."""
    for priority in (1, 2, 3):
        centre.task(Priority=priority)
    first = centre.get("/Tasks", Ordering="Priority:desc", PageSize=2)
    centre.remove(f"/Tasks/{first['tasks'][-1]['sid']}")
    answer = centre.emulator.request("GET", first["meta"]["next_page_url"])

    assert (answer.status_code, answer.json()["code"]) == (400, 20001)


def test_whatever_nesting_is_taken_can_be_routed(centre: TaskCentre) -> None:
    """Attributes are taken with a nesting that everything after can read, or refused."""
    centre.change(f"/TaskQueues/{centre.queue}", TargetWorkers="x == 1 OR y == 2")
    worker = centre.worker("Ann", x=1)
    target = {"queue": centre.queue, "expression": "task.x == worker.x"}
    flow = {"task_routing": {"filters": [{"expression": "1==1", "targets": [target]}]}}
    centre.change(f"/Workflows/{centre.workflow}", Configuration=json.dumps(flow))
    answers = dict[int, set[int]]()
    for depth in (1, 498, 499, 500, *range(930, 990, 3)):
        attributes = {"Attributes": f'{{"x":{"[" * depth}{"]" * depth}}}'}
        for path in (f"/Workers/{worker}", "/Tasks"):
            answer = centre.send("POST", path, data=attributes)
            answers.setdefault(answer.status_code, set()).add(depth)

    assert answers.keys() == {200, 201, 400}
    assert answers[200] == answers[201] == {1, 498, 499}
