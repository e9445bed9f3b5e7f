"""Functions from file to domain under the real Pulumi engine, with the callback they serve."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.provider.project import Project, new_project
from tests.provider.stage import UPLOADS, WORKSPACES
from twilio_emulator.testing import RunningEmulator, start_emulator

HANDLER = "exports.handler = (context, event, callback) => callback(null, 'WORD');\n"
BY_HAND = "https://by-hand.example.com/"

PROGRAM = """
    from pulumi_twilio.resources import serverless
    from taskrouter_ops.release_record import RELEASE_DOCUMENT
    from taskrouter_ops.sync_documents import SyncDocuments
    from twilio_client import TwilioClient, credentials_from
    import os

    workspace_sid = flex.get_configuration().taskrouter_workspace_sid
    attributes = taskrouter.WorkerQueueAttributes("attributes", workspace_sid=workspace_sid)
    store = sync.Service("store", friendly_name="Store")
    centre = serverless.Service("centre", unique_name="centre", friendly_name="Centre")
    live = serverless.Environment(
        "live", service_sid=centre.sid, unique_name="live", domain_suffix="live"
    )
    place = {"service_sid": centre.sid, "environment_sid": live.sid}
    secret = serverless.Variable("secret", **place, key="BATCH_SECRET")
    serverless.Variable("greeting", **place, key="GREETING", value="plainly-readable")
    hello, other = (
        serverless.Function(
            name,
            service_sid=centre.sid,
            friendly_name=name,
            path=f"/{name}",
            visibility="public",
            content=pulumi.FileAsset(f"functions/{name}.js"),
        )
        for name in ("hello", "other")
    )
    logo = serverless.Asset(
        "logo",
        service_sid=centre.sid,
        friendly_name="logo",
        path="/logo.txt",
        visibility="public",
        content=pulumi.StringAsset("logo"),
    )
    build = serverless.Build(
        "build",
        service_sid=centre.sid,
        function_version_sids=[hello.version_sid, other.version_sid],
        asset_version_sids=[logo.version_sid],
    )
    deployment = serverless.Deployment("deployment", **place, build_sid=build.sid)
    url = live.domain_name.apply(lambda domain: f"https://{domain}")
    callback = taskrouter.EventCallback(
        "callback",
        workspace_sid=workspace_sid,
        url=pulumi.Output.concat(url, "/hello"),
        events=["worker.created", "task-queue.created"],
        opts=pulumi.ResourceOptions(depends_on=[deployment, attributes]),
    )

    def verify(arguments):
        settings = credentials_from({}, os.environ)
        documents = SyncDocuments(
            TwilioClient(settings.credentials, settings.base_url),
            arguments.new_inputs["syncServiceSid"],
        )
        documents.put(RELEASE_DOCUMENT, {"status": "verified", "checks": []})

    hook = pulumi.ResourceHook("verify", verify)
    release = taskrouter.Release(
        "release",
        workspace_sid=workspace_sid,
        sync_service_sid=store.sid,
        functions_url=url,
        triggers={"build": build.sid},
        opts=pulumi.ResourceOptions(
            depends_on=[callback],
            hooks=pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook]),
        ),
    )
    pulumi.export("url", url)
    pulumi.export("status", release.status)
"""


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    """An emulated account."""
    with start_emulator(workers=3) as running:
        yield running


@pytest.fixture
def project(emulator: RunningEmulator, tmp_path: Path) -> Project:
    """The project with its function files, nothing deployed yet."""
    emulator.reset()
    project = new_project(tmp_path, emulator)
    (tmp_path / "functions").mkdir()
    for name in ("hello", "other"):
        write_handler(project, name, name)
    project.program(PROGRAM)
    return project


def write_handler(project: Project, name: str, word: str) -> None:
    """Write a function's file."""
    (project.folder / "functions" / f"{name}.js").write_text(HANDLER.replace("WORD", word))


def workspace(emulator: RunningEmulator) -> dict[str, str]:
    """Read the workspace."""
    return dict(emulator.request("GET", WORKSPACES).json()["workspaces"][0])


def set_callback(emulator: RunningEmulator, url: str) -> None:
    """Change the callback past the engine."""
    data = {"EventCallbackUrl": url, "EventsFilter": "task.created"}
    emulator.request("POST", f"{WORKSPACES}/{workspace(emulator)['sid']}", data=data)


def test_functions_are_deployed_changed_and_taken_down(
    project: Project, emulator: RunningEmulator
) -> None:
    """One update deploys all; one changed file shows as that file and as a new build."""
    project.up()

    assert workspace(emulator)["event_callback_url"].endswith(".twil.io/hello")
    project.assert_settled()

    write_handler(project, "hello", "changed")
    assert project.planned() == {
        "hello": ("update", ["content"]),
        "build": ("replace", ["functionVersionSids"]),
        "deployment": ("update", ["buildSid"]),
        "release": ("update", ["triggers.build"]),
    }
    project.up()
    project.assert_settled()

    project.run("destroy", "--yes", "--skip-preview")
    assert workspace(emulator)["event_callback_url"] == ""
    services = emulator.request("GET", UPLOADS.replace("-upload", "")).json()["services"]
    assert services == []


def test_secrets_stay_out_of_state_and_output(project: Project, emulator: RunningEmulator) -> None:
    """Neither a given nor a generated value is readable in state or on the screen."""
    printed = project.up()
    project.run("refresh", "--yes", "--skip-preview")
    state = project.state()
    service_sid, environment_sid, _ = project.id_of("secret").split("/")
    url = UPLOADS.replace("-upload", "")
    listed = emulator.request(
        "GET", f"{url}/{service_sid}/Environments/{environment_sid}/Variables"
    ).json()["variables"]

    assert {each["key"] for each in listed} == {"BATCH_SECRET", "GREETING"}
    for variable in listed:
        assert variable["value"] not in printed
        assert variable["value"] not in state


def test_what_was_changed_by_hand_shows_and_is_repaired(
    project: Project, emulator: RunningEmulator
) -> None:
    """A function and the callback changed by hand show in refresh; one update repairs both."""
    project.up()
    service_sid, sid = project.id_of("hello").split("/")
    emulator.advance(2)
    answer = emulator.request(
        "POST",
        f"{UPLOADS}/{service_sid}/Functions/{sid}/Versions",
        data={"Path": "/hello", "Visibility": "public"},
        files={"Content": ("hello.js", b"exports.handler = 0;", "application/javascript")},
    )
    assert answer.status_code == 201
    set_callback(emulator, BY_HAND)

    printed = project.run("refresh", "--preview-only", "--diff")
    assert "functions/hello.js" in printed
    assert f'=> "{BY_HAND}"' in printed
    project.run("up", "--refresh", "--yes", "--skip-preview")

    assert workspace(emulator)["event_callback_url"].endswith(".twil.io/hello")
    project.assert_settled()


def test_a_callback_taken_meanwhile_survives_the_destroy(
    project: Project, emulator: RunningEmulator
) -> None:
    """Destroying the stack leaves a callback somebody else has set since."""
    project.up()
    set_callback(emulator, BY_HAND)

    printed = project.run("destroy", "--yes", "--skip-preview")

    assert workspace(emulator)["event_callback_url"] == BY_HAND
    assert f"sends its events to {BY_HAND} by now; it is left as it is" in printed


def test_a_failed_build_stops_the_update_and_leaves_the_old_one_serving(
    project: Project, emulator: RunningEmulator
) -> None:
    """A package that does not exist: the reason is shown, and what was deployed stays."""
    project.up()
    before = project.id_of("build")
    wrong = 'dependencies={"no-such-package-at-all": "1.0.0"},\n        asset_version_sids='
    project.program(PROGRAM.replace("asset_version_sids=", wrong))

    printed = project.up(fails=True)

    assert "no-such-package-at-all" in printed
    assert "Traceback" not in printed
    assert project.id_of("build") == before
    project.program(PROGRAM)
    project.assert_settled()


def test_an_unverified_release_runs_its_hooks_again(
    project: Project, emulator: RunningEmulator
) -> None:
    """While the record says unverified, the next update runs the hooks with nothing else to do."""
    project.program(PROGRAM.replace('"verified"', '"unverified"'))
    project.up()

    assert project.planned() == {"release": ("update", ["status"])}
    project.program(PROGRAM)
    project.up()

    assert '"verified"' in project.run("stack", "output", "--json")
    project.assert_settled()
