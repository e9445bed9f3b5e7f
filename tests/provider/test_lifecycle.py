"""Every declared resource through every verb, over real gRPC against the emulator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pulumi_twilio.declarations import declarations
from pulumi_twilio.declarations.model import Declaration, Property
from tests.provider.plugin import Failed, Resource, Values, plain
from tests.provider.stage import Stage, running_stage
from tests.provider.surroundings import Surroundings

DECLARATIONS = list(declarations().values())
# Settings of a parent are deleted by putting the former ones back; the parent stays.
PARTS_OF_A_PARENT = {
    "twilio:taskrouter:WorkspaceSettings",
    "twilio:taskrouter:WorkerQueueAttributes",
}
# What the emulated (and the real) account refuses to change, and what costs a whole build.
NOT_UPDATABLE = {("twilio:taskrouter:Workspace", "multiTaskEnabled")}

every_resource = pytest.mark.parametrize("declaration", DECLARATIONS, ids=lambda each: each.type)


def properties(*, replacing: bool) -> list[object]:
    """List (declaration, property) pairs for parametrisation."""
    return [
        pytest.param(declaration, each, id=f"{declaration.title}.{each.name}")
        for declaration in DECLARATIONS
        for each in declaration.properties
        if each.replaces == replacing
        and not each.option
        and (declaration.type, each.name) not in NOT_UPDATABLE
    ]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """An emulated account for all resources, without limits on request rates."""
    with running_stage() as running:
        yield running


@pytest.fixture
def around(stage: Stage) -> Surroundings:
    """What one test's example refers to, in an account as it was at first."""
    stage.emulator.reset()
    return Surroundings(stage)


@pytest.fixture(autouse=True)
def _no_faults_left(stage: Stage) -> Iterator[None]:
    yield
    stage.emulator.clear_faults()


def created(stage: Stage, around: Surroundings, declaration: Declaration) -> Resource:
    """Create the example."""
    return stage.plugin.create(declaration.type, around.example(declaration))


def settled(stage: Stage, made: Resource, inputs: Values) -> Resource:
    """Refresh, and make sure that neither refresh nor the program sees any difference."""
    live = stage.plugin.read(made)

    assert live is not None
    assert plain(live.inputs) == plain(made.inputs)
    assert plain(live.outputs) == plain(made.outputs)
    assert not stage.plugin.diff(live, inputs).changed
    return live


@every_resource
def test_a_previewed_create_sends_nothing(
    stage: Stage, around: Surroundings, declaration: Declaration
) -> None:
    """A preview asks Twilio nothing and leaves what only Twilio knows unknown."""
    inputs = around.example(declaration)
    stage.emulator.clear_journal()

    shown = stage.plugin.preview_create(declaration.type, inputs)

    assert stage.requests() == []
    given = {each.name for each in declaration.properties if not each.option}
    assert set(shown) >= {each.name for each in declaration.outputs}
    assert set(inputs) & given <= set(shown)


@every_resource
def test_a_created_resource_shows_no_change(
    stage: Stage, around: Surroundings, declaration: Declaration
) -> None:
    """After a create neither refresh nor a second update finds anything to do."""
    inputs = around.example(declaration)

    made = stage.plugin.create(declaration.type, inputs)

    assert declaration.parse_id(made.id) is not None
    settled(stage, made, inputs)


@every_resource
def test_an_imported_resource_shows_no_change(
    stage: Stage, around: Surroundings, declaration: Declaration
) -> None:
    """A preview after an import of what the program describes is empty."""
    inputs = around.example(declaration)
    made = stage.plugin.create(declaration.type, inputs)

    imported = stage.plugin.import_(declaration.type, made.id)

    assert imported is not None
    assert imported.id == made.id
    if not UNREADABLE.get(declaration.type):
        assert not stage.plugin.diff(imported, inputs).changed


@every_resource
def test_a_wrong_id_is_refused_with_its_form(stage: Stage, declaration: Declaration) -> None:
    """Importing by a wrong id tells what an id looks like."""
    with pytest.raises(Failed, match=f"not an id of the form {declaration.id_form}"):
        stage.plugin.import_(declaration.type, "Sales")


@pytest.mark.parametrize(("declaration", "each"), properties(replacing=False))
def test_a_property_updates_and_clears(
    stage: Stage, around: Surroundings, declaration: Declaration, each: Property
) -> None:
    """A changed property is one update; removed again it goes back to Twilio's default."""
    inputs = around.example(declaration)
    made = stage.plugin.create(declaration.type, inputs)
    changed = {**inputs, each.name: around.another(each, inputs.get(each.name))}

    diff = stage.plugin.diff(made, changed)
    updated = stage.plugin.update(made, changed)

    assert {path.split(".")[0].split("[")[0] for path in diff.paths} == {each.name}
    assert not diff.replaces
    settled(stage, updated, changed)

    if not each.required and not each.unset_keeps:
        without = {name: value for name, value in changed.items() if name != each.name}
        assert list(stage.plugin.diff(updated, without).paths.values()) in ([], ["DELETE"])
        cleared = stage.plugin.update(updated, without)
        assert plain(cleared.outputs).get(each.name) == each.default
        settled(stage, cleared, without)


@pytest.mark.parametrize(("declaration", "each"), properties(replacing=True))
def test_a_property_replaces(
    stage: Stage, around: Surroundings, declaration: Declaration, each: Property
) -> None:
    """A property Twilio cannot change means a new resource, and says which property it was."""
    inputs = around.example(declaration)
    made = stage.plugin.create(declaration.type, inputs)

    diff = stage.plugin.diff(
        made, {**inputs, each.name: around.another(each, inputs.get(each.name))}
    )

    assert diff.replaces == [each.name]
    assert all(kind.endswith("_REPLACE") for kind in diff.paths.values())
    if declaration.moves_aside:
        assert not diff.delete_before_replace
    elif declaration.namesake and each.name not in (
        declaration.namesake.property,
        *declaration.parents,
    ):
        assert diff.delete_before_replace


@every_resource
def test_deleting_is_final_and_may_be_repeated(
    stage: Stage, around: Surroundings, declaration: Declaration
) -> None:
    """A deleted resource is gone; deleting what is gone is no error."""
    made = created(stage, around, declaration)

    stage.plugin.delete(made)

    if declaration.type not in PARTS_OF_A_PARENT:
        gone = stage.plugin.read(made)
        assert gone is None or stage.plugin.diff(gone, made.inputs).changed
    stage.plugin.delete(made)


@every_resource
def test_a_refused_create_leaves_nothing_behind(
    stage: Stage, around: Surroundings, declaration: Declaration
) -> None:
    """A create Twilio refuses names the resource and the reason, and can be repeated."""
    inputs = around.example(declaration)
    stage.emulator.add_fault(kind="api", method="POST", status=403, count=1)

    outcome = attempt(lambda: stage.plugin.create(declaration.type, inputs))

    stage.emulator.clear_faults()
    if outcome is not None:
        assert "403" in str(outcome)
        assert "Traceback" not in str(outcome)
        if outcome.unfinished is None:
            stage.plugin.create(declaration.type, inputs)


@every_resource
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_failing_request_never_looks_like_success(
    stage: Stage, around: Surroundings, declaration: Declaration, method: str
) -> None:
    """Only a 404 means gone: any other refusal of a read or delete is an error."""
    made = created(stage, around, declaration)
    stage.emulator.clear_journal()
    stage.emulator.add_fault(kind="api", method=method, status=403)

    read = attempt(lambda: stage.plugin.read(made))
    deleted = attempt(lambda: stage.plugin.delete(made))

    stage.emulator.clear_faults()
    assert_failed_iff_refused(stage, [read, deleted])
    stage.plugin.delete(made)


def attempt(action: object) -> Failed | None:
    """Do something; return how it failed, None when it did not."""
    assert callable(action)
    try:
        action()
    except Failed as failure:
        return failure
    return None


def assert_failed_iff_refused(stage: Stage, outcomes: list[Failed | None]) -> None:
    """There are failures exactly where a request was refused."""
    refused = [entry for entry in stage.emulator.journal(kind="api") if entry["status"] == 403]
    failures = [outcome for outcome in outcomes if outcome is not None]
    assert bool(refused) == bool(failures)
    assert all("403" in str(failure) for failure in failures)


# An import cannot know what Twilio never gives back.
UNREADABLE = {"twilio:serverless:Asset": ("content",)}
