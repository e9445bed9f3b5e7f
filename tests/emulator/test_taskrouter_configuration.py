"""Workspaces, activities, channels, queues and workflows: defaults, rules and refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest

from twilio_emulator.testing import RunningEmulator

from .conftest import TASKROUTER, WorkspaceClient

COMMON = {"account_sid", "date_created", "date_updated", "sid", "url", "friendly_name"}
FIELDS: dict[str, set[str]] = {
    "": {
        "default_activity_name",
        "default_activity_sid",
        "event_callback_url",
        "events_filter",
        "links",
        "multi_task_enabled",
        "prioritize_queue_order",
        "timeout_activity_name",
        "timeout_activity_sid",
    },
    "Activities": {"available", "workspace_sid", "links"},
    "TaskChannels": {"channel_optimized_routing", "unique_name", "workspace_sid", "links"},
    "TaskQueues": {
        "assignment_activity_name",
        "assignment_activity_sid",
        "reservation_activity_name",
        "reservation_activity_sid",
        "max_reserved_workers",
        "target_workers",
        "task_order",
        "workspace_sid",
        "links",
    },
    "Workflows": {
        "assignment_callback_url",
        "fallback_assignment_callback_url",
        "configuration",
        "document_content_type",
        "task_reservation_timeout",
        "workspace_sid",
        "links",
    },
    "Workers": {
        "activity_name",
        "activity_sid",
        "attributes",
        "available",
        "date_status_changed",
        "workspace_sid",
        "links",
    },
}


def routing(queue: str, **target: Any) -> str:
    """Write a configuration with one filter, one target and a default queue."""
    one = {"filter_friendly_name": "one", "expression": "type == 'a'"}
    return json.dumps(
        {
            "task_routing": {
                "filters": [{**one, "targets": [{"queue": queue, **target}]}],
                "default_filter": {"queue": queue},
            }
        }
    )


@pytest.mark.parametrize("collection", FIELDS)
def test_answers_have_exactly_the_published_fields(flex: WorkspaceClient, collection: str) -> None:
    """Each resource shows the fields of Twilio's OpenAPI document, no more and no fewer."""
    path = f"/{collection}" if collection else ""
    body = flex.get(path)
    if collection:
        body = body[body["meta"]["key"]][0]

    assert set(body) == COMMON | FIELDS[collection]
    assert flex.emulator.request("GET", body["url"]).json() == body


def test_a_new_workspace_comes_with_activities_and_channels(workspace: WorkspaceClient) -> None:
    """Offline, Unavailable and Available, five channels, Offline as default; no queue."""
    activities = workspace.get("/Activities")["activities"]
    channels = workspace.get("/TaskChannels")["channels"]
    body = workspace.get()

    assert [(a["friendly_name"], a["available"]) for a in activities] == [
        ("Offline", False),
        ("Unavailable", False),
        ("Available", True),
    ]
    for text, listed in (("yes", activities[2:]), ("no", activities[:2])):
        assert workspace.get("/Activities", Available=text)["activities"] == listed
    assert [c["unique_name"] for c in channels] == ["default", "voice", "chat", "sms", "video"]
    assert body["default_activity_sid"] == body["timeout_activity_sid"] == activities[0]["sid"]
    assert body["default_activity_name"] == "Offline"
    assert (body["event_callback_url"], body["events_filter"]) == ("", None)
    assert (body["multi_task_enabled"], body["prioritize_queue_order"]) == (True, "FIFO")
    assert workspace.get("/TaskQueues")["task_queues"] == []
    assert workspace.get("/Workflows")["workflows"] == []


def test_the_fifo_template_adds_a_queue_and_a_workflow(emulator: RunningEmulator) -> None:
    """Template=FIFO makes one queue and one workflow that sends everything to it."""
    made = emulator.request(
        "POST", TASKROUTER, data={"FriendlyName": "Templated", "Template": "FIFO"}
    )
    client = WorkspaceClient(emulator, made.json()["sid"])
    queues, workflows = client.get("/TaskQueues"), client.get("/Workflows")

    assert len(queues["task_queues"]) == len(workflows["workflows"]) == 1
    assert queues["task_queues"][0]["sid"] in workflows["workflows"][0]["configuration"]
    client.remove("")
    assert client.send("GET").status_code == 404
    assert client.send("GET", "/TaskQueues").status_code == 404


def test_a_workspace_is_changed_and_cleared(workspace: WorkspaceClient) -> None:
    """Given properties change, others stay, and an empty string clears the callback."""
    available = workspace.get("/Activities", FriendlyName="Available")["activities"][0]["sid"]
    changed = workspace.change(
        "",
        EventCallbackUrl="https://events.example.com/hook",
        EventsFilter="worker.created, worker.deleted",
        DefaultActivitySid=available,
        PrioritizeQueueOrder="LIFO",
    )
    cleared = workspace.change("", EventCallbackUrl="", EventsFilter="")

    assert changed["events_filter"] == "worker.created, worker.deleted"
    assert changed["default_activity_name"] == "Available"
    assert (cleared["event_callback_url"], cleared["events_filter"]) == ("", "")
    assert cleared["prioritize_queue_order"] == "LIFO"
    assert "does not exist" in workspace.refusal("POST", DefaultActivitySid="WA" + "0" * 32)
    assert "multitasking" in workspace.refusal("POST", MultiTaskEnabled="false")


def test_an_activity_in_use_is_kept(workspace: WorkspaceClient) -> None:
    """The default activity, a worker's and a queue's cannot be deleted; a free one can."""
    default = workspace.get()["default_activity_sid"]
    of_worker = workspace.make("Activities", FriendlyName="of a worker")["sid"]
    of_queue = workspace.make("Activities", FriendlyName="of a queue")["sid"]
    worker = workspace.make("Workers", FriendlyName="w", ActivitySid=of_worker)["sid"]
    workspace.make("TaskQueues", FriendlyName="q", ReservationActivitySid=of_queue)

    assert "default or the timeout" in workspace.refusal("DELETE", f"/Activities/{default}")
    assert worker in workspace.refusal("DELETE", f"/Activities/{of_worker}")
    assert "task queue WQ" in workspace.refusal("DELETE", f"/Activities/{of_queue}")
    workspace.change(f"/Workers/{worker}", ActivitySid=default)
    workspace.remove(f"/Activities/{of_worker}")
    assert workspace.send("DELETE", f"/Activities/{of_worker}").status_code == 404


def test_availability_of_an_activity_cannot_change(workspace: WorkspaceClient) -> None:
    """Available on an update is accepted and ignored."""
    activity = workspace.make("Activities", FriendlyName="Lunch")

    changed = workspace.change(
        f"/Activities/{activity['sid']}", Available="true", FriendlyName="Break"
    )

    assert (changed["available"], changed["friendly_name"]) == (False, "Break")


def test_a_workspace_has_at_most_100_activities(workspace: WorkspaceClient) -> None:
    """The 101st activity is refused."""
    for number in range(97):
        workspace.make("Activities", FriendlyName=f"a{number}")

    assert "100 activities" in workspace.refusal("POST", "/Activities", FriendlyName="one more")


def test_task_channels_have_unique_names(workspace: WorkspaceClient) -> None:
    """A channel is found by SID and unique name; names are checked; default stays."""
    made = workspace.make("TaskChannels", FriendlyName="Fax", UniqueName="fax_1")
    changed = workspace.change("/TaskChannels/fax_1", ChannelOptimizedRouting="true")

    assert made["channel_optimized_routing"] is False
    assert changed == {**made, "channel_optimized_routing": True}
    assert workspace.get(f"/TaskChannels/{made['sid']}") == changed
    for name, reason in (("fax_1", "exists"), ("fax-2", "may only"), ("1fax", "may only")):
        assert reason in workspace.refusal(
            "POST", "/TaskChannels", FriendlyName="Fax", UniqueName=name
        )
    assert "Unknown parameter UniqueName" in workspace.refusal(
        "POST", "/TaskChannels/fax_1", UniqueName="other"
    )
    assert "default" in workspace.refusal("DELETE", "/TaskChannels/default")
    workspace.remove("/TaskChannels/fax_1")
    assert workspace.send("GET", "/TaskChannels/fax_1").status_code == 404


def test_queue_defaults_and_clearing(workspace: WorkspaceClient) -> None:
    """A queue is for everyone, one reservation, FIFO; an empty activity clears it."""
    activity = workspace.get("/Activities")["activities"][1]
    queue = workspace.make("TaskQueues", FriendlyName="Q", AssignmentActivitySid=activity["sid"])
    cleared = workspace.change(f"/TaskQueues/{queue['sid']}", AssignmentActivitySid="")

    assert (queue["target_workers"], queue["max_reserved_workers"]) == ("1==1", 1)
    assert queue["task_order"] == "FIFO"
    assert queue["assignment_activity_name"] == activity["friendly_name"]
    assert queue["links"]["assignment_activity"] == activity["url"]
    assert cleared["assignment_activity_sid"] is None
    assert "assignment_activity" not in cleared["links"]
    assert "does not exist" in workspace.refusal(
        "POST", f"/TaskQueues/{queue['sid']}", ReservationActivitySid="WA" + "1" * 32
    )
    assert "hyphens" in workspace.refusal(
        "POST", f"/TaskQueues/{queue['sid']}", TargetWorkers="a-b == 1"
    )


def test_a_queue_of_a_workflow_is_kept(workspace: WorkspaceClient) -> None:
    """A queue can be deleted once no workflow names it."""
    first = workspace.make("TaskQueues", FriendlyName="first")["sid"]
    second = workspace.make("TaskQueues", FriendlyName="second")["sid"]
    workflow = workspace.make("Workflows", FriendlyName="W", Configuration=routing(first))["sid"]

    assert workflow in workspace.refusal("DELETE", f"/TaskQueues/{first}")
    workspace.change(f"/Workflows/{workflow}", Configuration=routing(second))
    workspace.remove(f"/TaskQueues/{first}")
    workspace.remove(f"/Workflows/{workflow}")
    workspace.remove(f"/TaskQueues/{second}")


def test_workflow_defaults_and_update(workspace: WorkspaceClient) -> None:
    """A workflow keeps its configuration's text and reads back Twilio's defaults."""
    queue = workspace.make("TaskQueues", FriendlyName="Q")["sid"]
    text = routing(queue, timeout="30", priority=5, skip_if="workers.available")
    made = workspace.make("Workflows", FriendlyName="W", Configuration=text)
    changed = workspace.change(
        f"/Workflows/{made['sid']}",
        TaskReservationTimeout=60,
        ReEvaluateTasks="true",
        AssignmentCallbackUrl="https://example.com/assign",
    )

    assert made["configuration"] == text
    assert made["task_reservation_timeout"] == 120
    assert made["document_content_type"] == "application/json"
    assert changed["task_reservation_timeout"] == 60
    assert changed["assignment_callback_url"] == "https://example.com/assign"
    assert changed["configuration"] == text
    assert "86400" in workspace.refusal(
        "POST", f"/Workflows/{made['sid']}", TaskReservationTimeout=86401
    )


@pytest.mark.parametrize(
    ("configuration", "reason"),
    [
        ("{", "not valid JSON"),
        ("[]", "task_routing must be an object"),
        ('{"task_routing": {"filters": {}}}', "filters must be an array"),
        ('{"task_routing": {"filters": [{"targets": []}]}}', "filters[0].expression"),
        ('{"task_routing": {"filters": [{"expression": "a b", "targets": []}]}}', "unexpected 'b'"),
        ('{"task_routing": {"filters": [{"expression": "1==1", "targets": []}]}}', "is empty"),
        (
            '{"task_routing": {"filters": [{"expression": "1==1", "targets": [{}]}]}}',
            "targets[0].queue must be a string",
        ),
        ('{"task_routing": {"default_filter": {"queue": "WQ1"}}}', "'WQ1' does not exist"),
    ],
)
def test_a_wrong_workflow_configuration_is_refused(
    workspace: WorkspaceClient, configuration: str, reason: str
) -> None:
    """A configuration is refused with the place and the reason, and nothing is made."""
    message = workspace.refusal("POST", "/Workflows", FriendlyName="W", Configuration=configuration)

    assert reason in message
    assert workspace.get("/Workflows")["workflows"] == []


def test_a_timeout_that_is_no_number_is_refused(workspace: WorkspaceClient) -> None:
    """Timeouts and priorities are whole numbers, as numbers or as text."""
    queue = workspace.make("TaskQueues", FriendlyName="Q")["sid"]

    for wrong in ("soon", -1, 1.5):
        assert "timeout must be a number" in workspace.refusal(
            "POST", "/Workflows", FriendlyName="W", Configuration=routing(queue, timeout=wrong)
        )


def test_parts_of_one_workspace_are_not_found_in_another(
    flex: WorkspaceClient, workspace: WorkspaceClient
) -> None:
    """A SID is only found below its own workspace."""
    queue = workspace.make("TaskQueues", FriendlyName="Q")["sid"]

    assert flex.send("GET", f"/TaskQueues/{queue}").status_code == 404
    assert flex.send("DELETE", f"/TaskQueues/{queue}").status_code == 404
    assert workspace.get(f"/TaskQueues/{queue}")["sid"] == queue


def test_lists_are_filtered_by_name(workspace: WorkspaceClient) -> None:
    """FriendlyName keeps exact matches only."""
    for name in ("Sales", "Sales EMEA", "Sales"):
        workspace.make("TaskQueues", FriendlyName=name)

    assert len(workspace.get("/TaskQueues", FriendlyName="Sales")["task_queues"]) == 2
    assert workspace.get("/TaskQueues", FriendlyName="sales")["task_queues"] == []
