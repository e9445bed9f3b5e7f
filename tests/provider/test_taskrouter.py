"""What is special about the TaskRouter and Sync resources."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2

from pulumi_twilio.declarations.special import UNKNOWN, Secret
from pulumi_twilio.provider.codec import encode
from tests.provider.plugin import CheckFailed, Failed, Resource, running_plugin, urn
from tests.provider.stage import WORKSPACES, Stage, running_stage, sid_of
from twilio_emulator.testing import wait_for

WORKSPACE, SETTINGS = "twilio:taskrouter:Workspace", "twilio:taskrouter:WorkspaceSettings"
ACTIVITY, CHANNEL = "twilio:taskrouter:Activity", "twilio:taskrouter:TaskChannel"
QUEUE, WORKFLOW, WORKER = (f"twilio:taskrouter:{x}" for x in ("TaskQueue", "Workflow", "Worker"))


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """An emulated account for this file's tests."""
    with running_stage() as running:
        yield running


@pytest.fixture
def workspace_sid(stage: Stage) -> Iterator[str]:
    """A workspace of the test's own."""
    yield sid_of(stage.plugin.create(WORKSPACE, {"friendlyName": stage.name("workspace")}))
    stage.emulator.clear_faults()


def queue(stage: Stage, workspace_sid: str, **more: Any) -> Resource:
    """Create a queue."""
    inputs = {"workspaceSid": workspace_sid, "friendlyName": stage.name("queue"), **more}
    return stage.plugin.create(QUEUE, inputs)


def workflow(stage: Stage, workspace_sid: str, queue_sid: str) -> Resource:
    """Create a workflow that sends everything to a queue."""
    routing = {"task_routing": {"default_filter": {"queue": queue_sid}}}
    named = {"workspaceSid": workspace_sid, "friendlyName": stage.name("workflow")}
    return stage.plugin.create(WORKFLOW, {**named, "configuration": routing})


def worker(stage: Stage, workspace_sid: str, **more: Any) -> Resource:
    """Create a worker."""
    inputs = {"workspaceSid": workspace_sid, "friendlyName": stage.name("worker"), **more}
    return stage.plugin.create(WORKER, inputs)


def url_of(made: Resource, collection: str) -> str:
    """Return the address of a resource below its workspace."""
    workspace_sid, sid = made.id.split("/")
    return f"{WORKSPACES}/{workspace_sid}/{collection}/{sid}"


def test_a_namesake_is_named_with_its_import_line(stage: Stage, workspace_sid: str) -> None:
    """A create that finds one of its name prints the import line and makes no second one."""
    first = queue(stage, workspace_sid, friendlyName="Sales")

    with pytest.raises(Failed, match=f"pulumi import {QUEUE} sales {first.id}"):
        stage.plugin.create(
            QUEUE, {"workspaceSid": workspace_sid, "friendlyName": "Sales"}, name="sales"
        )

    listed = stage.get(f"{WORKSPACES}/{workspace_sid}/TaskQueues")["task_queues"]
    assert [each["sid"] for each in listed] == [sid_of(first)]


def test_a_lost_answer_keeps_the_new_resource(stage: Stage, workspace_sid: str) -> None:
    """When the answer to a create is lost, the resource made is found by its name and kept."""
    with stage.emulator.fault(kind="api", method="POST", path="TaskQueues", drop=True, after=True):
        made = queue(stage, workspace_sid, friendlyName="Sales")

    listed = stage.get(f"{WORKSPACES}/{workspace_sid}/TaskQueues")["task_queues"]
    assert [each["sid"] for each in listed] == [sid_of(made)]


def test_an_update_sends_what_changed_alone(stage: Stage, workspace_sid: str) -> None:
    """One limit 1 -> 5 is one path in the diff and one field of one request."""
    made = queue(stage, workspace_sid)
    changed = {**made.inputs, "maxReservedWorkers": 5}
    stage.emulator.clear_journal()

    assert stage.plugin.diff(made, changed).paths == {"maxReservedWorkers": "ADD"}
    stage.plugin.update(made, changed)

    (entry,) = stage.emulator.journal(kind="api", method="POST")
    assert entry["params"] == {"MaxReservedWorkers": "5"}


def test_removed_properties_go_back_to_what_twilio_assumes(
    stage: Stage, workspace_sid: str
) -> None:
    """Each optional property, removed, reads at Twilio as on a fresh queue."""
    activity = stage.plugin.create(
        ACTIVITY, {"workspaceSid": workspace_sid, "friendlyName": "Reserved"}
    )
    made = queue(
        stage,
        workspace_sid,
        targetWorkers="a == 1",
        maxReservedWorkers=50,
        taskOrder="LIFO",
        reservationActivitySid=sid_of(activity),
    )

    names = ("workspaceSid", "friendlyName")
    stage.plugin.update(made, {name: made.inputs[name] for name in names})

    live = stage.get(url_of(made, "TaskQueues"))
    assert live["target_workers"] == "1==1"
    assert live["max_reserved_workers"] == 1
    assert live["task_order"] == "FIFO"
    assert not live["reservation_activity_sid"]


def test_drift_shows_in_inputs_and_outputs(stage: Stage, workspace_sid: str) -> None:
    """What somebody changed by hand shows after a refresh, and an update repairs it."""
    made = queue(stage, workspace_sid)
    stage.post(url_of(made, "TaskQueues"), {"MaxReservedWorkers": "9"})

    live = stage.plugin.read(made)

    assert live is not None
    assert live.inputs["maxReservedWorkers"] == live.outputs["maxReservedWorkers"] == 9
    assert stage.plugin.diff(live, made.inputs).paths == {"maxReservedWorkers": "DELETE"}
    stage.plugin.update(live, made.inputs)
    assert stage.get(url_of(made, "TaskQueues"))["max_reserved_workers"] == 1


def test_an_expression_twilio_refuses_is_reported_in_its_words(
    stage: Stage, workspace_sid: str
) -> None:
    """Twilio validates expressions; its answer names the queue and the reason."""
    with pytest.raises(Failed, match=r"create TaskQueue 'Broken'.*400") as caught:
        queue(stage, workspace_sid, friendlyName="Broken", targetWorkers="skills HAS (")

    assert "Traceback" not in str(caught.value)


def test_a_refused_delete_is_repeated_until_the_work_is_gone(
    stage: Stage, workspace_sid: str
) -> None:
    """A queue a workflow still names is deleted as soon as the workflow is gone."""
    busy = queue(stage, workspace_sid)
    blocking = workflow(stage, workspace_sid, sid_of(busy))
    stage.emulator.clear_journal()

    with ThreadPoolExecutor(1) as pool:
        deleting = pool.submit(stage.plugin.delete, busy, 30)
        wait_for(lambda: stage.requests("DELETE"), what="the first refusal")
        stage.plugin.delete(blocking)
        deleting.result(30)

    assert stage.plugin.read(busy) is None


def test_a_delete_that_stays_refused_fails_with_the_reason(
    stage: Stage, workspace_sid: str
) -> None:
    """After the stated time the reason Twilio gave and the time are told."""
    busy = queue(stage, workspace_sid)
    workflow(stage, workspace_sid, sid_of(busy))

    with pytest.raises(Failed, match=r"400.*tried for 0\.2 s and is still in use"):
        stage.plugin.delete(busy, timeout=0.2)


def test_cancelling_ends_the_wait(stage: Stage, workspace_sid: str) -> None:
    """A cancelled update does not sit out the time of a refused delete."""
    busy = queue(stage, workspace_sid)
    workflow(stage, workspace_sid, sid_of(busy))
    stage.emulator.clear_journal()
    with running_plugin() as plugin, ThreadPoolExecutor(1) as pool:
        plugin.configure(config(stage))
        deleting = pool.submit(plugin.delete, busy, 600)
        wait_for(lambda: stage.requests("DELETE"), what="the first refusal")

        plugin.cancel()

        with pytest.raises(Failed):
            deleting.result(10)


def config(stage: Stage, **more: str) -> dict[str, str]:
    """Make the configuration for the stage's account."""
    account = {"accountSid": stage.emulator.account_sid, "authToken": stage.emulator.auth_token}
    return {**account, "baseUrl": stage.emulator.base_url, **more}


def test_settings_put_back_the_former_activities(stage: Stage, workspace_sid: str) -> None:
    """Deleting the settings restores what the workspace had before."""
    url = f"{WORKSPACES}/{workspace_sid}"
    before = stage.get(url)
    ready = stage.plugin.create(ACTIVITY, {"workspaceSid": workspace_sid, "friendlyName": "Ready"})

    made = stage.plugin.create(
        SETTINGS, {"workspaceSid": workspace_sid, "defaultActivitySid": sid_of(ready)}
    )
    during = stage.get(url)["default_activity_sid"]
    stage.plugin.delete(made)

    assert during == sid_of(ready)
    assert stage.get(url)["default_activity_sid"] == before["default_activity_sid"]


def test_settings_somebody_changed_since_are_left_alone(stage: Stage, workspace_sid: str) -> None:
    """Deleting the settings does not undo another's choice."""
    url = f"{WORKSPACES}/{workspace_sid}"
    ready, other = (
        sid_of(stage.plugin.create(ACTIVITY, {"workspaceSid": workspace_sid, "friendlyName": name}))
        for name in ("Ready", "Other")
    )
    made = stage.plugin.create(
        SETTINGS, {"workspaceSid": workspace_sid, "defaultActivitySid": ready}
    )
    stage.post(url, {"DefaultActivitySid": other})

    stage.plugin.delete(made)

    assert stage.get(url)["default_activity_sid"] == other


def test_a_workers_queues_are_left_alone(stage: Stage, workspace_sid: str) -> None:
    """What the worker-queue sync writes is neither drift nor overwritten by an update."""
    made = worker(stage, workspace_sid, attributes={"skills": ["sales"], "old": 1})
    url = url_of(made, "Workers")
    synced = {"skills": ["sales"], "old": 1, "queues": ["WQ1"], "queues_digest": "abc"}
    stage.post(url, {"Attributes": json.dumps(synced)})

    live = stage.plugin.read(made)
    assert live is not None
    assert live.inputs == made.inputs
    stage.plugin.update(live, {**made.inputs, "attributes": {"skills": ["support"]}})

    kept = json.loads(stage.get(url)["attributes"])
    assert kept == {"skills": ["support"], "queues": ["WQ1"], "queues_digest": "abc"}


def test_concurrent_attribute_changes_are_not_lost(stage: Stage, workspace_sid: str) -> None:
    """An update and somebody else's conditional writes both last."""
    made = worker(stage, workspace_sid, attributes={"level": 0})
    url = url_of(made, "Workers")
    started, stop = threading.Event(), threading.Event()

    def write_by_hand() -> int:
        written = 0
        while not stop.is_set():
            answer = stage.emulator.request("GET", url)
            attributes = {**json.loads(answer.json()["attributes"]), f"by_hand_{written}": True}
            etag = {"If-Match": answer.headers["ETag"]}
            form = {"Attributes": json.dumps(attributes)}
            written += stage.emulator.request("POST", url, data=form, headers=etag).is_success
            started.set()
        return written

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write_by_hand)
        started.wait(10)
        stage.plugin.update(made, {**made.inputs, "attributes": {"level": 7}})
        stop.set()
        written = writing.result(10)

    final = json.loads(stage.get(url)["attributes"])
    assert final == {"level": 7, **{f"by_hand_{number}": True for number in range(written)}}


def test_a_workers_activity_is_the_workers_own(stage: Stage, workspace_sid: str) -> None:
    """A program that names no activity sees none, however often the worker changes it."""
    made = worker(stage, workspace_sid)
    activities = stage.get(f"{WORKSPACES}/{workspace_sid}/Activities")["activities"]
    available = next(each["sid"] for each in activities if each["available"])
    stage.post(url_of(made, "Workers"), {"ActivitySid": available})

    live = stage.plugin.read(made)

    assert live is not None
    assert live.inputs == made.inputs
    assert not stage.plugin.diff(live, made.inputs).changed


def test_re_evaluation_goes_along_but_is_no_change(stage: Stage, workspace_sid: str) -> None:
    """Re-evaluation alone changes nothing; with a changed workflow it is sent."""
    made = workflow(stage, workspace_sid, sid_of(queue(stage, workspace_sid)))
    asked = {**made.inputs, "reEvaluateTasks": True}
    assert not stage.plugin.diff(made, asked).changed
    stage.emulator.clear_journal()

    stage.plugin.update(made, {**asked, "taskReservationTimeout": 30})

    (entry,) = stage.emulator.journal(kind="api", method="POST")
    assert entry["params"] == {"TaskReservationTimeout": "30", "ReEvaluateTasks": "true"}


def test_secret_inputs_stay_secret(stage: Stage, workspace_sid: str) -> None:
    """A secret within a configuration is secret in inputs and outputs, refreshed or not."""
    callback = Secret("https://example.com/assign?key=hunter2")
    made = stage.plugin.create(
        WORKFLOW,
        {
            "workspaceSid": workspace_sid,
            "friendlyName": "Secret",
            "configuration": {"task_routing": {"filters": []}},
            "assignmentCallbackUrl": callback,
        },
    )

    live = stage.plugin.read(made)

    assert live is not None
    for values in (made.inputs, made.outputs, live.inputs, live.outputs):
        assert values["assignmentCallbackUrl"] == callback


def test_a_secret_never_shows_in_an_error(stage: Stage) -> None:
    """An error that would repeat a secret input says [secret] instead."""
    with pytest.raises(Failed) as caught:
        stage.plugin.create(
            QUEUE,
            {"workspaceSid": "WS" + "0" * 32, "friendlyName": Secret("hunter2")},
        )

    assert "hunter2" not in str(caught.value)
    assert "[secret]" in str(caught.value)


def test_a_preview_of_a_new_parent_passes_unknowns_on(stage: Stage) -> None:
    """A queue of a workspace yet to be made previews with the SID unknown."""
    shown = stage.plugin.preview_create(QUEUE, {"workspaceSid": UNKNOWN, "friendlyName": "Sales"})

    assert shown["workspaceSid"] is UNKNOWN
    assert shown["sid"] is UNKNOWN
    assert shown["maxReservedWorkers"] == 1


def test_look_ups_find_by_name_and_by_sid(stage: Stage, workspace_sid: str) -> None:
    """Both ways give the same; what is missing or given twice is told."""
    made = queue(stage, workspace_sid, friendlyName="Sales", maxReservedWorkers=7)
    find = "twilio:taskrouter:getTaskQueue"
    place = {"workspaceSid": workspace_sid}

    by_name = stage.plugin.invoke(find, {**place, "friendlyName": "Sales"})

    assert by_name == stage.plugin.invoke(find, {**place, "sid": sid_of(made)})
    assert (by_name["id"], by_name["maxReservedWorkers"]) == (made.id, 7)
    with pytest.raises(Failed, match="TaskQueue 'Nobody': there is none of this name"):
        stage.plugin.invoke(find, {**place, "friendlyName": "Nobody"})
    with pytest.raises(CheckFailed, match="either sid or friendlyName"):
        stage.plugin.invoke(find, place)


def test_the_flex_configuration_names_the_workspace(stage: Stage) -> None:
    """The one workspace of a Flex account is looked up in its configuration."""
    found = stage.plugin.invoke("twilio:flex:getConfiguration", {})

    assert found["taskrouterWorkspaceSid"] == stage.workspace_sid()
    assert found["accountSid"] == stage.emulator.account_sid


def test_default_channels_are_looked_up_not_made(stage: Stage, workspace_sid: str) -> None:
    """A channel every workspace has is a namesake with an import line."""
    with pytest.raises(Failed, match=f"pulumi import {CHANNEL} one {workspace_sid}/TC"):
        stage.plugin.create(
            CHANNEL,
            {"workspaceSid": workspace_sid, "friendlyName": "Calls", "uniqueName": "voice"},
        )


def test_creates_run_side_by_side(stage: Stage, workspace_sid: str) -> None:
    """Slow answers overlap: twelve creates take nowhere near twelve times one."""
    started = time.monotonic()
    with (
        stage.emulator.fault(kind="api", method="POST", path="TaskQueues", latency_ms=500),
        ThreadPoolExecutor(12) as pool,
    ):
        done = list(pool.map(lambda _: queue(stage, workspace_sid), range(12)))

    assert len({each.id for each in done}) == 12
    assert time.monotonic() - started < 12 * 0.5 / 2


def test_updating_what_is_gone_tells_what_to_do(stage: Stage, workspace_sid: str) -> None:
    """An update of a queue deleted by hand fails and points to the refresh."""
    made = queue(stage, workspace_sid)
    stage.delete(url_of(made, "TaskQueues"))

    with pytest.raises(Failed, match=r"404.*pulumi up --refresh"):
        stage.plugin.update(made, {**made.inputs, "maxReservedWorkers": 5})


def test_the_import_line_names_the_component_the_resource_is_in(
    stage: Stage, workspace_sid: str
) -> None:
    """Imported without its parent the resource would be another one, and made again."""
    first = queue(stage, workspace_sid, friendlyName="Sales")
    request = provider_pb2.CreateRequest(
        urn=urn(f"my:index:Queues${QUEUE}", "sales"), properties=encode(first.inputs)
    )

    with pytest.raises(grpc.RpcError) as caught:
        stage.plugin.stub.Create(request)

    line = f"sales {first.id} --protect=false --parent 'parent={urn('my:index:Queues', '')}"
    assert line in str(caught.value)


def test_keys_others_write_are_no_drift_and_survive(stage: Stage, workspace_sid: str) -> None:
    """What Flex writes at log-in is not the program's to show, nor to delete after a refresh."""
    made = worker(stage, workspace_sid, attributes={"skills": ["sales"]})
    written = {"skills": ["sales"], "contact_uri": "client:alice"}
    stage.post(url_of(made, "Workers"), {"Attributes": json.dumps(written)})

    live = stage.plugin.read(made)

    assert live is not None
    assert live == made
    stage.plugin.update(live, {**made.inputs, "attributes": {"skills": ["support"]}})
    attributes = json.loads(stage.get(url_of(made, "Workers"))["attributes"])
    assert attributes == {"skills": ["support"], "contact_uri": "client:alice"}


def test_an_activity_in_use_is_replaced_before_it_goes(stage: Stage, workspace_sid: str) -> None:
    """A replacement takes the name while the workspace and queues still point at the old one."""
    inputs = {"workspaceSid": workspace_sid, "friendlyName": "Ready", "available": True}
    old = stage.plugin.create(ACTIVITY, inputs)
    using = queue(stage, workspace_sid, reservationActivitySid=sid_of(old))

    diff = stage.plugin.diff(old, {**inputs, "available": False})
    new = stage.plugin.create(ACTIVITY, {**inputs, "available": False})
    stage.plugin.update(using, {**using.inputs, "reservationActivitySid": sid_of(new)})
    stage.plugin.delete(old)

    assert diff.replaces == ["available"]
    assert not diff.delete_before_replace
    live = stage.get(url_of(new, "Activities"))
    assert (live["friendly_name"], live["available"]) == ("Ready", False)


def test_a_setting_taken_out_goes_back_to_what_it_was(stage: Stage, workspace_sid: str) -> None:
    """One of two settings removed: the former activity is back, and ours can be deleted."""
    ours = [
        stage.plugin.create(ACTIVITY, {"workspaceSid": workspace_sid, "friendlyName": name})
        for name in ("One", "Two")
    ]
    url = f"{WORKSPACES}/{workspace_sid}"
    former = stage.get(url)["timeout_activity_sid"]
    both = {
        "workspaceSid": workspace_sid,
        "defaultActivitySid": sid_of(ours[0]),
        "timeoutActivitySid": sid_of(ours[1]),
    }
    made = stage.plugin.create(SETTINGS, both)
    one = {name: both[name] for name in ("workspaceSid", "defaultActivitySid")}

    assert stage.plugin.diff(made, one).paths == {"timeoutActivitySid": "DELETE"}
    updated = stage.plugin.update(made, one)

    assert stage.get(url)["timeout_activity_sid"] == former
    assert not stage.plugin.diff(updated, one).changed
    stage.plugin.delete(ours[1])
    stage.plugin.delete(updated)
    stage.plugin.delete(ours[0])


def test_a_refresh_does_not_make_anothers_choice_ours(stage: Stage, workspace_sid: str) -> None:
    """Deleting after a refresh that saw another's activity leaves that one in place."""
    url = f"{WORKSPACES}/{workspace_sid}"
    ours, theirs = (
        sid_of(stage.plugin.create(ACTIVITY, {"workspaceSid": workspace_sid, "friendlyName": name}))
        for name in ("Ours", "Theirs")
    )
    inputs = {"workspaceSid": workspace_sid, "defaultActivitySid": ours}
    made = stage.plugin.create(SETTINGS, inputs)
    stage.post(url, {"DefaultActivitySid": theirs})

    refreshed = stage.plugin.read(made)
    assert refreshed is not None
    stage.plugin.delete(refreshed)

    assert stage.get(url)["default_activity_sid"] == theirs


def test_cancelling_ends_the_wait_between_repeats(stage: Stage) -> None:
    """Twilio says to wait 30 s; a cancelled engine is answered at once."""
    with running_plugin() as plugin, ThreadPoolExecutor(1) as pool:
        account = {"accountSid": stage.emulator.account_sid, "baseUrl": stage.emulator.base_url}
        plugin.configure({**account, "authToken": stage.emulator.auth_token})
        gone = Resource(QUEUE, f"WS{'0' * 32}/WQ{'0' * 32}", {}, {})
        stage.emulator.clear_journal()
        with stage.emulator.fault(kind="api", path="TaskQueues", status=429, retry_after=30):
            reading = pool.submit(plugin.read, gone)
            wait_for(lambda: stage.requests("GET"), what="the first refusal")
            plugin.cancel()
            with pytest.raises(Failed, match="429"):
                reading.result(10)
