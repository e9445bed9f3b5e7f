"""The Serverless API: services, environments, variables, files, builds, deployments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from twilio_emulator.functions_runtime import dependencies

from .running import API, Running, running

HELLO = "exports.handler = (context, event, callback) => callback(null, 'hello');"


@pytest.fixture(scope="module")
def emulator() -> Iterator[Running]:
    """Run an emulator."""
    with running() as started:
        yield started


def test_service_is_addressed_by_sid_and_unique_name(emulator: Running) -> None:
    """A service is read, changed and deleted by its SID and by its unique name."""
    created = emulator.api(
        "POST", API, "/v1/Services", data={"UniqueName": "by-name", "FriendlyName": "By name"}
    )
    service = created.json()

    assert created.status_code == 201
    assert service["include_credentials"] is True
    assert service["ui_editable"] is False
    assert service["domain_base"].startswith("by-name-")
    assert service["domain_base"].removeprefix("by-name-").isdigit()
    assert emulator.api("GET", API, "/v1/Services/by-name").json() == service
    changed = emulator.api("POST", API, "/v1/Services/by-name", data={"UiEditable": "true"})
    assert changed.json()["ui_editable"] is True
    assert emulator.api("DELETE", API, f"/v1/Services/{service['sid']}").status_code == 204
    assert emulator.api("GET", API, "/v1/Services/by-name").status_code == 404


def test_unique_names_are_unique(emulator: Running) -> None:
    """A second service, environment or variable of the same name is refused with 409."""
    service = emulator.service("once")
    again = {"UniqueName": "once", "FriendlyName": "x"}
    assert emulator.api("POST", API, "/v1/Services", data=again).status_code == 409

    path = f"/v1/Services/{service}/Environments"
    environment = {"UniqueName": "dev", "DomainSuffix": "dev"}
    first = emulator.api("POST", API, path, data=environment)
    assert first.status_code == 201
    assert emulator.api("POST", API, path, data=environment).status_code == 409

    path += f"/{first.json()['sid']}/Variables"
    variable = {"Key": "A", "Value": "1"}
    assert emulator.api("POST", API, path, data=variable).status_code == 201
    assert emulator.api("POST", API, path, data=variable).status_code == 409


def test_environment_domain_and_its_missing_update(emulator: Running) -> None:
    """An environment's domain is made of service, digits and suffix; it cannot be updated."""
    service = emulator.service("domains")
    base = emulator.api("GET", API, f"/v1/Services/{service}").json()["domain_base"]
    path = f"/v1/Services/{service}/Environments"

    plain = emulator.api("POST", API, path, data={"UniqueName": "production"}).json()
    suffixed = {"UniqueName": "staging", "DomainSuffix": "stage"}
    staging = emulator.api("POST", API, path, data=suffixed).json()

    assert plain["domain_name"] == f"{base}.twil.io"
    assert plain["domain_suffix"] is None
    assert staging["domain_name"] == f"{base}-stage.twil.io"
    assert emulator.api("POST", API, f"{path}/{plain['sid']}").status_code == 405
    assert emulator.api("DELETE", API, f"{path}/{plain['sid']}").status_code == 204
    listed = emulator.api("GET", API, path).json()["environments"]
    assert [environment["sid"] for environment in listed] == [staging["sid"]]


def test_variable_value_is_limited_to_450_bytes(emulator: Running) -> None:
    """A variable takes 450 bytes (not characters) and is changed and deleted by SID."""
    service = emulator.service("variables")
    environments = f"/v1/Services/{service}/Environments"
    environment = emulator.api("POST", API, environments, data={"UniqueName": "dev"}).json()
    path = f"{environments}/{environment['sid']}/Variables"

    fits = emulator.api("POST", API, path, data={"Key": "FITS", "Value": "ä" * 225})
    refused = emulator.api("POST", API, path, data={"Key": "WIDE", "Value": "ä" * 226})

    assert fits.status_code == 201
    assert (refused.status_code, refused.json()["code"]) == (400, 20001)
    one = f"{path}/{fits.json()['sid']}"
    assert emulator.api("POST", API, one, data={"Value": "new"}).json()["value"] == "new"
    assert emulator.api("GET", API, one).json()["key"] == "FITS"
    assert emulator.api("DELETE", API, one).status_code == 204
    assert emulator.api("GET", API, one).status_code == 404


def test_function_source_is_read_back(emulator: Running) -> None:
    """An uploaded version shows path and visibility, and a function's content is read back."""
    service = emulator.service("content")
    version = emulator.upload(service, "/a/b", HELLO, visibility="protected")
    path = f"/v1/Services/{service}/Functions/{version['function_sid']}/Versions"

    assert (version["path"], version["visibility"]) == ("/a/b", "protected")
    listed = emulator.api("GET", API, path).json()["function_versions"]
    assert listed == [version]
    content = emulator.api("GET", API, f"{path}/{version['sid']}/Content").json()
    assert content["content"] == HELLO
    assets = f"/v1/Services/{service}/Assets/{version['function_sid']}"
    assert emulator.api("GET", API, assets).status_code == 404


@pytest.mark.parametrize("path", ["a", "/../up", "/a//b", "/a?b=1", "/.."])
def test_paths_that_are_none_are_refused(emulator: Running, path: str) -> None:
    """A version's path has to be the path of a URL below the domain."""
    service = emulator.service("paths-" + path.encode().hex())
    base = f"/v1/Services/{service}/Functions"
    function = emulator.api("POST", API, base, data={"FriendlyName": "f"}).json()["sid"]

    answer = emulator.api(
        "POST",
        "serverless-upload.twilio.com",
        f"{base}/{function}/Versions",
        data={"Path": path, "Visibility": "public"},
        files={"Content": ("f.js", HELLO, "application/javascript")},
    )

    assert (answer.status_code, answer.json()["code"]) == (400, 20001)


def test_build_adds_default_dependencies(emulator: Running) -> None:
    """A build's dependencies read back with Twilio's own, in both forms of the parameter."""
    service = emulator.service("defaults")
    version = emulator.upload(service, "/hello", HELLO)["sid"]
    wanted = json.dumps([{"name": "lodash", "version": "4.17.21"}])

    builds = [
        emulator.build(service, FunctionVersions=[version], Dependencies=text)
        for text in (wanted, f'"{wanted}"')
    ]

    for build in builds:
        names = {row["name"] for row in build["dependencies"]}
        assert names == set(dependencies.DEFAULTS)
        assert build["status"] == "completed"
        assert [row["sid"] for row in build["function_versions"]] == [version]


def test_build_with_a_missing_package_fails_and_says_why(emulator: Running) -> None:
    """A build that needs a package the emulator has not fails, with the reason in the logs."""
    deployed = emulator.deploy("missing", {"/hello": HELLO})
    version = emulator.upload(deployed.service, "/hello", HELLO)["sid"]
    wanted = [{"name": "left-pad", "version": "1.3.0"}]

    build = emulator.build(
        deployed.service, FunctionVersions=[version], Dependencies=json.dumps(wanted)
    )
    refused = deployed.activate(build["sid"])

    assert build["status"] == "failed"
    assert refused.status_code == 400
    assert "left-pad@1.3.0 is not installed in the emulator" in refused.json()["message"]
    assert deployed.logs()[-1]["level"] == "error"
    assert "left-pad@1.3.0" in deployed.logs()[-1]["message"]
    assert deployed.call("/hello").text == "hello"


def test_another_version_of_a_package_is_noted(emulator: Running) -> None:
    """A build that wants another version than the installed one completes with a note."""
    deployed = emulator.deploy("versions", {"/hello": HELLO})
    version = emulator.upload(deployed.service, "/hello", HELLO)["sid"]
    wanted = json.dumps([{"name": "twilio", "version": "5.0.0"}])

    build = emulator.build(deployed.service, FunctionVersions=[version], Dependencies=wanted)

    assert build["status"] == "completed"
    note = deployed.logs()[-1]
    assert (note["level"], note["build_sid"]) == ("warn", build["sid"])
    assert "twilio@5.0.0 was asked for; the emulator runs 6." in note["message"]


def test_missing_runtime_names_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the host's node_modules nothing can be built; the error says what to run."""
    monkeypatch.setattr(dependencies, "NODE_MODULES", tmp_path)

    with pytest.raises(dependencies.RuntimeNotInstalled, match=r"run `npm ci` in .*node"):
        dependencies.installed_packages()


def test_build_refuses_strangers_and_doubles(emulator: Running) -> None:
    """A build takes only its service's versions, and one file per path."""
    service, other = emulator.service("strict-build"), emulator.service("other-build")
    versions = [emulator.upload(service, "/same", HELLO)["sid"] for _ in range(2)]
    stranger = emulator.upload(other, "/hello", HELLO)["sid"]
    path = f"/v1/Services/{service}/Builds"

    twice = emulator.api("POST", API, path, data={"FunctionVersions": versions})
    foreign = emulator.api("POST", API, path, data={"FunctionVersions": stranger})

    assert (twice.status_code, foreign.status_code) == (400, 400)
    assert "/same" in twice.json()["message"]
    assert stranger in foreign.json()["message"]


def test_live_build_is_kept_until_another_is_deployed(emulator: Running) -> None:
    """A deployed build cannot be deleted; after an empty deployment it can, and nothing answers."""
    deployed = emulator.deploy("live", {"/hello": HELLO})
    build = emulator.api("GET", API, deployed.path).json()["build_sid"]
    path = f"/v1/Services/{deployed.service}/Builds/{build}"

    assert emulator.api("DELETE", API, path).status_code == 400
    assert deployed.call("/hello").text == "hello"
    taken_down = deployed.activate("")

    assert (taken_down.status_code, taken_down.json()["build_sid"]) == (201, None)
    assert deployed.call("/hello").status_code == 404
    assert emulator.api("DELETE", API, path).status_code == 204
    deployments = emulator.api("GET", API, f"{deployed.path}/Deployments").json()["deployments"]
    one = f"{deployed.path}/Deployments/{deployments[0]['sid']}"
    assert len(deployments) == 2
    assert emulator.api("DELETE", API, one).status_code == 405


def test_new_build_replaces_the_running_code(emulator: Running) -> None:
    """After the next deployment the next request runs the new code."""
    deployed = emulator.deploy("replace", {"/hello": HELLO})
    assert deployed.call("/hello").text == "hello"
    version = emulator.upload(deployed.service, "/hello", HELLO.replace("hello", "bye"))["sid"]

    deployed.activate(emulator.build(deployed.service, FunctionVersions=[version])["sid"])

    assert deployed.call("/hello").text == "bye"


def test_deleted_function_goes_on_in_its_build(emulator: Running) -> None:
    """Deleting a function leaves the builds made of it as they are."""
    deployed = emulator.deploy("keeps", {"/hello": HELLO})
    function = deployed.functions["/hello"]

    path = f"/v1/Services/{deployed.service}/Functions/{function}"
    assert emulator.api("DELETE", API, path).status_code == 204

    assert deployed.call("/hello").text == "hello"
    assert emulator.api("GET", API, path).status_code == 404


def test_deployment_survives_a_restart(tmp_path: Path) -> None:
    """What was deployed answers again after the emulator was stopped and started."""
    with running(data=tmp_path) as first:
        url = first.deploy("durable", {"/hello": HELLO}).url
    with running(data=tmp_path) as second:
        assert second.function("GET", url + "/hello").text == "hello"


def test_unknown_parameter_is_refused_by_name(emulator: Running) -> None:
    """A parameter Serverless does not have is named in the refusal."""
    data = {"UniqueName": "typo", "FriendlyName": "x", "IncludeCredential": "true"}

    answer = emulator.api("POST", API, "/v1/Services", data=data)

    assert answer.status_code == 400
    assert "IncludeCredential" in answer.json()["message"]


def test_build_needs_a_version_and_takes_fifty_functions(emulator: Running) -> None:
    """A build of nothing is refused, one of more than 50 functions while the limit holds."""
    service = emulator.service("crowded")
    path = f"/v1/Services/{service}/Builds"
    refused = emulator.api("POST", API, path)
    assert (refused.status_code, refused.json()["code"]) == (400, 20001)

    versions = [emulator.upload(service, f"/f{number}", HELLO)["sid"] for number in range(51)]
    crowded = emulator.api("POST", API, path, data={"FunctionVersions": versions})
    assert crowded.status_code == 400
    assert "at most 50 functions" in crowded.json()["message"]
    emulator.emulator.switch_limits(builds=False)
    built = emulator.api("POST", API, path, data={"FunctionVersions": versions})
    emulator.emulator.switch_limits(builds=True)
    assert built.status_code == 201
