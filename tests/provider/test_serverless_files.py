"""Functions and assets: one resource per file, one version per change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from pulumi_twilio.declarations.serverless.versions import newest
from pulumi_twilio.declarations.special import UNKNOWN, Asset
from tests.provider.plugin import CheckFailed, Failed, Resource, Values, plain
from tests.provider.stage import SERVERLESS, UPLOADS, Stage, running_stage, sid_of

FUNCTION, ASSET = "twilio:serverless:Function", "twilio:serverless:Asset"
both_kinds = pytest.mark.parametrize("type_", [FUNCTION, ASSET], ids=["Function", "Asset"])


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """An emulated account for this file's tests."""
    with running_stage() as running:
        yield running


@pytest.fixture(scope="module")
def service_sid(stage: Stage) -> str:
    """A service for this file's tests."""
    return sid_of(stage.service())


def segment(type_: str) -> str:
    """Return a kind's part of the address."""
    return "Functions" if type_ == FUNCTION else "Assets"


def upload_by_hand(stage: Stage, type_: str, made: Resource, **changes: str) -> str:
    """Upload another version a second later, past the plugin."""
    stage.emulator.advance(2)
    fields = {"Path": made.inputs["path"], "Visibility": "protected", **changes}
    text = fields.pop("text", "exports.handler = 'by hand';\n")
    service_sid = made.inputs["serviceSid"]
    url = f"{UPLOADS}/{service_sid}/{segment(type_)}/{sid_of(made)}/Versions"
    files = {"Content": ("file.js", text.encode(), "application/javascript")}
    return str(stage.post(url, fields, files=files)["sid"])


@both_kinds
def test_creating_uploads_the_first_version(stage: Stage, service_sid: str, type_: str) -> None:
    """A new file is the function and one version with its path, visibility and content."""
    inputs = stage.file(service_sid, "first\n")

    made = stage.plugin.create(type_, inputs)

    url = f"{SERVERLESS}/{service_sid}/{segment(type_)}/{made.outputs['sid']}/Versions"
    version = stage.get(f"{url}/{made.outputs['versionSid']}")
    assert (version["path"], version["visibility"]) == (inputs["path"], "protected")
    assert made.outputs["contentHash"] == hashlib.sha256(b"first\n").hexdigest()
    assert made.id == f"{service_sid}/{made.outputs['sid']}"


@both_kinds
def test_a_preview_of_a_new_file_knows_no_version(
    stage: Stage, service_sid: str, type_: str
) -> None:
    """Before it is created its SIDs are unknown, and nothing is sent."""
    stage.emulator.clear_journal()

    shown = stage.plugin.preview_create(type_, stage.file(service_sid))

    assert (shown["sid"], shown["versionSid"]) == (UNKNOWN, UNKNOWN)
    assert stage.requests() == []


@both_kinds
def test_an_unchanged_file_costs_no_request(stage: Stage, service_sid: str, type_: str) -> None:
    """The same bytes are no difference, and finding that out asks Twilio nothing."""
    made = stage.plugin.create(type_, stage.file(service_sid))
    stage.emulator.clear_journal()

    diff = stage.plugin.diff(made, made.inputs)

    assert not diff.changed
    assert stage.requests() == []


@both_kinds
@pytest.mark.parametrize(
    "change",
    [{"content": Asset.of_text("second\n")}, {"path": "/moved"}, {"visibility": "public"}],
    ids=["content", "path", "visibility"],
)
def test_a_change_is_a_new_version_of_the_same_file(
    stage: Stage, service_sid: str, type_: str, change: Values
) -> None:
    """Changed content, path or visibility keeps the SID and gets a new version SID."""
    made = stage.plugin.create(type_, stage.file(service_sid))
    wanted = {**made.inputs, **change}
    stage.emulator.clear_journal()

    diff = stage.plugin.diff(made, wanted)
    shown = stage.plugin.preview_update(made, wanted)
    changed = stage.plugin.update(made, wanted)

    assert (list(diff.paths), diff.replaces) == ([*change], [])
    assert shown["versionSid"] is UNKNOWN
    assert changed.outputs["sid"] == made.outputs["sid"]
    assert changed.outputs["versionSid"] != made.outputs["versionSid"]
    assert stage.requests("POST") == [
        f"POST /v1/Services/{service_sid}/{segment(type_)}/{sid_of(made)}/Versions"
    ]
    refreshed = stage.plugin.read(changed)
    assert refreshed is not None
    assert not stage.plugin.diff(refreshed, wanted).changed


@both_kinds
def test_renaming_uploads_nothing(stage: Stage, service_sid: str, type_: str) -> None:
    """The friendly name belongs to the function, not to its versions."""
    made = stage.plugin.create(type_, stage.file(service_sid))

    renamed = stage.plugin.update(made, {**made.inputs, "friendlyName": stage.name("renamed")})

    assert renamed.outputs["versionSid"] == made.outputs["versionSid"]
    refreshed = stage.plugin.read(renamed)
    assert refreshed is not None
    assert refreshed.outputs["friendlyName"] == renamed.inputs["friendlyName"]


@both_kinds
def test_a_failed_upload_keeps_the_sid_and_is_taken_up_again(
    stage: Stage, service_sid: str, type_: str
) -> None:
    """A function without its version is not lost: the next update uploads to the same one."""
    inputs = stage.file(service_sid)
    refused = {"status": 400, "body": {"code": 20001, "message": "Content is empty"}}

    with (
        stage.emulator.fault(method="POST", host="serverless-upload", **refused),
        pytest.raises(Failed, match=r"upload .*Content is empty.*run the update again") as failed,
    ):
        stage.plugin.create(type_, inputs)

    kept = failed.value.unfinished
    assert kept is not None
    half = Resource(type_, kept.id, inputs, {"serviceSid": service_sid, "sid": kept.id[-34:]})
    finished = stage.plugin.update(half, inputs)
    assert finished.outputs["sid"] == kept.id[-34:]
    assert finished.outputs["versionSid"].startswith("ZN")


def test_a_refused_function_leaves_nothing_behind(stage: Stage, service_sid: str) -> None:
    """When already the function cannot be created, nothing is uploaded or kept."""
    stage.emulator.clear_journal()

    with (
        stage.emulator.fault(method="POST", path="/Functions$", status=403),
        pytest.raises(Failed, match="Twilio answered 403") as failed,
    ):
        stage.plugin.create(FUNCTION, stage.file(service_sid))

    assert failed.value.unfinished is None
    assert not any("Versions" in line for line in stage.requests("POST"))


@both_kinds
def test_an_update_whose_upload_fails_succeeds_when_repeated(
    stage: Stage, service_sid: str, type_: str
) -> None:
    """A failed update keeps the old version in state, so that it can simply be repeated."""
    made = stage.plugin.create(type_, stage.file(service_sid))
    wanted = {**made.inputs, "friendlyName": stage.name("new"), "path": "/elsewhere"}

    with (
        stage.emulator.fault(method="POST", host="serverless-upload", status=400),
        pytest.raises(Failed, match="upload /elsewhere as a version of"),
    ):
        stage.plugin.update(made, wanted)

    again = stage.plugin.update(made, wanted)
    assert again.outputs["versionSid"] != made.outputs["versionSid"]
    assert again.outputs["friendlyName"] == wanted["friendlyName"]


@both_kinds
def test_a_file_deleted_by_hand_is_gone(stage: Stage, service_sid: str, type_: str) -> None:
    """Refresh drops a function that is no longer there, and deleting it again is done."""
    made = stage.plugin.create(type_, stage.file(service_sid))

    stage.plugin.delete(made)

    assert stage.plugin.read(made) is None
    stage.plugin.delete(made)


def test_a_functions_content_changed_by_hand_shows_as_that_file(
    stage: Stage, service_sid: str
) -> None:
    """Refresh reads the newest version's source; an update uploads the program's again."""
    made = stage.plugin.create(FUNCTION, stage.file(service_sid))
    upload_by_hand(stage, FUNCTION, made)

    refreshed = stage.plugin.read(made)

    assert refreshed is not None
    assert stage.plugin.diff(refreshed, made.inputs).paths == {"content": "UPDATE"}
    repaired = stage.plugin.update(refreshed, made.inputs)
    again = stage.plugin.read(repaired)
    assert again is not None
    assert not stage.plugin.diff(again, made.inputs).changed


def test_the_same_content_uploaded_by_hand_is_no_drift(stage: Stage, service_sid: str) -> None:
    """A newer version of equal path, visibility and bytes changes nothing, not even the SID."""
    made = stage.plugin.create(FUNCTION, stage.file(service_sid, "same\n"))
    upload_by_hand(stage, FUNCTION, made, text="same\n")

    refreshed = stage.plugin.read(made)

    assert refreshed is not None
    assert not stage.plugin.diff(refreshed, made.inputs).changed
    assert refreshed.outputs["versionSid"] == made.outputs["versionSid"]


def test_an_asset_replaced_by_hand_shows_as_replaced(stage: Stage, service_sid: str) -> None:
    """Nobody can read an asset's bytes, but a newer version tells that they changed."""
    made = stage.plugin.create(ASSET, stage.file(service_sid))
    upload_by_hand(stage, ASSET, made)

    refreshed = stage.plugin.read(made)

    assert refreshed is not None
    assert refreshed.inputs["content"].hash == "replaced"
    assert stage.plugin.diff(refreshed, made.inputs).paths == {"content": "UPDATE"}
    assert stage.plugin.update(refreshed, made.inputs).outputs["versionSid"].startswith("ZN")


@both_kinds
def test_a_path_and_visibility_changed_by_hand_are_read_back(
    stage: Stage, service_sid: str, type_: str
) -> None:
    """The newest version tells where the file is and who may reach it."""
    made = stage.plugin.create(type_, stage.file(service_sid))
    upload_by_hand(stage, type_, made, Path="/by-hand", Visibility="public")

    refreshed = stage.plugin.read(made)

    assert refreshed is not None
    assert (refreshed.inputs["path"], refreshed.inputs["visibility"]) == ("/by-hand", "public")


@both_kinds
def test_a_purged_version_shows_and_is_uploaded_again(
    stage: Stage, service_sid: str, type_: str
) -> None:
    """Twilio purges versions no build uses: the content is then missing and comes back."""
    made = stage.plugin.create(type_, stage.file(service_sid))
    key = "function_versions" if type_ == FUNCTION else "asset_versions"
    nothing = {key: [], "meta": {"key": key, "next_page_url": None}}

    with stage.emulator.fault(
        method="GET", path=f"{sid_of(made)}/Versions$", status=200, body=nothing
    ):
        refreshed = stage.plugin.read(made)

    assert refreshed is not None
    assert refreshed.inputs["content"].hash == "purged"
    assert "versionSid" not in refreshed.outputs
    assert list(stage.plugin.diff(refreshed, made.inputs).paths) == ["content"]
    again = stage.plugin.update(refreshed, made.inputs)
    assert again.outputs["versionSid"] not in (None, made.outputs["versionSid"])


@both_kinds
def test_importing_a_file_finds_what_its_program_says(
    stage: Stage, service_sid: str, type_: str
) -> None:
    """After an import the program that made the file has nothing to change."""
    made = stage.plugin.create(type_, stage.file(service_sid, "imported\n"))

    imported = stage.plugin.import_(type_, made.id)

    assert imported is not None
    assert imported.outputs["versionSid"] == made.outputs["versionSid"]
    assert not stage.plugin.diff(imported, made.inputs).changed


def test_a_file_changed_after_its_import_is_uploaded(stage: Stage, service_sid: str) -> None:
    """The first update takes the program's asset as the imported one; from then on it compares."""
    made = stage.plugin.create(ASSET, stage.file(service_sid, "imported\n"))
    imported = stage.plugin.import_(ASSET, made.id)
    assert imported is not None
    adopted = replace(imported, inputs=made.inputs)

    diff = stage.plugin.diff(adopted, {**made.inputs, "content": Asset.of_text("changed\n")})

    assert diff.paths == {"content": "UPDATE"}


@both_kinds
def test_a_namesake_is_refused_with_its_import_line(
    stage: Stage, service_sid: str, type_: str
) -> None:
    """A second file of one name is not made; the message tells how to adopt the first."""
    made = stage.plugin.create(type_, stage.file(service_sid))

    with pytest.raises(Failed, match=f"pulumi import {type_} one {made.id}"):
        stage.plugin.create(type_, made.inputs)


@both_kinds
def test_wrong_paths_and_remote_content_are_told_before_any_request(
    stage: Stage, service_sid: str, type_: str
) -> None:
    """What cannot work is refused at the preview, each with its property."""
    inputs = stage.file(service_sid)
    wrong = {"path": "hello", "content": Asset("", uri="https://example.com/a.js")}
    stage.emulator.clear_journal()

    with pytest.raises(CheckFailed) as failed:
        stage.plugin.check(type_, {**inputs, **wrong})

    assert [path for path, _ in failed.value.failures] == ["path", "content"]
    assert stage.requests() == []


def test_a_file_that_vanished_is_named(stage: Stage, service_sid: str) -> None:
    """A file deleted between preview and upload is an error with its name; the SID is kept."""
    inputs = {**stage.file(service_sid), "content": Asset("ab" * 32, path="no/such.js")}

    with pytest.raises(Failed, match=r"no/such\.js") as failed:
        stage.plugin.create(FUNCTION, inputs)

    assert failed.value.unfinished is not None
    assert "fault in the Twilio provider" not in str(failed.value)


def test_moving_to_another_service_replaces_the_file(stage: Stage, service_sid: str) -> None:
    """A file belongs to one service for good."""
    made = stage.function(service_sid)
    other = sid_of(stage.service())

    diff = stage.plugin.diff(made, {**made.inputs, "serviceSid": other})

    assert diff.replaces == ["serviceSid"]


def test_ours_is_the_newest_among_versions_of_one_second() -> None:
    """Dates have whole seconds; of several newest the one in state is taken."""
    early = {"sid": "ZN1", "date_created": "2026-01-01T00:00:00Z"}
    late = {"sid": "ZN2", "date_created": "2026-01-01T00:00:01Z"}
    same = {**late, "sid": "ZN3"}

    assert newest([early, late, same], "ZN3") == same
    assert newest([early, late, same], "ZN1") == late
    assert newest([], "ZN1") is None


def test_state_keeps_no_more_than_the_engine_shows(stage: Stage, service_sid: str) -> None:
    """A refresh of an untouched file leaves state as it is."""
    made = stage.function(service_sid)
    as_stored = replace(made, inputs=plain(made.inputs))

    refreshed = stage.plugin.read(as_stored)

    assert refreshed is not None
    assert (refreshed.inputs, refreshed.outputs) == (as_stored.inputs, as_stored.outputs)
