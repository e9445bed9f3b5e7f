"""Workers: attributes, versions, names, capacity, and who is eligible for which queue."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twilio_emulator.expressions import parse
from twilio_emulator.testing import RunningEmulator

from .conftest import TASKROUTER, WorkspaceClient

EXPRESSIONS = (
    "1==1",
    "1==2",
    'routing.skills HAS "sales"',
    'routing.skills HAS "vip" AND languages HAS "en"',
    "routing.levels.sales >= 3",
    'team IN ["North", "South"]',
    "team != null",
)


def test_versions_count_up_and_if_match_is_decided(workspace: WorkspaceClient) -> None:
    """The ETag is the quoted version; bare, quoted and weak If-Match are understood; 412 else."""
    worker = workspace.make("Workers", FriendlyName="w", Attributes='{"a": 1}')
    path = f"/Workers/{worker['sid']}"

    def write(number: int, version: str | None) -> tuple[int, str | None]:
        headers = {} if version is None else {"If-Match": version}
        answer = workspace.send(
            "POST", path, data={"Attributes": f'{{"a":{number}}}'}, headers=headers
        )
        return answer.status_code, answer.headers.get("ETag")

    assert workspace.send("GET", path).headers["ETag"] == '"0"'
    assert write(2, "0") == (200, '"1"')
    assert write(3, '"1"') == (200, '"2"')
    assert write(4, 'W/"2"') == (200, '"3"')
    assert write(5, None) == (200, '"4"')
    assert write(6, "0") == (412, None)
    stale = workspace.send("DELETE", path, headers={"If-Match": "3"})
    assert (stale.status_code, stale.json()["code"]) == (412, 20412)
    assert workspace.get(path)["attributes"] == '{"a":5}'
    assert workspace.send("DELETE", path, headers={"If-Match": "4"}).status_code == 204


def test_one_of_many_writers_of_a_version_wins(workspace: WorkspaceClient) -> None:
    """Of writers that all hold version 0 exactly one succeeds."""
    path = f"/Workers/{workspace.make('Workers', FriendlyName='w')['sid']}"

    def write(number: int) -> int:
        data = {"Attributes": json.dumps({"by": number})}
        return workspace.send("POST", path, data=data, headers={"If-Match": "0"}).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(write, range(16)))

    assert statuses == [200] + [412] * 15


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ("nothing", "not valid JSON"),
        ("[1]", "must be a JSON object"),
        ('"text"', "must be a JSON object"),
        (json.dumps({"x": "y" * 4090}), "the limit is 4096"),
    ],
    ids=["text", "array", "string", "too long"],
)
def test_attributes_are_a_json_object_of_4096_characters(
    workspace: WorkspaceClient, attributes: str, reason: str
) -> None:
    """Anything else is refused, on create and on update."""
    worker = workspace.make("Workers", FriendlyName="w")["sid"]

    for path in ("/Workers", f"/Workers/{worker}"):
        assert reason in workspace.refusal("POST", path, FriendlyName="w2", Attributes=attributes)


def test_attributes_at_the_limit_are_accepted(workspace: WorkspaceClient) -> None:
    """4096 characters, not bytes, are allowed."""
    text = '{"x":"' + "é" * 4088 + '"}'

    assert len(text) == 4096
    assert workspace.make("Workers", FriendlyName="w", Attributes=text)["attributes"] == text


def test_worker_names_are_unique_whatever_their_case(workspace: WorkspaceClient) -> None:
    """`Alice` and `alice` collide; a worker may re-case its own name; gone names are free."""
    first = workspace.make("Workers", FriendlyName="Alice")["sid"]
    second = workspace.make("Workers", FriendlyName="Bob")["sid"]

    assert first in workspace.refusal("POST", "/Workers", FriendlyName="ALICE")
    assert first in workspace.refusal("POST", f"/Workers/{second}", FriendlyName="alice")
    assert workspace.change(f"/Workers/{first}", FriendlyName="ALICE")["friendly_name"] == "ALICE"
    workspace.remove(f"/Workers/{first}")
    assert workspace.make("Workers", FriendlyName="alice")["friendly_name"] == "alice"


def test_a_worker_starts_in_the_default_activity(workspace: WorkspaceClient) -> None:
    """Without an activity a worker is offline; moving it changes availability and date."""
    worker = workspace.make("Workers", FriendlyName="w")
    available = workspace.get("/Activities", FriendlyName="Available")["activities"][0]["sid"]
    workspace.emulator.advance(60)
    moved = workspace.change(f"/Workers/{worker['sid']}", ActivitySid=available)

    assert (worker["activity_name"], worker["available"]) == ("Offline", False)
    assert (moved["activity_name"], moved["available"]) == ("Available", True)
    assert moved["date_status_changed"] > worker["date_status_changed"]
    assert "does not exist" in workspace.refusal(
        "POST", f"/Workers/{worker['sid']}", ActivitySid="WA" + "0" * 32
    )
    assert "not available" in workspace.refusal(
        "POST",
        f"/Workers/{worker['sid']}",
        ActivitySid=available,
        RejectPendingReservations="true",
    )


def test_capacity_is_set_per_channel_and_counts_the_version(workspace: WorkspaceClient) -> None:
    """A channel is found by SID or name; a change raises the worker's version by one."""
    worker = workspace.make("Workers", FriendlyName="w")["sid"]
    channels = workspace.get(f"/Workers/{worker}/Channels")["channels"]
    changed = workspace.change(f"/Workers/{worker}/Channels/chat", Capacity=3, Available="false")

    assert [c["task_channel_unique_name"] for c in channels] == [
        "default",
        "voice",
        "chat",
        "sms",
        "video",
    ]
    assert set(channels[0]) == {
        "account_sid",
        "assigned_tasks",
        "available",
        "available_capacity_percentage",
        "configured_capacity",
        "date_created",
        "date_updated",
        "sid",
        "task_channel_sid",
        "task_channel_unique_name",
        "url",
        "worker_sid",
        "workspace_sid",
    }
    assert (channels[2]["configured_capacity"], channels[2]["available"]) == (1, True)
    assert (changed["configured_capacity"], changed["available"]) == (3, False)
    assert workspace.get(f"/Workers/{worker}/Channels/{changed['sid']}") == changed
    assert workspace.send("GET", f"/Workers/{worker}").headers["ETag"] == '"1"'
    assert workspace.send("GET", f"/Workers/{worker}/Channels/fax").status_code == 404


def members(workspace: WorkspaceClient, queue: str) -> list[str]:
    """List the workers eligible for a queue, page by page."""
    url, found = f"{workspace.url}/Workers?TaskQueueSid={queue}&PageSize=3", []
    while url:
        page = workspace.emulator.request("GET", url).json()
        found += [worker["sid"] for worker in page["workers"]]
        url = page["meta"]["next_page_url"]
    return found


ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "routing": st.fixed_dictionaries(
            {},
            optional={
                "skills": st.lists(st.sampled_from(["sales", "vip"]), unique=True),
                "levels": st.dictionaries(st.just("sales"), st.integers(1, 5)),
            },
        ),
        "languages": st.lists(st.sampled_from(["en", "es"]), unique=True),
        "team": st.sampled_from(["North", "East", 1, True, None]),
        "queues": st.lists(st.sampled_from(["WQ1", "WQ2"])),
    },
)
STEPS = st.lists(
    st.tuples(st.sampled_from(["worker", "gone", "queue"]), st.integers(0, 3), ATTRIBUTES),
    min_size=1,
    max_size=6,
)


class Centre:
    """Queues and workers of a workspace, with what their eligibility should be."""

    def __init__(self, workspace: WorkspaceClient) -> None:
        self.workspace = workspace
        for worker in workspace.get("/Workers")["workers"]:
            workspace.remove(f"/Workers/{worker['sid']}")
        for queue in workspace.get("/TaskQueues")["task_queues"]:
            workspace.remove(f"/TaskQueues/{queue['sid']}")
        self.queues = {
            workspace.make("TaskQueues", FriendlyName=text, TargetWorkers=text)["sid"]: text
            for text in EXPRESSIONS
        }
        self.workers: dict[int, str] = {}
        self.attributes: dict[str, dict[str, Any]] = {}

    def write_worker(self, number: int, attributes: dict[str, Any]) -> None:
        """Make or change a worker."""
        text = json.dumps(attributes)
        if number in self.workers:
            self.workspace.change(f"/Workers/{self.workers[number]}", Attributes=text)
        else:
            made = self.workspace.make("Workers", FriendlyName=f"w{number}", Attributes=text)
            self.workers[number] = made["sid"]
        self.attributes[self.workers[number]] = attributes

    def remove_worker(self, number: int, _attributes: object) -> None:
        """Delete a worker, if it is there."""
        if (sid := self.workers.pop(number, None)) is not None:
            del self.attributes[sid]
            self.workspace.remove(f"/Workers/{sid}")

    def change_queue(self, number: int, attributes: dict[str, Any]) -> None:
        """Give a queue another expression."""
        sid = list(self.queues)[number]
        self.queues[sid] = EXPRESSIONS[(number + len(repr(attributes))) % len(EXPRESSIONS)]
        self.workspace.change(f"/TaskQueues/{sid}", TargetWorkers=self.queues[sid])


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_eligibility_stays_true_through_any_changes(
    workspace: WorkspaceClient, steps: list[tuple[str, int, dict[str, Any]]]
) -> None:
    """After any changes of workers and expressions both lists say what the expressions say."""
    centre = Centre(workspace)
    actions = {
        "worker": centre.write_worker,
        "gone": centre.remove_worker,
        "queue": centre.change_queue,
    }
    for queue in centre.queues:
        assert members(workspace, queue) == []

    for action, number, attributes in steps:
        actions[action](number, attributes)

    for queue, text in centre.queues.items():
        matches = parse(text).matches
        expected = [sid for sid, value in centre.attributes.items() if matches(value)]
        assert members(workspace, queue) == expected
    for sid, value in centre.attributes.items():
        listed = workspace.get("/TaskQueues", WorkerSid=sid)["task_queues"]
        expected = [queue for queue, text in centre.queues.items() if parse(text).matches(value)]
        assert [queue["sid"] for queue in listed] == expected


def test_workers_are_found_by_every_filter(workspace: WorkspaceClient) -> None:
    """Name, activity, availability, queue and expression each keep the right workers."""
    available = workspace.get("/Activities", FriendlyName="Available")["activities"][0]["sid"]
    workspace.make("Workers", FriendlyName="a", Attributes='{"x":1}', ActivitySid=available)
    workspace.make("Workers", FriendlyName="b", Attributes='{"x":2}')
    workspace.make("TaskQueues", FriendlyName="Twos", TargetWorkers="x == 2")

    def names(**filters: str) -> list[str]:
        return [
            worker["friendly_name"] for worker in workspace.get("/Workers", **filters)["workers"]
        ]

    assert names(FriendlyName="a") == ["a"]
    assert names(ActivitySid=available) == ["a"]
    assert names(ActivityName="Offline") == ["b"]
    assert [names(Available=text) for text in ("true", "1", "Yes")] == [["a"]] * 3
    assert [names(Available=text) for text in ("false", "no", "x")] == [["b"]] * 3
    assert names(TaskQueueName="Twos") == ["b"]
    assert names(TaskQueueName="None") == []
    assert names(TargetWorkersExpression="x >= 1 AND activity_name == 'Available'") == ["a"]
    assert names(TargetWorkersExpression="friendly_name == 'b'", Available="false") == ["b"]
    assert names(Ordering="DateStatusChanged:desc", FriendlyName="a") == ["a"]
    assert "unexpected" in workspace.refusal("GET", "/Workers?TargetWorkersExpression=x%20y")


@pytest.mark.parametrize(
    ("collection", "key", "ordering"),
    [
        ("Workers", "workers", "DateStatusChanged:desc"),
        ("TaskQueues", "task_queues", "DateUpdated:desc"),
    ],
)
def test_ordered_pages_never_begin_again(
    workspace: WorkspaceClient, collection: str, key: str, ordering: str
) -> None:
    """A cursor whose record is deleted is refused: a page must not show again what was shown."""
    for number in range(4):
        workspace.make(collection, FriendlyName=f"n{number}")
    first = workspace.get(f"/{collection}", Ordering=ordering, PageSize=2)
    kept = workspace.emulator.request("GET", first["meta"]["next_page_url"]).json()
    shown = [item["friendly_name"] for item in (*first[key], *kept[key])]
    workspace.remove(f"/{collection}/{first[key][-1]['sid']}")
    answer = workspace.emulator.request("GET", first["meta"]["next_page_url"])

    assert sorted(shown) == ["n0", "n1", "n2", "n3"]
    assert (answer.status_code, answer.json()["code"]) == (400, 20001)


def test_the_filters_evaluated_on_request_are_limited(workspace: WorkspaceClient) -> None:
    """A fourth request within a second is 429/20429; the other lists are not limited."""

    def ask(path: str, **params: str) -> list[int]:
        return [workspace.send("GET", path, params=params).status_code for _ in range(4)]

    workspace.emulator.advance(2)
    assert ask("/TaskQueues", EvaluateWorkerAttributes='{"a":1}') == [200, 200, 200, 429]
    assert ask("/Workers", TargetWorkersExpression="1==1") == [200, 200, 200, 429]
    throttled = workspace.send("GET", "/Workers", params={"TargetWorkersExpression": "1==1"})
    assert throttled.json()["code"] == 20429
    workspace.emulator.advance(1.1)
    queue = workspace.make("TaskQueues", FriendlyName="Q")["sid"]
    assert ask("/Workers", TaskQueueSid=queue) == [200] * 4
    evaluated = workspace.get("/TaskQueues", EvaluateWorkerAttributes='{"a":1}')["task_queues"]
    assert [item["sid"] for item in evaluated] == [queue]


def test_the_sample_gives_each_queue_some_but_not_all(emulator: RunningEmulator) -> None:
    """Expressions over the sample's skills, levels and languages divide its workers."""
    emulator.reset(workers=100)
    workspaces = emulator.request("GET", TASKROUTER).json()["workspaces"]
    workspace = WorkspaceClient(emulator, workspaces[0]["sid"])
    for text in (
        'routing.skills HAS "billing"',
        'routing.skills HAS "sales" AND languages HAS "es"',
        "routing.levels.technical >= 3",
    ):
        queue = workspace.make("TaskQueues", FriendlyName=text, TargetWorkers=text)["sid"]
        assert 0 < len(members(workspace, queue)) < 100
