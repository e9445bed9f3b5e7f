"""Deploy the functions through the Serverless API, as any client would."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from twilio_client import TwilioClient, urls
from twilio_emulator.testing import RunningEmulator, wait_for

RUNTIME = "node22"


def deploy_functions(
    client: TwilioClient, project: Path, variables: Mapping[str, str], *, name: str = "ops-tests"
) -> str:
    """Upload, build and deploy; return the domain."""
    service = client.post(
        urls.serverless("Services"), {"UniqueName": name, "FriendlyName": name}
    ).body["sid"]
    environments = urls.serverless("Services", service, "Environments")
    environment = client.post(environments, {"UniqueName": "test", "DomainSuffix": "test"}).body
    for key, value in variables.items():
        url = urls.serverless("Services", service, "Environments", environment["sid"], "Variables")
        client.post(url, {"Key": key, "Value": value})
    versions = [_upload(client, service, *file) for file in _files(project / "functions")]
    build = _build(client, service, versions, project / "package.json")
    deployments = urls.serverless(
        "Services", service, "Environments", environment["sid"], "Deployments"
    )
    client.post(deployments, {"BuildSid": build})
    return str(environment["domain_name"])


def settled(emulator: RunningEmulator, *, quiet_seconds: float = 0.3) -> None:
    """Wait until the journal of callbacks and functions has not grown for a moment."""
    seen: list[int] = [-1]
    since: list[float] = [time.monotonic()]

    def quiet() -> bool:
        entries = len(emulator.journal(kind="callback")) + len(emulator.journal(kind="function"))
        if entries != seen[0]:
            seen[0], since[0] = entries, time.monotonic()
        return time.monotonic() - since[0] > quiet_seconds

    wait_for(quiet, seconds=60, what="the events to be delivered")


def _files(folder: Path) -> Iterator[tuple[str, str, bytes]]:
    for file in sorted(folder.rglob("*.js")):
        stem = file.relative_to(folder).as_posix().removesuffix(".js")
        visibility = next((v for v in ("protected", "private") if stem.endswith(f".{v}")), "public")
        yield "/" + stem.removesuffix(f".{visibility}"), visibility, file.read_bytes()


def _upload(client: TwilioClient, service: str, path: str, visibility: str, code: bytes) -> str:
    functions = urls.serverless("Services", service, "Functions")
    function = client.post(functions, {"FriendlyName": path}).body["sid"]
    answer = client.upload(
        urls.serverless_upload("Services", service, "Functions", function, "Versions"),
        {"Path": path, "Visibility": visibility},
        filename=path.rpartition("/")[2] + ".js",
        content=code,
        content_type="application/javascript",
    )
    return str(answer.body["sid"])


def _build(client: TwilioClient, service: str, versions: list[str], package: Path) -> str:
    wanted = json.loads(package.read_text())["dependencies"]
    dependencies = [{"name": name, "version": version} for name, version in wanted.items()]
    form = {
        "FunctionVersions": versions,
        "Dependencies": json.dumps(dependencies),
        "Runtime": RUNTIME,
    }
    build = client.post(urls.serverless("Services", service, "Builds"), form).body["sid"]
    status = urls.serverless("Services", service, "Builds", build, "Status")
    done = wait_for(
        lambda: client.get(status).body["status"] != "building", seconds=120, what="the build"
    )
    assert done
    assert client.get(status).body["status"] == "completed"
    return str(build)
