"""Serverless services, environments and variables."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from pulumi_twilio.declarations.special import Secret
from tests.provider.plugin import CheckFailed, Failed, Resource, Values, plain
from tests.provider.stage import SERVERLESS, Stage, running_stage, sid_of

SERVICE = "twilio:serverless:Service"
ENVIRONMENT = "twilio:serverless:Environment"
VARIABLE = "twilio:serverless:Variable"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """An emulated account for this file's tests."""
    with running_stage() as running:
        yield running


@pytest.fixture
def service_sid(stage: Stage) -> str:
    """A fresh service."""
    return sid_of(stage.service())


@pytest.fixture
def place(stage: Stage, service_sid: str) -> Values:
    """Where a variable goes: a fresh environment."""
    environment_sid = sid_of(stage.environment(service_sid))
    return {"serviceSid": service_sid, "environmentSid": environment_sid}


def variable_url(made: Resource) -> str:
    """Return a variable's address."""
    service_sid, environment_sid, sid = made.id.split("/")
    return f"{SERVERLESS}/{service_sid}/Environments/{environment_sid}/Variables/{sid}"


def test_a_service_lives_through_every_verb(stage: Stage) -> None:
    """Create, refresh, update, clear, import, delete, delete again."""
    plugin, name = stage.plugin, stage.name("service")
    inputs = {"uniqueName": name, "friendlyName": "One", "uiEditable": True}

    made = plugin.create(SERVICE, inputs)
    assert made.outputs["domainBase"].startswith(name)
    changed = {"uniqueName": name, "friendlyName": "Two"}
    assert plugin.diff(made, changed).paths == {"friendlyName": "UPDATE", "uiEditable": "DELETE"}
    updated = plugin.update(made, changed)
    refreshed = plugin.read(updated)
    assert refreshed is not None
    assert refreshed.outputs == updated.outputs
    assert refreshed.outputs["uiEditable"] is False
    imported = plugin.import_(SERVICE, made.id)
    assert imported is not None
    assert not plugin.diff(imported, changed).changed
    plugin.delete(updated)
    assert plugin.read(updated) is None
    plugin.delete(updated)


def test_a_services_unique_name_replaces_it(stage: Stage) -> None:
    """The unique name is in every domain of the service and cannot change."""
    made = stage.service()

    diff = stage.plugin.diff(made, {**made.inputs, "uniqueName": stage.name("other")})

    assert diff.replaces == ["uniqueName"]


def test_a_taken_unique_name_is_refused_with_its_import_line(stage: Stage) -> None:
    """Two services of one name are not made."""
    made = stage.service()

    with pytest.raises(Failed, match=f"pulumi import {SERVICE} one {made.id}"):
        stage.plugin.create(SERVICE, made.inputs)


@pytest.mark.parametrize("change", ["uniqueName", "domainSuffix"])
def test_every_change_of_an_environment_replaces_it(
    stage: Stage, service_sid: str, change: str
) -> None:
    """Twilio cannot change one, and its names are free only when the old one is gone."""
    made = stage.environment(service_sid)

    diff = stage.plugin.diff(made, {**made.inputs, change: stage.name("other")})

    assert (diff.replaces, diff.delete_before_replace) == ([change], True)


def test_an_environment_lives_through_its_verbs(stage: Stage, service_sid: str) -> None:
    """Create, refresh, import, delete, delete again."""
    made = stage.environment(service_sid)

    assert made.outputs["domainName"].endswith(f"-{made.inputs['domainSuffix']}.twil.io")
    refreshed = stage.plugin.read(made)
    assert refreshed is not None
    assert (refreshed.inputs, refreshed.outputs) == (made.inputs, made.outputs)
    imported = stage.plugin.import_(ENVIRONMENT, made.id)
    assert imported is not None
    assert not stage.plugin.diff(imported, made.inputs).changed
    stage.plugin.delete(made)
    assert stage.plugin.read(made) is None
    stage.plugin.delete(made)


def test_everything_in_a_service_deleted_by_hand_is_gone(
    stage: Stage, service_sid: str, place: Values
) -> None:
    """Refresh drops what went with the service, and deleting it again is done."""
    variable = stage.plugin.create(VARIABLE, {**place, "key": "A", "value": "1"})
    function = stage.function(service_sid)
    stage.delete(f"{SERVERLESS}/{service_sid}")

    for each in (variable, function):
        assert stage.plugin.read(each) is None
        stage.plugin.delete(each)


def test_a_variables_value_is_secret_everywhere(stage: Stage, place: Values) -> None:
    """Its value is a secret in inputs and outputs, given or not by the program as one."""
    made = stage.plugin.create(VARIABLE, {**place, "key": "TOKEN", "value": "not-so-secret"})

    refreshed = stage.plugin.read(made)

    assert refreshed is not None
    for values in (made.inputs, made.outputs, refreshed.inputs, refreshed.outputs):
        assert isinstance(values["value"], Secret)
    assert stage.get(variable_url(made))["value"] == "not-so-secret"
    assert not stage.plugin.diff(refreshed, made.inputs).changed


def test_a_variable_without_a_value_gets_a_random_one(stage: Stage, place: Values) -> None:
    """32 random bytes, 64 hexadecimal characters, another one for each variable."""
    values = [
        plain(stage.plugin.create(VARIABLE, {**place, "key": key}).outputs)["value"]
        for key in ("ONE", "TWO")
    ]

    assert all(re.fullmatch("[0-9a-f]{64}", value) for value in values)
    assert values[0] != values[1]


def test_a_generated_value_is_kept(stage: Stage, place: Values) -> None:
    """Updates, refreshes and imports never make another one."""
    made = stage.plugin.create(VARIABLE, {**place, "key": "KEPT"})
    value = plain(made.outputs)["value"]

    renamed = stage.plugin.update(made, {**place, "key": "RENAMED"})
    refreshed = stage.plugin.read(renamed)
    imported = stage.plugin.import_(VARIABLE, made.id)

    assert refreshed is not None
    assert imported is not None
    for each in (renamed, refreshed, imported):
        assert plain(each.outputs)["value"] == value
        assert isinstance(each.outputs["value"], Secret)
        assert not stage.plugin.diff(each, {**place, "key": "RENAMED"}).changed
    assert stage.get(variable_url(made))["value"] == value


def test_a_value_the_program_no_longer_gives_is_kept(stage: Stage, place: Values) -> None:
    """Leaving the value out later changes nothing."""
    made = stage.plugin.create(VARIABLE, {**place, "key": "LEFT", "value": "as-it-was"})

    assert not stage.plugin.diff(made, {**place, "key": "LEFT"}).changed


def test_a_value_changed_by_hand_shows_and_is_repaired(stage: Stage, place: Values) -> None:
    """Refresh tells that a given value is another one; an update sets the program's again."""
    inputs = {**place, "key": "DRIFT", "value": "from-the-program"}
    made = stage.plugin.create(VARIABLE, inputs)
    stage.post(variable_url(made), {"Value": "changed by hand"})

    refreshed = stage.plugin.read(made)

    assert refreshed is not None
    assert stage.plugin.diff(refreshed, inputs).paths == {"value": "UPDATE"}
    assert isinstance(refreshed.inputs["value"], Secret)
    stage.plugin.update(refreshed, inputs)
    assert stage.get(variable_url(made))["value"] == "from-the-program"


def test_a_generated_value_changed_by_hand_is_taken_over(stage: Stage, place: Values) -> None:
    """Where the program names no value, what Twilio has is right, and state learns it."""
    made = stage.plugin.create(VARIABLE, {**place, "key": "ROTATED"})
    stage.post(variable_url(made), {"Value": "rotated by hand"})

    refreshed = stage.plugin.read(made)

    assert refreshed is not None
    assert plain(refreshed.outputs)["value"] == "rotated by hand"
    assert not stage.plugin.diff(refreshed, {**place, "key": "ROTATED"}).changed


@pytest.mark.parametrize(
    ("value", "reason"),
    [("é" * 226, "is 452 bytes long, Twilio's limit is 450"), ("", "must not be empty")],
    ids=["too long", "empty"],
)
def test_a_value_twilio_cannot_take_is_refused_before_any_request(
    stage: Stage, place: Values, value: str, reason: str
) -> None:
    """450 bytes is the limit, in UTF-8; the message does not repeat the value."""
    with pytest.raises(CheckFailed) as failed:
        stage.plugin.check(VARIABLE, {**place, "key": "BIG", "value": value})

    # The engine would print the value of a property that a failure names, secret or not.
    ((path, text),) = failed.value.failures
    assert (path, text.startswith("value: "), reason in text) == ("", True, True)
    assert not value or value not in str(failed.value)


def test_a_value_of_450_bytes_is_taken(stage: Stage, place: Values) -> None:
    """The limit itself is allowed."""
    made = stage.plugin.create(VARIABLE, {**place, "key": "FULL", "value": "é" * 225})

    assert stage.get(variable_url(made))["value"] == "é" * 225


def test_a_taken_key_is_refused_with_its_import_line(stage: Stage, place: Values) -> None:
    """One environment has one variable of a name."""
    made = stage.plugin.create(VARIABLE, {**place, "key": "ONCE", "value": "1"})

    with pytest.raises(Failed, match=f"pulumi import {VARIABLE} one {made.id}"):
        stage.plugin.create(VARIABLE, {**place, "key": "ONCE", "value": "2"})


def test_errors_do_not_repeat_a_secret_value(stage: Stage, place: Values) -> None:
    """Whatever Twilio answers, the value does not reach the message."""
    said = {"code": 20001, "message": "bad value hush-hush-hush", "status": 400}

    with (
        stage.emulator.fault(method="POST", path="/Variables$", status=400, body=said),
        pytest.raises(Failed, match="create Variable") as failed,
    ):
        stage.plugin.create(VARIABLE, {**place, "key": "HUSH", "value": "hush-hush-hush"})

    assert "hush-hush-hush" not in str(failed.value)
