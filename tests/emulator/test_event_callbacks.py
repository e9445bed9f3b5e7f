"""Workspace events: their fields, signature, delivery, and the Events list."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from twilio.request_validator import RequestValidator

from twilio_emulator.taskrouter.events.types import EVENT_TYPES
from twilio_emulator.testing import wait_for

from .conftest import TASKROUTER, WorkspaceClient
from .receiver import Receiver, receiving

COMMON = {
    "EventType",
    "AccountSid",
    "WorkspaceSid",
    "WorkspaceName",
    "EventDescription",
    "ResourceType",
    "ResourceSid",
    "Sid",
    "Timestamp",
    "TimestampMs",
}
WORKER = {
    "OperatingUnitSid",
    "WorkerSid",
    "WorkerName",
    "WorkerAttributes",
    "WorkerActivitySid",
    "WorkerActivityName",
    "WorkerVersion",
}
QUEUE = {"OperatingUnitSid", "TaskQueueSid", "TaskQueueName", "TaskQueueTargetExpression"}
CHANNEL = {"TaskChannelSid", "TaskChannelName", "TaskChannelUniqueName"}
CAPACITY = {
    "WorkerChannelAvailable",
    "WorkerChannelAvailableCapacity",
    "WorkerChannelPreviousCapacity",
    "WorkerChannelTaskCount",
    "TaskChannelSid",
    "TaskChannelUniqueName",
}
PREVIOUS = {
    "WorkerPreviousActivitySid",
    "WorkerPreviousActivityName",
    "WorkerTimeInPreviousActivity",
    "WorkerTimeInPreviousActivityMs",
}
FIELDS = {
    "activity": {"ActivitySid", "ActivityName", "ActivityAvailable"},
    "task-channel": CHANNEL | {"TaskChannelOptimizedRouting"},
    "task-queue": QUEUE,
    "worker": WORKER,
    "worker.activity.update": WORKER | PREVIOUS,
    "worker.capacity.update": WORKER | CAPACITY,
    "worker.channel.availability.update": WORKER | CAPACITY,
    "workflow": {"WorkflowSid", "WorkflowName"},
    "workspace": set[str](),
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Run a receiver for one test."""
    with receiving() as made:
        yield made


@pytest.fixture
def heard(workspace: WorkspaceClient, receiver: Receiver) -> Receiver:
    """Return a receiver that the workspace posts all its events to."""
    workspace.change("", EventCallbackUrl=receiver.url)
    receiver.wait("workspace.updated")
    return receiver


def test_every_configuration_event_has_its_fields(
    workspace: WorkspaceClient, heard: Receiver
) -> None:
    """Creating, changing and deleting each resource posts its event with the known fields."""
    available = workspace.get("/Activities", FriendlyName="Available")["activities"][0]["sid"]
    for collection, data, change in (
        ("Activities", {}, {"FriendlyName": "y"}),
        ("TaskChannels", {"UniqueName": "x"}, {"FriendlyName": "y"}),
        ("TaskQueues", {}, {"TargetWorkers": "a == 'b'"}),
        ("Workflows", {"Configuration": '{"task_routing":{}}'}, {"FriendlyName": "y"}),
        ("Workers", {"Attributes": '{"u":"a/b"}'}, {"Attributes": '{"u":"c/d"}'}),
    ):
        made = workspace.make(collection, FriendlyName="x", **data)["sid"]
        workspace.change(f"/{collection}/{made}", **change)
        if collection == "Workers":
            workspace.change(f"/Workers/{made}", ActivitySid=available)
            workspace.change(f"/Workers/{made}/Channels/chat", Capacity=2, Available="false")
        workspace.remove(f"/{collection}/{made}")
    workspace.remove("")
    handled = {"task", "reservation"}
    expected = {
        name
        for name in EVENT_TYPES
        if name.partition(".")[0] not in handled
        and name.partition(".")[2] not in {"entered", "timeout", "moved", "skipped"}
        and name not in {"workflow.target-matched", "workspace.created"}
    }
    heard.wait(*sorted(expected))

    for event in heard.events:
        kind = event["EventType"]
        assert set(event) == COMMON | FIELDS.get(kind, FIELDS[kind.partition(".")[0]]), kind
        assert event["ResourceType"] == kind.partition(".")[0].replace("-", "")
        assert event["Sid"].startswith("EV")
        assert event["TimestampMs"].startswith(event["Timestamp"])
        assert event["WorkspaceSid"] == workspace.sid


def test_the_workspaces_own_creation_is_posted(
    workspace: WorkspaceClient, receiver: Receiver
) -> None:
    """A workspace made with a callback address posts workspace.created there."""
    made = workspace.emulator.request(
        "POST", TASKROUTER, data={"FriendlyName": "New", "EventCallbackUrl": receiver.url}
    ).json()
    event = receiver.wait("workspace.created")

    assert set(event) == COMMON
    assert event["ResourceSid"] == event["WorkspaceSid"] == made["sid"]


def test_recorded_texts_of_queue_and_worker_events(
    workspace: WorkspaceClient, heard: Receiver
) -> None:
    """Descriptions, versions and escaped attributes read as in recorded callbacks."""
    queue = workspace.make("TaskQueues", FriendlyName="Q")["sid"]
    workspace.change(f"/TaskQueues/{queue}", TargetWorkers="a == 1")
    worker = workspace.make("Workers", FriendlyName="w")["sid"]
    workspace.change(f"/Workers/{worker}", Attributes='{"u": "a/b"}')
    created = heard.wait("task-queue.created")
    updated = heard.wait("task-queue.expression.updated")
    born = heard.wait("worker.created")
    changed = heard.wait("worker.attributes.update")

    assert created["EventDescription"] == f"TaskQueue {queue} created"
    assert created["TaskQueueTargetExpression"] == "1==1"
    assert updated["EventDescription"] == f"TaskQueue {queue} expression updated to 'a == 1'"
    assert updated["ResourceType"] == "taskqueue"
    assert (born["EventDescription"], born["WorkerVersion"]) == ("Worker w created", "0")
    assert (changed["WorkerVersion"], changed["WorkerAttributes"]) == ("1", '{"u":"a\\/b"}')
    assert json.loads(changed["WorkerAttributes"]) == {"u": "a/b"}
    assert changed["EventDescription"] == 'Worker w updated attributes to {"u":"a\\/b"}'


def test_only_what_changed_is_an_event(workspace: WorkspaceClient, heard: Receiver) -> None:
    """A renamed queue and unchanged attributes are no events."""
    queue = workspace.make("TaskQueues", FriendlyName="Q")["sid"]
    worker = workspace.make("Workers", FriendlyName="w", Attributes='{"a":1}')["sid"]
    workspace.change(f"/TaskQueues/{queue}", FriendlyName="R", TargetWorkers="1==1")
    workspace.change(f"/Workers/{worker}", Attributes='{ "a": 1 }', FriendlyName="v")
    workspace.remove(f"/Workers/{worker}")
    heard.wait("worker.deleted")

    assert set(heard.types()) == {
        "workspace.updated",
        "task-queue.created",
        "worker.created",
        "worker.deleted",
    }


def test_the_filter_decides_what_is_posted(workspace: WorkspaceClient, receiver: Receiver) -> None:
    """Only types of the filter arrive, with or without spaces; the Events list has all."""
    workspace.change(
        "", EventCallbackUrl=receiver.url, EventsFilter="worker.created, task-queue.deleted"
    )
    queue = workspace.make("TaskQueues", FriendlyName="Q")["sid"]
    workspace.make("Workers", FriendlyName="w")
    workspace.remove(f"/TaskQueues/{queue}")
    receiver.wait("worker.created", "task-queue.deleted")

    assert sorted(receiver.types()) == ["task-queue.deleted", "worker.created"]
    listed = [event["event_type"] for event in workspace.get("/Events")["events"]]
    assert listed[:4] == [
        "task-queue.deleted",
        "worker.created",
        "task-queue.created",
        "workspace.updated",
    ]


def test_a_callback_is_signed_like_twilios(workspace: WorkspaceClient, heard: Receiver) -> None:
    """Twilio's own validator accepts the signature, of the address with its query."""
    workspace.make("Workers", FriendlyName="Zoë & co", Attributes='{"é":"+"}')
    event = heard.wait("worker.created")
    headers = heard.headers[heard.events.index(event)]
    validator = RequestValidator(workspace.emulator.auth_token)

    assert validator.validate(heard.url, event, headers["x-twilio-signature"])
    assert not validator.validate(heard.url, {**event, "Sid": "EV1"}, headers["x-twilio-signature"])
    assert headers["i-twilio-idempotency-token"]
    assert headers["content-type"].startswith("application/x-www-form-urlencoded")


def test_slow_receivers_do_not_queue_serially(workspace: WorkspaceClient, heard: Receiver) -> None:
    """At least 20 callbacks are under way at once: each waits until 20 have arrived."""
    together = threading.Barrier(20, timeout=15)
    heard.before_answer = lambda: together.wait()
    here = f":{heard.server.server_port}$"
    workspace.emulator.clear_journal()
    with ThreadPoolExecutor(8) as pool:
        names = [f"w{number}" for number in range(20)]
        list(pool.map(lambda name: workspace.make("Workers", FriendlyName=name), names))
    delivered = wait_for(
        lambda: (
            len(found := workspace.emulator.journal(kind="callback", host=here)) == 20 and found
        ),
        what="20 answers",
    )

    assert not together.broken
    assert [entry["status"] for entry in delivered] == [204] * 20


def test_an_answer_ends_the_delivery_whatever_it_is(
    workspace: WorkspaceClient, heard: Receiver
) -> None:
    """A receiver's 500 is not tried again."""
    heard.status = 500
    workspace.make("Workers", FriendlyName="w1")
    heard.wait("worker.created")
    heard.status = 204
    workspace.make("TaskQueues", FriendlyName="Q")
    heard.wait("task-queue.created")

    assert heard.types().count("worker.created") == 1


def test_a_receiver_that_is_away_does_not_fail_the_request(workspace: WorkspaceClient) -> None:
    """With nobody listening the change is made, and the journal shows the failed callback."""
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/away#rc=1"
        workspace.change("", EventCallbackUrl=url)
        made = workspace.make("Workers", FriendlyName="w")["sid"]
        failed = wait_for(
            lambda: [
                entry
                for entry in workspace.emulator.journal(kind="callback", path="^/away$")
                if entry["params"]["EventType"] == "worker.created"
            ],
            what="the failed callback",
        )

    assert failed[0]["status"] is None
    assert workspace.get(f"/Workers/{made}")["sid"] == made


def test_events_can_be_lost_and_delayed_on_demand(
    workspace: WorkspaceClient, heard: Receiver
) -> None:
    """A fault by event type keeps a callback from being sent, or sends it late."""
    emulator = workspace.emulator
    with (
        emulator.fault(event_type="worker.created", drop=True),
        emulator.fault(event_type="worker.deleted", latency_ms=150),
    ):
        worker = workspace.make("Workers", FriendlyName="w")["sid"]
        workspace.remove(f"/Workers/{worker}")
        workspace.make("TaskQueues", FriendlyName="Q")
        heard.wait("task-queue.created", "worker.deleted")

    assert heard.types()[-2:] == ["task-queue.created", "worker.deleted"]
    assert "worker.created" not in heard.types()


def test_a_functions_domain_is_served_by_the_emulator(workspace: WorkspaceClient) -> None:
    """A callback to *.twil.io goes to the emulated functions, never to the network."""
    workspace.change("", EventCallbackUrl="https://nothing-1234.twil.io/event-handler")
    workspace.make("Workers", FriendlyName="w")
    found = wait_for(
        lambda: workspace.emulator.journal(kind="function", host="^nothing-1234.twil.io$"),
        what="the function call",
    )

    assert found[0]["path"] == "/event-handler"
    assert found[0]["status"] == 404


def test_events_are_listed_and_found(workspace: WorkspaceClient) -> None:
    """Events are filtered by type, resource and time, and are fetched one by one."""
    worker = workspace.make("Workers", FriendlyName="w")["sid"]
    workspace.make("Workers", FriendlyName="v")
    found = workspace.get("/Events", WorkerSid=worker, EventType="worker.created")["events"]

    assert [event["resource_sid"] for event in found] == [worker]
    assert found[0]["event_data"]["worker_name"] == "w"
    assert found[0]["resource_url"] == f"{workspace.url}/Workers/{worker}"
    assert workspace.get(f"/Events/{found[0]['sid']}") == found[0]
    workspace.emulator.advance(16 * 60)
    assert workspace.get("/Events")["events"] == []
    assert len(workspace.get("/Events", Minutes=60, WorkerSid=worker)["events"]) == 1
