"""The definitions that the project ships: valid, real, and different where stacks differ."""

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from components.definition import Definition, load
from components.definition.expressions import references
from components.definition.model import Existing, OwnedWorkspace, TaskQueue
from pulumi_twilio.declarations.event_types import EVENT_TYPES

PROJECT = Path(__file__).parents[2]
STACKS = PROJECT / "stacks"
NAMES = ["local", "dev", "staging", "production"]


@pytest.fixture(scope="module", params=NAMES)
def definition(request: pytest.FixtureRequest) -> Definition:
    """Load each stack's definition in turn."""
    return load(STACKS / f"{request.param}.yaml")


def owned_queues(definition: Definition) -> list[TaskQueue]:
    """List the queues that a stack creates."""
    return [queue for queue in definition.task_queues.values() if isinstance(queue, TaskQueue)]


def test_every_stack_adopts_flex_and_has_its_workflows(definition: Definition) -> None:
    """All stacks are for a Flex account; each routes voice, messaging and sales leads."""
    assert definition.workspace.source == Existing("flex")
    assert set(definition.workflows) == {"voice", "messaging", "first-to-answer"}
    assert all(definition.workflows[key].default_queue for key in ("voice", "messaging"))


def test_only_the_race_for_leads_asks_a_function(definition: Definition) -> None:
    """Flex's agents answer by themselves: a function in the way could only cancel their offers."""
    asking = [key for key, flow in definition.workflows.items() if flow.calls_own_functions]
    (queue,) = {
        t.queue for f in definition.workflows["first-to-answer"].filters for t in f.targets
    } - {"all-agents"}
    raced = definition.task_queues[queue or ""]

    assert asking == ["first-to-answer"]
    assert isinstance(raced, TaskQueue)
    assert (raced.max_reserved_workers or 1) > 1


def test_pages_of_flex_may_call_the_functions(definition: Definition) -> None:
    """Every stack names the origins whose pages may change tasks."""
    origins = str(definition.functions.variables["ALLOWED_ORIGINS"]).split(",")

    assert origins[0] == "https://flex.twilio.com"
    assert all(re.fullmatch(r"https://\S+|http://localhost:\d+", origin) for origin in origins)


def test_every_stack_has_queues_of_many_kinds(definition: Definition) -> None:
    """There are at least 14 queues, and some offer a task to several workers at once."""
    queues = owned_queues(definition)
    reserved = [queue.max_reserved_workers or 1 for queue in queues]
    expressions = " ; ".join(queue.target_workers or "1==1" for queue in queues)

    assert len(queues) >= 14
    assert len([number for number in reserved if number > 1]) >= 3
    for form in ("HAS", " IN languages", ">=", " AND ", " OR ", "routing.levels.", "1==1"):
        assert form in expressions


def test_expressions_name_only_attributes_that_workers_have(definition: Definition) -> None:
    """Queues look at skills, levels and languages and at nothing else."""
    for queue in owned_queues(definition):
        for name in references(queue.target_workers or "1==1"):
            assert name in ("routing.skills", "languages") or name.startswith("routing.levels.")


def test_targets_escalate(definition: Definition) -> None:
    """Voice tasks move on by timeouts and by skipIf."""
    targets = [t for f in definition.workflows["voice"].filters for t in f.targets]

    assert any(target.timeout and target.skip_if for target in targets)
    assert max(len(filter_.targets) for filter_ in definition.workflows["voice"].filters) >= 4


def test_the_schema_knows_the_events_that_the_provider_knows() -> None:
    """Editors, the definition's checks and the provider agree on Twilio's event types."""
    schema = json.loads((STACKS / "schema.json").read_text())

    assert set(schema["$defs"]["event"]["enum"]) == EVENT_TYPES
    assert len(EVENT_TYPES) == 49


def test_exactly_the_five_events_of_the_sync_are_reported(definition: Definition) -> None:
    """The event handler gets what it acts on and nothing that it would only log."""
    assert set(definition.event_callback.events) == {
        "task-queue.created",
        "task-queue.deleted",
        "task-queue.expression.updated",
        "worker.attributes.update",
        "worker.created",
    }


def test_stacks_differ_where_they_should() -> None:
    """No two stacks share an environment; only production answers without a domain suffix."""
    loaded = {name: load(STACKS / f"{name}.yaml") for name in NAMES}

    suffixes = {name: stack.functions.domain_suffix for name, stack in loaded.items()}
    assert suffixes == {"local": "local", "dev": "dev", "staging": "staging", "production": None}
    assert len({stack.functions.environment for stack in loaded.values()}) == len(NAMES)
    assert loaded["dev"].post_deploy.on_failure == "warn"
    assert loaded["production"].post_deploy.on_failure == "fail"
    reserved = [queue.max_reserved_workers for queue in owned_queues(loaded["local"])]
    assert 50 in reserved


def test_a_definition_can_own_its_workspace(tmp_path: Path) -> None:
    """Without `existing` the workspace is the stack's own."""
    owned = tmp_path / "owned.yaml"
    owned.write_text(
        f"extends: {STACKS / 'base.yaml'}\n"
        "workspace: {existing: null, friendlyName: Centre, prioritizeQueueOrder: LIFO}\n"
        "taskQueues: {everyone: {existing: null, friendlyName: Everyone}}\n"
    )

    definition = load(owned)

    assert definition.workspace.source == OwnedWorkspace("Centre", "LIFO")
    assert definition.workspace.timeout_activity == "missed-call"


def test_a_definition_cannot_be_changed_once_loaded(definition: Definition) -> None:
    """What was checked is what is deployed."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        definition.sync.friendly_name = "other"  # type: ignore[union-attr, misc]


def test_the_schema_is_one_and_every_key_is_described() -> None:
    """Editors get a description for each key they complete."""
    schema = json.loads((STACKS / "schema.json").read_text())
    Draft202012Validator.check_schema(schema)

    shapes = [schema, *schema["$defs"].values()]
    properties = [pair for shape in shapes[:-1] for pair in shape.get("properties", {}).items()]
    assert len(properties) > 60
    assert [key for key, value in properties if not value.get("description")] == []


@pytest.mark.parametrize("name", ["base", *NAMES])
def test_files_are_as_editors_see_them(name: str) -> None:
    """Each file names the schema in its first line and fits it by itself, before merging."""
    file = STACKS / f"{name}.yaml"
    schema = json.loads((STACKS / "schema.json").read_text())

    assert file.read_text().splitlines()[0] == "# yaml-language-server: $schema=./schema.json"
    errors = Draft202012Validator(schema).iter_errors(yaml.safe_load(file.read_text()))
    assert [error.message for error in errors] == []


def validate(*files: str) -> subprocess.CompletedProcess[str]:
    """Run the validator as people do."""
    command = [sys.executable, "-m", "components.definition", *files]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


def test_the_command_accepts_what_is_sound() -> None:
    """Sound files are counted on stdout with exit code 0."""
    run = validate("stacks/dev.yaml", "stacks/production.yaml")

    assert (run.returncode, run.stderr) == (0, "")
    assert "stacks/dev.yaml: 19 task queues, 3 workflows, no problems" in run.stdout


def test_the_command_refuses_what_is_not(tmp_path: Path) -> None:
    """Problems go to stderr with exit code 1; the sound file is still reported."""
    bad = tmp_path / "bad.yaml"
    bad.write_text(f"extends: {STACKS / 'base.yaml'}\ntaskQueues:\n  vip: {{taskOrder: UP}}\n")

    run = validate(str(bad), "stacks/dev.yaml")

    assert run.returncode == 1
    expected = f'{bad}:3: taskQueues.vip.taskOrder: must be FIFO or LIFO, not "UP"\n'
    assert run.stderr == expected
    assert "stacks/dev.yaml: " in run.stdout
