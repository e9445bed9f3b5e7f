"""Where a workspace sends its events: taken over openly, given back on delete."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.provider.plugin import CheckFailed, Failed, Values
from tests.provider.stage import WORKSPACES, Stage, running_stage

TYPE = "twilio:taskrouter:EventCallback"
OURS, THEIRS = "https://ours.example.com/events", "https://theirs.example.com/hook"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """An emulated account for this file's tests."""
    with running_stage() as running:
        yield running


@pytest.fixture
def inputs(stage: Stage) -> Values:
    """What a program asks for, in a workspace of the test's own without any callback."""
    name = stage.name("workspace")
    sid = stage.post(WORKSPACES, {"FriendlyName": name})["sid"]
    return {"workspaceSid": sid, "url": OURS, "events": ["worker.created", "task-queue.created"]}


def url_of(inputs: Values) -> str:
    """Return the workspace's address."""
    return f"{WORKSPACES}/{inputs['workspaceSid']}"


def settings(stage: Stage, inputs: Values) -> tuple[str, str]:
    """Read the address and the events as Twilio has them."""
    workspace = stage.get(url_of(inputs))
    return workspace["event_callback_url"] or "", workspace["events_filter"] or ""


def set_by_hand(stage: Stage, inputs: Values, url: str, events: str) -> None:
    """Change the settings past the plugin."""
    stage.post(url_of(inputs), {"EventCallbackUrl": url, "EventsFilter": events})


def test_creating_sets_the_address_and_the_events(stage: Stage, inputs: Values) -> None:
    """A workspace without a callback gets ours; a refresh finds nothing to tell."""
    made = stage.plugin.create(TYPE, inputs)

    assert settings(stage, inputs) == (OURS, "task-queue.created,worker.created")
    assert made.id == inputs["workspaceSid"]
    refreshed = stage.plugin.read(made)
    assert refreshed is not None
    assert (refreshed.inputs, refreshed.outputs) == (made.inputs, made.outputs)


def test_the_order_of_events_means_nothing(stage: Stage, inputs: Values) -> None:
    """Events are a set: other order, repetition, nothing changes."""
    made = stage.plugin.create(TYPE, inputs)
    shuffled = ["task-queue.created", "worker.created", "task-queue.created"]

    assert not stage.plugin.diff(made, {**inputs, "events": shuffled}).changed


def test_wrong_events_are_all_named_with_the_nearest_right_ones(
    stage: Stage, inputs: Values
) -> None:
    """Every wrong name is told at once, before any request."""
    wrong = ["task-queue.expression.update", "worker.created", "worker.attributes.updated"]

    with pytest.raises(CheckFailed) as failed:
        stage.plugin.check(TYPE, {**inputs, "events": wrong})

    assert failed.value.failures == [
        (
            "events[0]",
            (
                "'task-queue.expression.update' is not an event of TaskRouter: "
                "did you mean 'task-queue.expression.updated'?"
            ),
        ),
        (
            "events[1]",
            (
                "'worker.attributes.updated' is not an event of TaskRouter: "
                "did you mean 'worker.attributes.update'?"
            ),
        ),
    ]


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        ({"url": "http://ours.example.com"}, "url", "must be an https address"),
        ({"url": "ours.example.com"}, "url", "is not an http(s) URL"),
        ({"events": []}, "events", "none would mean all"),
    ],
    ids=["http", "no scheme", "no events"],
)
def test_unusable_settings_are_refused(
    stage: Stage, inputs: Values, change: Values, path: str, reason: str
) -> None:
    """Twilio must be able to call the address, and an empty filter would send everything."""
    with pytest.raises(CheckFailed) as failed:
        stage.plugin.check(TYPE, {**inputs, **change})

    assert [(name, reason in text) for name, text in failed.value.failures] == [(path, True)]


def test_another_address_is_not_taken_over_silently(stage: Stage, inputs: Values) -> None:
    """Somebody else's callback is named, and stays as it is."""
    set_by_hand(stage, inputs, THEIRS, "task.created")

    with pytest.raises(Failed, match=f"sends its events to {THEIRS} already.*takeOver: true"):
        stage.plugin.create(TYPE, inputs)

    assert settings(stage, inputs) == (THEIRS, "task.created")


def test_what_is_taken_over_openly_is_given_back(stage: Stage, inputs: Values) -> None:
    """`takeOver` keeps the former address and events, and deleting restores both."""
    set_by_hand(stage, inputs, THEIRS, "task.created, worker.deleted")

    made = stage.plugin.create(TYPE, {**inputs, "takeOver": True})

    assert made.outputs["formerUrl"] == THEIRS
    assert made.outputs["formerEvents"] == ["task.created", "worker.deleted"]
    assert settings(stage, inputs)[0] == OURS
    stage.plugin.delete(made)
    assert settings(stage, inputs) == (THEIRS, "task.created,worker.deleted")


def test_the_former_settings_outlive_refresh_and_update(stage: Stage, inputs: Values) -> None:
    """What was taken over is remembered until it is given back."""
    set_by_hand(stage, inputs, THEIRS, "task.created")
    made = stage.plugin.create(TYPE, {**inputs, "takeOver": True})

    refreshed = stage.plugin.read(made)
    assert refreshed is not None
    updated = stage.plugin.update(refreshed, {**inputs, "events": ["worker.created"]})

    assert updated.outputs["formerUrl"] == THEIRS
    stage.plugin.delete(updated)
    assert settings(stage, inputs) == (THEIRS, "task.created")


def test_deleting_our_own_callback_clears_it(stage: Stage, inputs: Values) -> None:
    """Where nothing was before, nothing is afterwards."""
    made = stage.plugin.create(TYPE, inputs)

    stage.plugin.delete(made)

    assert settings(stage, inputs) == ("", "")


def test_a_callback_somebody_changed_is_left_alone(
    stage: Stage, inputs: Values, caplog: pytest.LogCaptureFixture
) -> None:
    """Deleting never undoes another's change; a warning tells where events go now."""
    made = stage.plugin.create(TYPE, inputs)
    set_by_hand(stage, inputs, THEIRS, "task.created")

    stage.plugin.delete(made)

    assert settings(stage, inputs) == (THEIRS, "task.created")
    assert f"sends its events to {THEIRS} by now" in caplog.text


def test_a_refresh_does_not_make_anothers_callback_ours(stage: Stage, inputs: Values) -> None:
    """Deleting after a refresh that saw another's address still leaves that address alone."""
    set_by_hand(stage, inputs, "https://former.example.com/x", "task.created")
    made = stage.plugin.create(TYPE, {**inputs, "takeOver": True})
    set_by_hand(stage, inputs, THEIRS, "task.created")
    refreshed = stage.plugin.read(made)

    assert refreshed is not None
    stage.plugin.delete(refreshed)

    assert settings(stage, inputs) == (THEIRS, "task.created")


def test_an_update_does_not_take_over_what_no_refresh_showed(stage: Stage, inputs: Values) -> None:
    """Another's address that state does not know is named and stays."""
    made = stage.plugin.create(TYPE, inputs)
    set_by_hand(stage, inputs, THEIRS, "task.created")

    with pytest.raises(Failed, match=f"to {THEIRS} by now. Run `pulumi refresh`"):
        stage.plugin.update(made, {**inputs, "events": ["worker.created"]})

    assert settings(stage, inputs) == (THEIRS, "task.created")


def test_equal_settings_are_adopted(stage: Stage, inputs: Values) -> None:
    """A callback that is right already is no conflict and no former state."""
    set_by_hand(stage, inputs, OURS, "worker.created,task-queue.created")

    made = stage.plugin.create(TYPE, inputs)

    assert "formerUrl" not in made.outputs
    stage.plugin.delete(made)
    assert settings(stage, inputs) == ("", "")


@pytest.mark.parametrize(
    ("url", "events", "paths"),
    [
        (THEIRS, "worker.created,task-queue.created", ["url"]),
        (OURS, "worker.created", ["events"]),
        ("", "", ["url", "events"]),
    ],
    ids=["url", "events", "both cleared"],
)
def test_changes_by_hand_show_and_are_repaired(
    stage: Stage, inputs: Values, url: str, events: str, paths: list[str]
) -> None:
    """Refresh shows what was changed, and an update brings it back."""
    made = stage.plugin.create(TYPE, inputs)
    set_by_hand(stage, inputs, url, events)

    refreshed = stage.plugin.read(made)

    assert refreshed is not None
    assert sorted(stage.plugin.diff(refreshed, inputs).paths) == sorted(paths)
    stage.plugin.update(refreshed, inputs)
    assert settings(stage, inputs) == (OURS, "task-queue.created,worker.created")


def test_importing_finds_what_the_program_says(stage: Stage, inputs: Values) -> None:
    """The workspace's SID is enough to adopt its callback."""
    made = stage.plugin.create(TYPE, inputs)

    imported = stage.plugin.import_(TYPE, made.id)

    assert imported is not None
    assert not stage.plugin.diff(imported, inputs).changed


def test_a_workspace_without_a_callback_has_nothing_to_import(stage: Stage, inputs: Values) -> None:
    """There is no callback resource before there is a callback."""
    assert stage.plugin.import_(TYPE, inputs["workspaceSid"]) is None


def test_another_workspace_replaces_it(stage: Stage, inputs: Values) -> None:
    """The callback belongs to its workspace."""
    made = stage.plugin.create(TYPE, inputs)

    diff = stage.plugin.diff(made, {**inputs, "workspaceSid": "WS" + "1" * 32})

    assert diff.replaces == ["workspaceSid"]


def test_a_workspace_deleted_by_hand_took_the_callback_along(stage: Stage, inputs: Values) -> None:
    """Refresh drops it, deleting it is done, and creating it names the workspace."""
    made = stage.plugin.create(TYPE, inputs)
    stage.delete(url_of(inputs))

    assert stage.plugin.read(made) is None
    stage.plugin.delete(made)
    with pytest.raises(Failed, match=f"there is no workspace {inputs['workspaceSid']}"):
        stage.plugin.create(TYPE, inputs)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refusal_at_either_step_changes_nothing(
    stage: Stage, inputs: Values, method: str
) -> None:
    """Reading or writing refused: an error that names what was attempted, nothing in state."""
    with (
        stage.emulator.fault(method=method, path=f"{inputs['workspaceSid']}$", status=403),
        pytest.raises(Failed, match=r"EventCallback 'one'.*Twilio answered 403") as failed,
    ):
        stage.plugin.create(TYPE, inputs)

    assert failed.value.unfinished is None
    assert settings(stage, inputs) == ("", "")
