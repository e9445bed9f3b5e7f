"""The shape of what the program declares: names, parents, and the order that removals need."""

import re
from pathlib import Path

import pytest

from components.definition import load
from components.definition.model import Existing
from tests.components.recording import PROJECT, Graph, run_program

FILES = sorted((PROJECT / "functions" / "functions").rglob("*.js"))
COMPONENTS = {
    "contactcentre:index:Workspace",
    "contactcentre:index:Routing",
    "contactcentre:index:Sync",
    "contactcentre:index:BatchFunctions",
    "contactcentre:index:EventCallback",
}


@pytest.fixture(autouse=True)
def _in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)


@pytest.fixture
def graph(monkeypatch: pytest.MonkeyPatch) -> Graph:
    """Declare stack `local`."""
    return run_program("local")


@pytest.fixture
def owned(tmp_path: Path) -> Graph:
    """Declare a stack that owns its workspace."""
    file = tmp_path / "owned.yaml"
    file.write_text(
        f"extends: {PROJECT / 'stacks' / 'base.yaml'}\n"
        "workspace: {existing: null, friendlyName: Centre, defaultActivity: training}\n"
        "taskQueues: {everyone: {existing: null, friendlyName: Everyone}}\n"
    )
    return run_program("owned", file)


def test_an_adopted_workspace_is_never_declared(graph: Graph) -> None:
    """Flex's workspace and what is `existing` in it are looked up only."""
    definition = load(PROJECT / "stacks" / "local.yaml")
    existing = [q for q in definition.task_queues.values() if isinstance(q, Existing)]

    assert graph.of_type("taskrouter:Workspace") == []
    assert len(graph.of_type(":TaskQueue")) == len(definition.task_queues) - len(existing)
    queue = graph.named(":TaskQueue", "routing-sales")
    assert queue.inputs["workspaceSid"] == "flex-workspace-sid"


def test_an_owned_workspace_is_declared_first(owned: Graph) -> None:
    """Everything in an owned workspace waits for it and goes before it."""
    workspace = owned.one("taskrouter:Workspace")

    for kind in (":Activity", ":TaskChannel", ":TaskQueue", ":Workflow", ":EventCallback"):
        inside = [each for each in owned.of_type(kind) if each.type.startswith("twilio:")]
        assert inside
        assert all(owned.comes_after(each, workspace) for each in inside)


def test_workflows_go_before_their_queues(graph: Graph) -> None:
    """A workflow depends on every queue that it routes to."""
    workflow = graph.named(":Workflow", "routing-voice")

    for key in ("vip", "supervisors", "sales", "billing-german"):
        queue = graph.named(":TaskQueue", f"routing-{key}")
        assert queue.urn in workflow.dependencies
        assert not graph.comes_after(queue, workflow)


ASKING = (
    "workflows:\n"
    "  messaging:\n"
    "    assignmentCallbackUrl: /event-handler#rc=2\n"
    "    fallbackAssignmentCallbackUrl: https://example.com/later\n"
)


@pytest.fixture
def asking(tmp_path: Path) -> Graph:
    """Declare a stack with one workflow that asks a function of its own."""
    file = tmp_path / "asking.yaml"
    file.write_text(f"extends: {PROJECT / 'stacks' / 'local.yaml'}\n{ASKING}")
    return run_program("local", file)


def test_a_workflow_may_ask_a_function_of_the_stack(asking: Graph) -> None:
    """A path becomes an address on the functions' domain; an address stays as it is."""
    workflow = asking.named(":Workflow", "routing-messaging")

    assert workflow.inputs["assignmentCallbackUrl"] == ("https://centre.twil.io/event-handler#rc=2")
    assert workflow.inputs["fallbackAssignmentCallbackUrl"] == "https://example.com/later"


def test_who_asks_a_function_comes_after_the_deployment(asking: Graph) -> None:
    """The workflow goes before the functions, these before the workers' attributes."""
    workflow = asking.named(":Workflow", "routing-messaging")
    deployment, attributes = asking.one(":Deployment"), asking.one(":WorkerQueueAttributes")

    assert asking.comes_after(workflow, deployment)
    assert asking.comes_after(deployment, attributes)
    assert asking.comes_after(workflow, asking.named(":TaskQueue", "routing-chat"))
    for other in (*asking.of_type(":TaskQueue"), asking.named(":Workflow", "routing-voice")):
        assert not asking.comes_after(other, deployment), other.name


def test_a_workflow_that_asks_nobody_waits_for_no_function(graph: Graph) -> None:
    """Agents' clients answer by themselves: no callback, and nothing to wait for."""
    workflow = graph.named(":Workflow", "routing-voice")

    assert "assignmentCallbackUrl" not in workflow.inputs
    assert not graph.comes_after(workflow, graph.one(":Deployment"))


def test_settings_go_before_their_activities(owned: Graph) -> None:
    """The workspace's default and timeout activity are given back before activities go."""
    settings = owned.one(":WorkspaceSettings")

    assert settings.inputs["defaultActivitySid"] == "routing-training-sid"
    for key in ("training", "missed-call"):
        assert owned.comes_after(settings, owned.named(":Activity", f"routing-{key}"))


def test_events_stop_before_the_functions_and_these_before_the_attributes(graph: Graph) -> None:
    """On removal: release, callback, deployment, and only then the workers' attributes."""
    release = next(each for each in graph.of_type(":Release") if each.type.startswith("twilio:"))
    callback = next(
        each for each in graph.of_type(":EventCallback") if each.type.startswith("twilio:")
    )
    deployment = graph.one(":Deployment")
    attributes = graph.one(":WorkerQueueAttributes")

    assert graph.comes_after(release, callback)
    assert graph.comes_after(callback, deployment)
    assert graph.comes_after(deployment, attributes)


def test_no_function_runs_without_its_variables(graph: Graph) -> None:
    """The deployment waits for the build and for every variable."""
    deployment = graph.one(":Deployment")
    variables = graph.of_type(":Variable")

    assert {"BATCH_SECRET", "TWILIO_FLEX_WORKSPACE_SID", "TWILIO_FLEX_SYNC_SID"} <= {
        variable.inputs["key"] for variable in variables
    }
    for earlier in (graph.one(":Build"), *variables):
        assert graph.comes_after(deployment, earlier)


def test_the_batch_secret_is_made_by_the_provider(graph: Graph) -> None:
    """No value for it stands in the program or its inputs."""
    assert "value" not in graph.named(":Variable", "functions-batch-secret").inputs


def test_the_release_comes_after_everything_else(graph: Graph) -> None:
    """Nothing is verified before all of it is there."""
    release = next(each for each in graph.of_type(":Release") if each.type.startswith("twilio:"))

    for other in graph.resources.values():
        if other.type.startswith("twilio:") and other is not release:
            assert graph.comes_after(release, other), other.name


def test_every_file_of_the_functions_is_served(graph: Graph) -> None:
    """One Function per file, its path and visibility from the file's place and name."""
    functions = {each.inputs["path"]: each for each in graph.of_type(":Function")}

    assert len(functions) == len(FILES)
    assert functions["/event-handler"].inputs["visibility"] == "protected"
    assert functions["/batch/process"].inputs["visibility"] == "public"
    assert functions["/lib/batch/signing"].inputs["visibility"] == "private"


def test_a_preview_names_the_queue_whose_expression_changed(tmp_path: Path) -> None:
    """Triggers are per queue: one expression changed, one trigger changed."""
    changed = tmp_path / "changed.yaml"
    changed.write_text(
        f"extends: {PROJECT / 'stacks' / 'local.yaml'}\n"
        "taskQueues: {vip: {targetWorkers: routing.skills HAS 'vip'}}\n"
    )

    before, after = (
        next(e for e in g.of_type(":Release") if e.type.startswith("twilio:")).inputs["triggers"]
        for g in (run_program("local"), run_program("local", changed))
    )

    assert {key for key in before if before[key] != after[key]} == {"taskQueues.vip"}
    assert before.keys() == after.keys()


def test_names_and_parents_follow_one_rule(graph: Graph) -> None:
    """Names are lower-case words with hyphens; every resource belongs to a component."""
    for each in graph.resources.values():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", each.name), each.name
        if each.type.startswith("twilio:"):
            parent = graph.resources[each.parent]
            assert not parent.type.startswith("twilio:")
            assert each.name == parent.name or each.name.startswith(f"{parent.name}-")
    assert {each.type for each in graph.resources.values()} >= COMPONENTS
