"""Builds and deployments: what Twilio builds in the background, and what an environment serves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import pytest

from pulumi_twilio.declarations.call import Call, PartlyCreated, Patience
from pulumi_twilio.declarations.serverless.build import BUILD, BUILD_SECONDS
from tests.provider.plugin import Failed, Resource, Values, plain
from tests.provider.stage import SERVERLESS, Stage, running_stage, sid_of
from twilio_client import TwilioClient, credentials_from

TYPE, DEPLOYMENT = "twilio:serverless:Build", "twilio:serverless:Deployment"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """An emulated account for this file's tests."""
    with running_stage() as running:
        yield running


@dataclass
class Place:
    """A service with an environment and two functions, ready to build and deploy."""

    stage: Stage
    service_sid: str
    environment_sid: str
    versions: list[str]

    def inputs(self, **more: object) -> Values:
        """Make the inputs of a build of both functions."""
        return {"serviceSid": self.service_sid, "functionVersionSids": self.versions, **more}

    def build(self, **more: object) -> Resource:
        """Create a build."""
        return self.stage.plugin.create(TYPE, self.inputs(**more))

    def deploy(self, build: Resource) -> Resource:
        """Create the environment's deployment."""
        return self.stage.plugin.create(DEPLOYMENT, self.deployment(build))

    def deployment(self, build: Resource) -> Values:
        """Make the inputs of a deployment."""
        place = {"serviceSid": self.service_sid, "environmentSid": self.environment_sid}
        return {**place, "buildSid": sid_of(build)}

    def url(self, *rest: str) -> str:
        """Return an address below the service."""
        return "/".join([SERVERLESS, self.service_sid, *rest])

    def environment_url(self, *rest: str) -> str:
        """Return an address below the environment."""
        return self.url("Environments", self.environment_sid, *rest)

    def served(self) -> object:
        """Return the build the environment serves."""
        return self.stage.get(self.environment_url())["build_sid"]


@pytest.fixture
def place(stage: Stage) -> Place:
    """A fresh service for one test."""
    service_sid = sid_of(stage.service())
    environment_sid = sid_of(stage.environment(service_sid))
    functions = [stage.function(service_sid), stage.function(service_sid)]
    versions = sorted(each.outputs["versionSid"] for each in functions)
    return Place(stage, service_sid, environment_sid, versions)


def test_creating_a_build_waits_until_it_is_completed(place: Place) -> None:
    """A created build can be deployed at once."""
    build = place.build(dependencies={"twilio": "5.0.0"})

    assert build.outputs["status"] == "completed"
    assert place.stage.get(place.url("Builds", sid_of(build)))["status"] == "completed"
    assert build.outputs["functionVersionSids"] == place.versions


def test_what_twilio_adds_to_a_build_is_no_drift(place: Place) -> None:
    """Packages and a runtime Twilio chose by itself do not show, however often it is read."""
    build = place.build(dependencies={"twilio": "5.0.0"})

    refreshed = place.stage.plugin.read(build)

    assert refreshed is not None
    assert (refreshed.inputs, refreshed.outputs) == (build.inputs, build.outputs)


def test_the_same_versions_in_another_order_are_the_same_build(place: Place) -> None:
    """Unchanged files make no new build: versions compare as a set, packages by name."""
    build = place.build(dependencies={"twilio": "5.0.0"})
    place.stage.emulator.clear_journal()
    reordered = [*reversed(place.versions), place.versions[0]]

    diff = place.stage.plugin.diff(
        build, place.inputs(functionVersionSids=reordered, dependencies={"twilio": "5.0.0"})
    )

    assert not diff.changed
    assert place.stage.requests() == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda place: {"functionVersionSids": place.versions[:1]}, "functionVersionSids"),
        (lambda _: {"assetVersionSids": ["ZN" + "a" * 32]}, "assetVersionSids"),
        (lambda _: {"dependencies": {"twilio": "5.1.0"}}, "dependencies.twilio"),
        (lambda _: {"runtime": "node20"}, "runtime"),
    ],
    ids=["functions", "assets", "dependencies", "runtime"],
)
def test_every_change_replaces_the_build(
    place: Place, change: Callable[[Place], Values], path: str
) -> None:
    """A build cannot change; the new one is made before the old one goes."""
    build = place.build(dependencies={"twilio": "5.0.0"})

    diff = place.stage.plugin.diff(
        build, {**place.inputs(dependencies={"twilio": "5.0.0"}), **change(place)}
    )

    assert list(diff.paths) == [path]
    assert diff.paths[path].endswith("_REPLACE")
    assert not diff.delete_before_replace


def test_the_first_dependency_is_a_change(place: Place) -> None:
    """A build made without packages is replaced when the program asks for one."""
    refreshed = place.stage.plugin.read(place.build())
    assert refreshed is not None

    diff = place.stage.plugin.diff(refreshed, place.inputs(dependencies={"twilio": "5.0.0"}))

    assert diff.replaces == ["dependencies"]


def test_a_failed_build_says_why_and_leaves_nothing(place: Place) -> None:
    """A package that does not exist fails the build with its reason; the build is deleted."""
    with pytest.raises(Failed, match=r"failed \(ZB.*no-such-package") as failed:
        place.build(dependencies={"no-such-package-at-all": "1.0.0"})

    assert failed.value.unfinished is None
    assert "Check the package versions" in str(failed.value)
    assert place.stage.get(place.url("Builds"))["builds"] == []


def test_a_refused_build_of_purged_versions_says_how_to_bring_them_back(place: Place) -> None:
    """A version Twilio no longer has is refused with the command that uploads it again."""
    with pytest.raises(Failed, match="pulumi up --refresh"):
        place.build(functionVersionSids=["ZN" + "0" * 32])


def test_a_build_that_cannot_be_watched_is_kept_and_waited_for_later(place: Place) -> None:
    """When the status cannot be read the build is not lost: the next update goes on waiting."""
    with (
        place.stage.emulator.fault(path="/Status$", status=403),
        pytest.raises(Failed, match="go on waiting") as failed,
    ):
        place.build()

    kept = failed.value.unfinished
    assert kept is not None
    half = Resource(TYPE, kept.id, place.inputs(), {"serviceSid": place.service_sid})
    finished = place.stage.plugin.update(half, place.inputs())
    assert finished.outputs["status"] == "completed"


def test_a_build_that_takes_too_long_is_kept_and_named(place: Place) -> None:
    """The wait ends at its limit, with the SID and the setting that allows more time."""
    ticks = count(0.0, BUILD_SECONDS / 4)
    patience = Patience(1.0, wait=lambda _: False, clock=lambda: next(ticks))
    building = {"status": "building"}

    with (
        place.stage.emulator.fault(path="/Status$", status=200, body=building),
        pytest.raises(PartlyCreated, match=r"still building ZB.*customTimeouts\.create") as late,
    ):
        create_directly(place, patience)

    kept = late.value.created.id
    assert place.stage.get(place.url("Builds", kept.rsplit("/", 1)[1]))["sid"] in kept


def test_a_cancelled_wait_keeps_the_build(place: Place) -> None:
    """Ctrl-C while Twilio builds does not lose the build's SID."""
    patience = Patience(60.0, wait=lambda _: True, clock=time.monotonic)

    with (
        place.stage.emulator.fault(path="/Status$", status=200, body={"status": "building"}),
        pytest.raises(PartlyCreated, match="go on waiting"),
    ):
        create_directly(place, patience)


def create_directly(place: Place, patience: Patience) -> None:
    """Create a build with a clock of the test's own."""
    emulator = place.stage.emulator
    settings = credentials_from({}, emulator.environment())
    client = TwilioClient(settings.credentials, settings.base_url)
    call = Call(client, BUILD, "one", inputs=place.inputs(), patience=patience)
    assert BUILD.create is not None
    BUILD.create(call)


def test_a_live_build_is_not_deleted(place: Place) -> None:
    """Twilio's refusal is repeated for the time allowed and then reported with its reason."""
    build = place.build()
    place.deploy(build)

    with pytest.raises(Failed, match=r"is deployed to .*tried for 0\.5 s"):
        place.stage.plugin.delete(build, timeout=0.5)


def test_a_build_goes_once_another_is_deployed(place: Place) -> None:
    """After the deployment moved on, the old build can be deleted."""
    old = place.build()
    deployment = place.deploy(old)
    new = place.build(functionVersionSids=place.versions[:1])

    place.stage.plugin.update(deployment, place.deployment(new))

    place.stage.plugin.delete(old)
    assert place.stage.plugin.read(old) is None
    place.stage.plugin.delete(old)


def test_a_purged_build_that_nothing_serves_is_gone(place: Place) -> None:
    """Refresh drops a build Twilio purged, so that the next update makes it again."""
    build = place.build()
    place.stage.delete(place.url("Builds", sid_of(build)))

    assert place.stage.plugin.read(build) is None


def test_a_purged_build_that_is_still_served_stays(place: Place) -> None:
    """While an environment serves it nothing is missing: it stays as it is."""
    build = place.build()
    place.deploy(build)
    gone = {"code": 20404, "message": "not found", "status": 404}

    with place.stage.emulator.fault(
        method="GET", path=f"Builds/{sid_of(build)}$", status=404, body=gone
    ):
        refreshed = place.stage.plugin.read(build)

    assert refreshed is not None
    assert not place.stage.plugin.diff(refreshed, place.inputs()).changed
    assert refreshed.outputs == build.outputs


@pytest.mark.parametrize("more", [{}, {"dependencies": {"twilio": "5.0.0"}, "runtime": "node20"}])
def test_importing_a_build_finds_what_its_program_says(place: Place, more: Values) -> None:
    """After an import the versions compare equal and Twilio's additions do not show."""
    build = place.build(**more)

    imported = place.stage.plugin.import_(TYPE, build.id)

    assert imported is not None
    assert plain(imported.outputs)["status"] == "completed"
    assert not place.stage.plugin.diff(imported, place.inputs(**more)).changed


def test_deploying_makes_the_environment_serve_the_build(place: Place) -> None:
    """A deployment's id is its environment; its SID is Twilio's."""
    build = place.build()

    deployment = place.deploy(build)

    assert deployment.id == f"{place.service_sid}/{place.environment_sid}"
    assert deployment.outputs["sid"].startswith("ZD")
    assert place.served() == sid_of(build)
    refreshed = place.stage.plugin.read(deployment)
    assert refreshed is not None
    assert (refreshed.inputs, refreshed.outputs) == (deployment.inputs, deployment.outputs)


def test_another_build_is_deployed_in_place(place: Place) -> None:
    """The next build replaces the last one without taking the environment down."""
    deployment = place.deploy(place.build())
    new = place.build(functionVersionSids=place.versions[:1])

    diff = place.stage.plugin.diff(deployment, place.deployment(new))
    updated = place.stage.plugin.update(deployment, place.deployment(new))

    assert (diff.paths, diff.replaces) == ({"buildSid": "UPDATE"}, [])
    assert updated.outputs["sid"] != deployment.outputs["sid"]
    assert place.served() == sid_of(new)


def test_a_build_deployed_by_hand_shows_and_is_repaired(place: Place) -> None:
    """Refresh tells which build is served; an update serves the program's again."""
    build = place.build()
    deployment = place.deploy(build)
    other = place.build(functionVersionSids=place.versions[:1])
    by_hand = place.stage.post(place.environment_url("Deployments"), {"BuildSid": sid_of(other)})

    refreshed = place.stage.plugin.read(deployment)

    assert refreshed is not None
    assert refreshed.inputs["buildSid"] == sid_of(other)
    assert refreshed.outputs["sid"] == by_hand["sid"]
    place.stage.plugin.update(refreshed, place.deployment(build))
    assert place.served() == sid_of(build)


def test_an_environment_emptied_by_hand_has_no_deployment(place: Place) -> None:
    """Refresh drops a deployment that was taken off, so that the next update deploys again."""
    deployment = place.deploy(place.build())
    place.stage.post(place.environment_url("Deployments"), {"BuildSid": ""})

    assert place.stage.plugin.read(deployment) is None
    place.stage.plugin.delete(deployment)


def test_deleting_a_deployment_takes_the_build_off(place: Place) -> None:
    """Afterwards the environment serves nothing and its build may be deleted."""
    build = place.build()
    deployment = place.deploy(build)

    place.stage.plugin.delete(deployment)

    assert place.served() is None
    place.stage.plugin.delete(build)


def test_deleting_leaves_what_somebody_else_deployed(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    """A build deployed since by somebody else keeps being served, with a warning."""
    deployment = place.deploy(place.build())
    other = place.build(functionVersionSids=place.versions[:1])
    place.stage.post(place.environment_url("Deployments"), {"BuildSid": sid_of(other)})

    place.stage.plugin.delete(deployment)

    assert place.served() == sid_of(other)
    assert f"serves build {sid_of(other)} by now" in caplog.text


def test_a_refresh_does_not_make_anothers_build_ours(place: Place) -> None:
    """Deleting after a refresh that saw another's build still leaves that build in service."""
    deployment = place.deploy(place.build())
    other = sid_of(place.build(functionVersionSids=place.versions[:1]))
    place.stage.post(place.environment_url("Deployments"), {"BuildSid": other})

    refreshed = place.stage.plugin.read(deployment)
    assert refreshed is not None
    place.stage.plugin.delete(refreshed)

    assert place.served() == other


def test_a_refused_deployment_is_an_error_and_changes_nothing(place: Place) -> None:
    """A build that Twilio will not deploy leaves the environment as it was."""
    build = place.build()
    deployment = place.deploy(build)
    missing = {**place.deployment(build), "buildSid": "ZB" + "0" * 32}

    with pytest.raises(Failed, match=r"deploy build ZB0+ to environment ZE.*20001") as failed:
        place.stage.plugin.update(deployment, missing)

    assert failed.value.unfinished is None
    assert place.served() == sid_of(build)


def test_a_deployment_whose_environment_is_gone_is_gone(place: Place) -> None:
    """Deleting the environment took the deployment along."""
    deployment = place.deploy(place.build())
    place.stage.delete(place.environment_url())

    assert place.stage.plugin.read(deployment) is None
    place.stage.plugin.delete(deployment)


def test_importing_a_deployment_finds_what_its_program_says(place: Place) -> None:
    """The environment tells which build it serves and since which deployment."""
    build = place.build()
    deployment = place.deploy(build)

    imported = place.stage.plugin.import_(DEPLOYMENT, deployment.id)

    assert imported is not None
    assert imported.outputs == deployment.outputs
    assert not place.stage.plugin.diff(imported, place.deployment(build)).changed
