"""Deploys this repository's functions to an emulator, over the Serverless API alone."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twilio_emulator.testing import RunningEmulator, wait_for

PROJECT = Path(__file__).parents[2] / "functions"
SECRET = "a-secret-of-the-tests"
SERVERLESS = "https://serverless.twilio.com/v1/Services"
UPLOAD = "https://serverless-upload.twilio.com/v1/Services"
SOURCE_NAME = re.compile(r"^(?P<path>.+?)(?:\.(?P<visibility>private|protected))?\.js$")


@dataclass(frozen=True)
class Deployment:
    """Where the functions answer and which service and environment they are in."""

    domain: str
    service_sid: str
    environment_sid: str

    @property
    def event_handler(self) -> str:
        """The workspace's event callback URL."""
        return f"https://{self.domain}/event-handler"

    @property
    def batch_process(self) -> str:
        """The address of batch messages."""
        return f"https://{self.domain}/batch/process"


def deploy(emulator: RunningEmulator, name: str, variables: dict[str, str]) -> Deployment:
    """Upload every function and asset, build, set the variables, deploy."""
    service = _post(emulator, SERVERLESS, UniqueName=name, FriendlyName=name)
    base = f"{SERVERLESS}/{service['sid']}"
    environment = _post(emulator, f"{base}/Environments", UniqueName="test", DomainSuffix="test")
    for key, value in variables.items():
        url = f"{base}/Environments/{environment['sid']}/Variables"
        _post(emulator, url, Key=key, Value=value)
    functions = [_upload(emulator, service["sid"], source) for source in _sources()]
    assets = [_upload_asset(emulator, service["sid"], file) for file in _assets()]
    build = _build(emulator, base, functions, assets)
    url = f"{base}/Environments/{environment['sid']}/Deployments"
    _post(emulator, url, BuildSid=build["sid"])
    return Deployment(environment["domain_name"], service["sid"], environment["sid"])


def set_variable(emulator: RunningEmulator, deployment: Deployment, key: str, value: str) -> None:
    """Change a variable of the running functions."""
    url = (
        f"{SERVERLESS}/{deployment.service_sid}/Environments/{deployment.environment_sid}/Variables"
    )
    found = emulator.request("GET", url, params={"PageSize": 100}).json()["variables"]
    sid = next(variable["sid"] for variable in found if variable["key"] == key)
    _post(emulator, f"{url}/{sid}", Value=value)


def _sources() -> list[Path]:
    return sorted((PROJECT / "functions").rglob("*.js"))


def _assets() -> list[Path]:
    return sorted(file for file in (PROJECT / "assets").rglob("*") if file.is_file())


def _upload_asset(emulator: RunningEmulator, service_sid: str, file: Path) -> str:
    path = f"/{file.relative_to(PROJECT / 'assets').as_posix()}"
    asset = _post(emulator, f"{SERVERLESS}/{service_sid}/Assets", FriendlyName=path)
    answer = emulator.request(
        "POST",
        f"{UPLOAD}/{service_sid}/Assets/{asset['sid']}/Versions",
        data={"Path": path, "Visibility": "public"},
        files={"Content": (file.name, file.read_bytes(), "text/javascript")},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["sid"])


def _upload(emulator: RunningEmulator, service_sid: str, source: Path) -> str:
    match = SOURCE_NAME.match(source.relative_to(PROJECT / "functions").as_posix())
    assert match is not None
    path = f"/{match['path']}"
    function = _post(emulator, f"{SERVERLESS}/{service_sid}/Functions", FriendlyName=path)
    answer = emulator.request(
        "POST",
        f"{UPLOAD}/{service_sid}/Functions/{function['sid']}/Versions",
        data={"Path": path, "Visibility": match["visibility"] or "public"},
        files={"Content": (source.name, source.read_bytes(), "application/javascript")},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["sid"])


def _build(
    emulator: RunningEmulator, base: str, functions: list[str], assets: list[str]
) -> dict[str, Any]:
    wanted = json.loads((PROJECT / "package.json").read_text("utf-8"))["dependencies"]
    dependencies = [{"name": name, "version": version} for name, version in wanted.items()]
    build = _post(
        emulator,
        f"{base}/Builds",
        FunctionVersions=functions,
        AssetVersions=assets,
        Dependencies=json.dumps(dependencies),
        Runtime="node22",
    )

    def status() -> str | None:
        url = f"{base}/Builds/{build['sid']}/Status"
        found = str(emulator.request("GET", url).json()["status"])
        return None if found == "building" else found

    assert wait_for(status, what="the build") == "completed"
    return build


def _post(emulator: RunningEmulator, url: str, **form: Any) -> dict[str, Any]:
    answer = emulator.request("POST", url, data=form)
    assert answer.status_code in (200, 201), answer.text
    body: dict[str, Any] = answer.json()
    return body
