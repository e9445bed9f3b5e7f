"""The record of the post-deploy hooks as a resource."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pulumi_twilio.declarations.special import UNKNOWN
from tests.provider.plugin import Failed, Values
from tests.provider.stage import SYNC, Stage, as_json, running_stage

TYPE = "twilio:taskrouter:Release"
RECORD = {
    "status": "verified",
    "verified_at": "2026-02-01T08:00:00Z",
    "checks": [{"name": "settings", "outcome": "ok", "detail": ""}],
    "last_sync": {"total": 3, "updated": 2, "unchanged": 1},
    "batch_document_sid": "ET" + "a" * 32,
}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """An emulated account for this file's tests."""
    with running_stage() as running:
        yield running


@pytest.fixture
def inputs(stage: Stage) -> Iterator[Values]:
    """What a program asks for, with a Sync service of the test's own."""
    service_sid = stage.post(SYNC, {"FriendlyName": stage.name("sync")})["sid"]
    yield {
        "workspaceSid": stage.workspace_sid(),
        "syncServiceSid": service_sid,
        "functionsUrl": "https://contact-centre-1234-live.twil.io",
        "triggers": {"taskQueues": "1", "build": "2"},
    }
    stage.delete(f"{SYNC}/{service_sid}")


def record(stage: Stage, inputs: Values, **changes: object) -> None:
    """Write the record as the hooks do."""
    data = as_json({**RECORD, **changes})
    url = f"{SYNC}/{inputs['syncServiceSid']}/Documents"
    if stage.emulator.request("GET", f"{url}/release").status_code == 200:
        stage.post(f"{url}/release", {"Data": data})
    else:
        stage.post(url, {"UniqueName": "release", "Data": data})


def test_without_a_record_the_hooks_did_not_run(stage: Stage, inputs: Values) -> None:
    """Creating it without its hooks is an error that says what to bind."""
    with pytest.raises(Failed, match=r"the post-deploy hooks did not run.*before-create"):
        stage.plugin.create(TYPE, inputs)


def test_creating_reads_what_the_hooks_found(stage: Stage, inputs: Values) -> None:
    """The outputs are the record; nothing is written."""
    record(stage, inputs)
    stage.emulator.clear_journal()

    made = stage.plugin.create(TYPE, inputs)

    assert made.id == f"{inputs['workspaceSid']}/release"
    assert made.outputs["status"] == "verified"
    assert made.outputs["verifiedAt"] == RECORD["verified_at"]
    assert made.outputs["checks"] == RECORD["checks"]
    assert made.outputs["lastSync"] == RECORD["last_sync"]
    assert made.outputs["batchDocumentSid"] == RECORD["batch_document_sid"]
    assert stage.requests("POST") == []


def test_nothing_changed_runs_nothing(stage: Stage, inputs: Values) -> None:
    """The same triggers and a verified record are no difference, also after a refresh."""
    record(stage, inputs)
    made = stage.plugin.create(TYPE, inputs)

    refreshed = stage.plugin.read(made)

    assert refreshed is not None
    assert (refreshed.inputs, refreshed.outputs) == (made.inputs, made.outputs)
    assert not stage.plugin.diff(refreshed, inputs).changed


def test_the_trigger_that_changed_is_named(stage: Stage, inputs: Values) -> None:
    """The preview tells by key why the hooks will run, and that their findings are not known."""
    record(stage, inputs)
    made = stage.plugin.create(TYPE, inputs)
    wanted = {**inputs, "triggers": {"taskQueues": "1", "build": "3", "callback": "4"}}

    diff = stage.plugin.diff(made, wanted)
    shown = stage.plugin.preview_update(made, wanted)

    assert diff.paths == {"triggers.build": "UPDATE", "triggers.callback": "ADD"}
    assert diff.replaces == []
    assert shown["status"] is UNKNOWN
    assert shown["lastSync"] is UNKNOWN


def test_updating_reads_the_new_record(stage: Stage, inputs: Values) -> None:
    """After the hooks ran again, the outputs are what they found this time."""
    record(stage, inputs)
    made = stage.plugin.create(TYPE, inputs)
    record(stage, inputs, verified_at="2026-02-02T08:00:00Z", last_sync={"total": 5})

    updated = stage.plugin.update(made, {**inputs, "triggers": {"build": "9"}})

    assert updated.outputs["verifiedAt"] == "2026-02-02T08:00:00Z"
    assert updated.outputs["lastSync"] == {"total": 5}


def test_updating_without_a_record_is_an_error(stage: Stage, inputs: Values) -> None:
    """A record that vanished before an update means that the hooks did not run."""
    record(stage, inputs)
    made = stage.plugin.create(TYPE, inputs)
    stage.delete(f"{SYNC}/{inputs['syncServiceSid']}/Documents/release")

    with pytest.raises(Failed, match="the post-deploy hooks did not run"):
        stage.plugin.update(made, {**inputs, "triggers": {"build": "9"}})


def test_an_unverified_release_changes_until_it_is_verified(stage: Stage, inputs: Values) -> None:
    """While the record says unverified the next update runs the hooks again, by itself."""
    record(stage, inputs, status="unverified")
    made = stage.plugin.create(TYPE, inputs)

    diff = stage.plugin.diff(made, inputs)
    shown = stage.plugin.preview_update(made, inputs)

    assert (diff.paths, diff.replaces) == ({"status": "UPDATE"}, [])
    assert shown["status"] is UNKNOWN
    assert shown["verifiedAt"] is UNKNOWN
    record(stage, inputs)
    updated = stage.plugin.update(made, inputs)
    assert updated.outputs["status"] == "verified"
    assert not stage.plugin.diff(updated, inputs).changed


@pytest.mark.parametrize("change", ["workspaceSid", "syncServiceSid"])
def test_another_place_replaces_it(stage: Stage, inputs: Values, change: str) -> None:
    """A record is about one workspace and lives in one Sync service."""
    record(stage, inputs)
    made = stage.plugin.create(TYPE, inputs)

    diff = stage.plugin.diff(made, {**inputs, change: inputs[change][:2] + "1" * 32})

    assert diff.replaces == [change]


def test_deleting_removes_the_record(stage: Stage, inputs: Values) -> None:
    """Afterwards there is no record, a refresh says so, and deleting again is done."""
    record(stage, inputs)
    made = stage.plugin.create(TYPE, inputs)

    stage.plugin.delete(made)

    url = f"{SYNC}/{inputs['syncServiceSid']}/Documents/release"
    assert stage.emulator.request("GET", url).status_code == 404
    assert stage.plugin.read(made) is None
    stage.plugin.delete(made)


def test_importing_finds_the_record(stage: Stage, inputs: Values) -> None:
    """The id names no Sync service, so the one with a record is looked for."""
    record(stage, inputs)
    made = stage.plugin.create(TYPE, inputs)

    imported = stage.plugin.import_(TYPE, made.id)

    assert imported is not None
    assert imported.inputs["syncServiceSid"] == inputs["syncServiceSid"]
    assert imported.outputs["status"] == "verified"
    assert not stage.plugin.diff(imported, inputs).changed


def test_importing_among_several_records_is_refused(stage: Stage, inputs: Values) -> None:
    """Where two stacks have records, nobody can tell which is meant."""
    record(stage, inputs)
    other = stage.post(SYNC, {"FriendlyName": "another stack"})["sid"]
    record(stage, {**inputs, "syncServiceSid": other})

    with pytest.raises(Failed, match=f"several Sync services hold a record.*{other}"):
        stage.plugin.import_(TYPE, f"{inputs['workspaceSid']}/release")

    stage.delete(f"{SYNC}/{other}")
    stage.delete(f"{SYNC}/{inputs['syncServiceSid']}/Documents/release")
    assert stage.plugin.import_(TYPE, f"{inputs['workspaceSid']}/release") is None
