"""An emulator process to test against, and the steps that deploy functions to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from twilio_emulator.testing import RunningEmulator, start_emulator, wait_for

API = "serverless.twilio.com"
UPLOAD = "serverless-upload.twilio.com"


def awaited(condition: Callable[[], Any]) -> Any:
    """Ask until the answer is true, and return it."""
    return wait_for(condition, seconds=20)


@dataclass
class Running:
    """A running emulator, spoken to over HTTP."""

    emulator: RunningEmulator
    outsider: httpx.Client

    def api(self, method: str, host: str, path: str, **given: Any) -> httpx.Response:
        """Send one authenticated request to one of Twilio's API hosts."""
        return self.emulator.request(method, f"https://{host}{path}", **given)

    def function(self, method: str, url: str, **given: Any) -> httpx.Response:
        """Send one request without credentials to a functions domain."""
        host, _, path = url.removeprefix("https://").partition("/")
        headers = {"Host": host, **given.pop("headers", {})}
        address = f"{self.emulator.base_url}/{path}"
        return self.outsider.request(method, address, headers=headers, **given)

    def service(self, name: str, **properties: str) -> str:
        """Create a Serverless service and return its SID."""
        data = {"UniqueName": name, "FriendlyName": name, **properties}
        return str(self.api("POST", API, "/v1/Services", data=data).json()["sid"])

    def upload(
        self,
        service: str,
        path: str,
        content: str | bytes,
        *,
        visibility: str = "public",
        kind: str = "Functions",
        content_type: str = "application/javascript",
    ) -> dict[str, Any]:
        """Create a function or asset with one version and return the version."""
        base = f"/v1/Services/{service}/{kind}"
        file = self.api("POST", API, base, data={"FriendlyName": path}).json()
        answer = self.api(
            "POST",
            UPLOAD,
            f"{base}/{file['sid']}/Versions",
            data={"Path": path, "Visibility": visibility},
            files={"Content": ("file", content, content_type)},
        )
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def build(self, service: str, **data: Any) -> dict[str, Any]:
        """Create a build and wait for its end."""
        answer = self.api("POST", API, f"/v1/Services/{service}/Builds", data=data)
        assert answer.status_code == 201, answer.text
        sid = answer.json()["sid"]
        assert answer.json()["status"] == "building"
        path = f"/v1/Services/{service}/Builds/{sid}"
        awaited(lambda: self.api("GET", API, path + "/Status").json()["status"] != "building")
        return dict(self.api("GET", API, path).json())

    def deploy(
        self,
        name: str,
        functions: Mapping[str, str],
        variables: Mapping[str, str] | None = None,
        dependencies: str = "",
        **service: str,
    ) -> Deployed:
        """Deploy functions, given as path (with `.protected` or `.private`) to source."""
        zs = self.service(name, **service)
        environment = self.api(
            "POST",
            API,
            f"/v1/Services/{zs}/Environments",
            data={"UniqueName": "dev", "DomainSuffix": "dev"},
        ).json()
        deployed = Deployed(self, zs, environment["sid"], f"https://{environment['domain_name']}")
        for key, value in (variables or {}).items():
            deployed.set_variable(key, value)
        versions = []
        for path, source in functions.items():
            bare, _, visibility = path.partition(".")
            version = self.upload(zs, bare, source, visibility=visibility or "public")
            deployed.functions[bare] = version["function_sid"]
            versions.append(version["sid"])
        build = self.build(zs, FunctionVersions=versions, Dependencies=dependencies)
        assert build["status"] == "completed"
        deployed.activate(build["sid"])
        return deployed


@dataclass
class Deployed:
    """A deployed environment."""

    running: Running
    service: str
    environment: str
    url: str
    functions: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Return the environment's address in the API."""
        return f"/v1/Services/{self.service}/Environments/{self.environment}"

    def call(self, path: str, method: str = "GET", **given: Any) -> httpx.Response:
        """Call a function."""
        return self.running.function(method, self.url + path, **given)

    def set_variable(self, key: str, value: str) -> None:
        """Create a variable."""
        data = {"Key": key, "Value": value}
        self.running.api("POST", API, f"{self.path}/Variables", data=data)

    def activate(self, build: str) -> httpx.Response:
        """Deploy a build; an empty one takes the environment down."""
        data = {"BuildSid": build}
        return self.running.api("POST", API, f"{self.path}/Deployments", data=data)

    def logs(self, **query: str) -> list[dict[str, Any]]:
        """List the log lines, oldest first."""
        answer = self.running.api("GET", API, f"{self.path}/Logs", params=query)
        return list(answer.json()["logs"][::-1])


@contextmanager
def running(**chosen: Any) -> Iterator[Running]:
    """Run an emulator without the sample account's contact centre until the block ends."""
    with (
        start_emulator(**{"sample": False, **chosen}) as emulator,
        httpx.Client(timeout=40, trust_env=False) as outsider,
    ):
        yield Running(emulator, outsider)
