"""The whole program on the real engine and a local Twilio: what is deployed, shown, removed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.definition import load
from tests.components.deploying import TASKROUTER, Deployment, prepare
from twilio_emulator.testing import start_emulator, wait_for

WORKERS = 15
FORMER_URL = "https://example.com/somebody-else"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Deploy stack `local` once, for tests that leave it as it is."""
    with start_emulator(workers=WORKERS) as emulator:
        deployment = prepare(tmp_path_factory.mktemp("deployed"), emulator)
        deployment.up()
        yield deployment


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Deployment]:
    """Prepare a project of one's own, with nothing deployed."""
    with start_emulator(workers=WORKERS) as emulator:
        yield prepare(tmp_path, emulator)


def attributes(deployment: Deployment, workspace: str) -> dict[str, dict[str, Any]]:
    """Read all workers' attributes by SID."""
    workers = deployment.of_workspace(workspace, "Workers")
    return {worker["sid"]: json.loads(worker["attributes"]) for worker in workers}


def test_the_outputs_name_what_was_deployed(deployed: Deployment) -> None:
    """Every queue and workflow has its SID by key; the release says what it proved."""
    outputs = deployed.outputs()
    definition = load(deployed.folder / "stacks" / "local.yaml")

    assert outputs["task_queue_sids"].keys() == definition.task_queues.keys()
    assert outputs["workflow_sids"].keys() == definition.workflows.keys()
    expected = f"{outputs['functions_url']}/event-handler#rc=3&rp=4xx,5xx,ct,rt"
    assert outputs["callback_url"] == expected
    assert outputs["release"]["status"] == "verified"
    assert outputs["last_sync"]["total"] == WORKERS
    (workspace,) = deployed.workspaces()
    assert outputs["workspace_sid"] == workspace["sid"]
    assert workspace["event_callback_url"] == outputs["callback_url"]


def test_queues_are_as_the_definition_says(deployed: Deployment) -> None:
    """What Twilio holds is what was written down, defaults included."""
    outputs = deployed.outputs()
    listed = deployed.of_workspace(outputs["workspace_sid"], "TaskQueues")
    queues = {queue["sid"]: queue for queue in listed}

    vip = queues[outputs["task_queue_sids"]["vip"]]
    chat = queues[outputs["task_queue_sids"]["chat"]]
    assert len(queues) == len(outputs["task_queue_sids"])
    assert vip["friendly_name"] == "VIP"
    assert vip["max_reserved_workers"] == 50
    assert vip["target_workers"] == "routing.skills HAS 'vip' AND routing.levels.vip >= 2"
    assert (chat["task_order"], chat["max_reserved_workers"]) == ("LIFO", 1)


def test_a_workflow_asks_the_function_that_was_deployed(deployed: Deployment) -> None:
    """The offers of a lead reach the stack's own function, which leaves them open for all."""
    outputs = deployed.outputs()
    workspace, workflow = outputs["workspace_sid"], outputs["workflow_sids"]["first-to-answer"]
    address = f"{outputs['functions_url']}/assignment-callback"
    listed = deployed.of_workspace(workspace, "Workflows")
    urls = {each["sid"]: each["assignment_callback_url"] for each in listed}
    assert urls[workflow] == address
    assert not urls[outputs["workflow_sids"]["voice"]]

    tasks = f"{TASKROUTER}/{workspace}/Tasks"
    form = {"WorkflowSid": workflow, "Attributes": '{"topic": "lead"}'}
    task = deployed.emulator.request("POST", tasks, data=form).json()["sid"]
    try:
        wait_for(lambda: answered(deployed, task), what="the assignment callbacks")
        offers = deployed.of_workspace(workspace, f"Tasks/{task}/Reservations")
    finally:
        deployed.emulator.request("DELETE", f"{tasks}/{task}")

    assert {offer["reservation_status"] for offer in offers} == {"pending"}
    assert len(offers) == len(answered(deployed, task))


def answered(deployment: Deployment, task: str) -> list[Any]:
    """List the assignment callbacks of a task that were answered, all good."""
    entries = deployment.emulator.journal(kind="callback", path="/assignment-callback$")
    found = [entry for entry in entries if entry["params"].get("TaskSid") == task]
    assert {entry["status"] for entry in found} <= {200, None}
    return [entry for entry in found if entry["status"] == 200]


def test_workers_hold_exactly_the_queues_they_are_eligible_for(deployed: Deployment) -> None:
    """After the first deployment every worker's `queues` equals the server's own answer."""
    outputs = deployed.outputs()
    workspace = outputs["workspace_sid"]
    eligible: dict[str, list[str]] = {worker: [] for worker in attributes(deployed, workspace)}
    for queue in outputs["task_queue_sids"].values():
        for worker in deployed.of_workspace(workspace, "Workers", TaskQueueSid=queue):
            eligible[worker["sid"]].append(queue)

    held = {sid: each["queues"] for sid, each in attributes(deployed, workspace).items()}

    assert held == {sid: sorted(queues) for sid, queues in eligible.items()}
    assert len({len(queues) for queues in held.values()}) > 1


def test_nothing_is_left_to_change(deployed: Deployment) -> None:
    """A second preview and a refresh find nothing."""
    deployed.must("preview", "--expect-no-changes")
    deployed.must("refresh", "--preview-only", "--expect-no-changes")


def test_no_secret_is_in_the_state_in_clear(deployed: Deployment) -> None:
    """Neither the account's token nor the batch secret can be read from the state."""
    state = json.loads(deployed.must("stack", "export"))
    secret = next(
        each["outputs"]["value"]
        for each in state["deployment"]["resources"]
        if each["urn"].endswith("::functions-batch-secret")
    )

    assert "ciphertext" in secret
    assert f'"{deployed.emulator.auth_token}"' not in json.dumps(state)


VIP = "routing.skills HAS 'vip'"


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (
            "taskQueues: {billing: {maxReservedWorkers: 5}}\n",
            ["+ maxReservedWorkers: 5"],
        ),
        (
            f"taskQueues: {{vip: {{targetWorkers: {VIP}}}}}\n",
            [
                f'~ targetWorkers: "{VIP} AND routing.levels.vip >= 2" => "{VIP}"',
                "~ triggers: {",
                "~ taskQueues.vip: ",
            ],
        ),
        (
            "functions: {variables: {BATCH_TIME_BUDGET_MS: 5000}}\n",
            ["~ value: [secret]", "~ triggers: {", "~ functions.variables: "],
        ),
        (
            "workflows: {voice: {taskReservationTimeout: 45}}\n",
            ["~ taskReservationTimeout: 30 => 45"],
        ),
    ],
    ids=["a number", "an expression", "a variable", "a workflow"],
)
def test_a_preview_shows_what_changed_and_why_the_release_runs(
    deployed: Deployment, layer: str, expected: list[str]
) -> None:
    """One changed value is one line; the release names the trigger, where there is one."""
    with deployed.layered(layer):
        changes = deployed.preview_changes()

    properties = [line for line in changes if ": (" not in line]
    assert len(properties) == len(expected), changes
    for line, start in zip(properties, expected, strict=True):
        assert line.startswith(start)


def test_a_changed_function_does_not_show_as_a_changed_caller(deployed: Deployment) -> None:
    """A new build and its deployment are shown; who calls a function there stays as it is."""
    linked = deployed.folder / "functions"
    kept = linked.readlink()
    linked.unlink()
    shutil.copytree(kept, linked, ignore=shutil.ignore_patterns("node_modules"))
    try:
        with (linked / "functions" / "event-handler.protected.js").open("a") as file:
            file.write("// changed\n")
        changes = [line for line in deployed.preview_changes() if ": (" in line]
    finally:
        shutil.rmtree(linked)
        linked.symlink_to(kept)

    kinds = {line.split(": (")[0].rpartition(":")[2] for line in changes}
    assert {"Function", "Deployment"} <= kinds, changes
    assert not {"Workflow", "EventCallback"} & kinds, changes


def test_a_mistake_in_the_definition_stops_before_any_call(deployed: Deployment) -> None:
    """Problems come with file, line and path, without a traceback, and Twilio hears nothing."""
    deployed.emulator.clear_journal()

    with deployed.layered("taskQueues:\n  vip: {maxReservedWorkers: 60}\n  vpi: null\n"):
        run = deployed.pulumi("up", "--yes", "--skip-preview")

    assert run.returncode != 0
    assert (
        "stacks/local.yaml:3: taskQueues.vip.maxReservedWorkers: "
        "60 is greater than the maximum of 50" in run.stdout
    )
    assert "stacks/local.yaml:4: taskQueues.vpi: null removes a key" in run.stdout
    assert "Traceback" not in run.stdout
    assert deployed.emulator.journal(kind="api") == []


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (
            "taskQueues: {everyone: {existing: Nobody}}\n",
            "look up TaskQueue 'Nobody': there is none",
        ),
        ("workspace: {existing: Elsewhere}\n", "look up Workspace 'Elsewhere': there is none"),
        ("sync: {existing: Old, friendlyName: null}\n", "look up Service 'Old': there is none"),
        (
            "functions: {variables: {CRM_KEY: {config: crmKey}}}\n",
            "Missing required configuration variable 'contact-centre:crmKey'",
        ),
    ],
    ids=["queue", "workspace", "Sync service", "configuration"],
)
def test_what_does_not_exist_is_named_without_a_traceback(
    deployed: Deployment, layer: str, words: str
) -> None:
    """A reference that leads nowhere is one line that says what was looked for."""
    with deployed.layered(layer):
        run = deployed.pulumi("preview")

    assert run.returncode != 0
    assert words in run.stdout
    assert "Traceback" not in run.stdout


def test_an_adopted_workspace_is_left_as_it_was_found(fresh: Deployment) -> None:
    """After up, a removal and destroy: same settings, queues, activities, workers, callback."""
    (workspace,) = fresh.workspaces()
    sid = workspace["sid"]
    fresh.emulator.request(
        "POST",
        f"{TASKROUTER}/{sid}",
        data={"EventCallbackUrl": FORMER_URL, "EventsFilter": "task.created"},
    )
    before = everything(fresh, sid)

    with fresh.layered("eventCallback: {takeOver: true}\n"):
        fresh.up()
    with fresh.layered(
        "eventCallback: {takeOver: true}\n"
        "taskQueues: {chat-french: null}\n"
        "workflows: {messaging: {filters: null}}\n"
        "activities: {training: null}\n"
    ):
        shown = fresh.up()
        assert "- 2 deleted" in shown
        names = {queue["friendly_name"] for queue in fresh.of_workspace(sid, "TaskQueues")}
        assert "Chat (French)" not in names
    fresh.must("destroy", "--yes", "--skip-preview")

    assert everything(fresh, sid) == before


def everything(deployment: Deployment, sid: str) -> dict[str, Any]:
    """Read what an adopted workspace holds, dates aside."""
    (workspace,) = deployment.workspaces()
    kinds = ("TaskQueues", "Workflows", "Activities", "TaskChannels")
    settings = {key: value for key, value in workspace.items() if not key.startswith("date_")}
    names = {
        kind: sorted(each["friendly_name"] for each in deployment.of_workspace(sid, kind))
        for kind in kinds
    }
    return {"settings": settings, "workers": attributes(deployment, sid), **names}


def test_a_callback_of_somebody_else_is_not_taken_silently(fresh: Deployment) -> None:
    """Without takeOver the update stops and says what to do; the address stays."""
    (workspace,) = fresh.workspaces()
    url = f"{TASKROUTER}/{workspace['sid']}"
    fresh.emulator.request("POST", url, data={"EventCallbackUrl": FORMER_URL})

    run = fresh.pulumi("up", "--yes", "--skip-preview")

    assert run.returncode != 0
    assert f"sends its events to {FORMER_URL} already" in run.stdout
    assert "takeOver: true" in run.stdout
    assert fresh.workspaces()[0]["event_callback_url"] == FORMER_URL


def test_an_owned_workspace_comes_and_goes_with_the_stack(fresh: Deployment) -> None:
    """Without `existing` the stack makes a workspace of its own, and leaves Flex's alone."""
    (flex,) = fresh.workspaces()
    fresh.must("config", "set", "--secret", "crmKey", "s3cret-of-the-crm")

    with fresh.layered(
        "workspace: {existing: null, friendlyName: Centre, defaultActivity: training}\n"
        "taskQueues: {everyone: {existing: null, friendlyName: Everyone}}\n"
        "functions: {variables: {CRM_KEY: {config: crmKey}}}\n"
    ):
        fresh.up()
        fresh.must("preview", "--expect-no-changes")
        outputs = fresh.outputs()
        (owned,) = [each for each in fresh.workspaces() if each["sid"] != flex["sid"]]
        state = fresh.must("stack", "export")
        fresh.must("destroy", "--yes", "--skip-preview")

    assert (owned["sid"], owned["friendly_name"]) == (outputs["workspace_sid"], "Centre")
    assert owned["default_activity_name"] == "Training"
    assert outputs["last_sync"]["workers"] == 0
    assert "s3cret-of-the-crm" not in state
    assert fresh.workspaces() == [flex]
