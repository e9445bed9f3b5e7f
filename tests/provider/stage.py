"""An emulator with the plugin configured for it: where resources are taken through their verbs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from pulumi_twilio.declarations.special import Asset
from tests.provider.plugin import Plugin, Resource, Values, running_plugin
from twilio_emulator.testing import RunningEmulator, start_emulator

SERVERLESS = "https://serverless.twilio.com/v1/Services"
UPLOADS = "https://serverless-upload.twilio.com/v1/Services"
WORKSPACES = "https://taskrouter.twilio.com/v1/Workspaces"
SYNC = "https://sync.twilio.com/v1/Services"


@dataclass
class Stage:
    """One emulated account; every resource made here has a name of its own."""

    emulator: RunningEmulator
    plugin: Plugin
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def service(self) -> Resource:
        """Create a Serverless service."""
        name = self.name("service")
        inputs = {"uniqueName": name, "friendlyName": name}
        return self.plugin.create("twilio:serverless:Service", inputs)

    def environment(self, service_sid: str) -> Resource:
        """Create an environment."""
        name = self.name("env")
        inputs = {"serviceSid": service_sid, "uniqueName": name, "domainSuffix": name}
        return self.plugin.create("twilio:serverless:Environment", inputs)

    def function(self, service_sid: str, text: str = "exports.handler = 1;\n") -> Resource:
        """Create a function with its first version."""
        return self.plugin.create("twilio:serverless:Function", self.file(service_sid, text))

    def file(self, service_sid: str, text: str = "exports.handler = 1;\n") -> Values:
        """Make the inputs of a function or asset."""
        name = self.name("file")
        return {
            "serviceSid": service_sid,
            "friendlyName": name,
            "path": f"/{name}",
            "visibility": "protected",
            "content": Asset.of_text(text),
        }

    def name(self, prefix: str) -> str:
        """Make a name nothing else has."""
        return f"{prefix}-{next(self._numbers)}"

    def get(self, url: str) -> dict[str, Any]:
        """Read something from the emulator, past the plugin."""
        answer = self.emulator.request("GET", url)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def post(self, url: str, data: Values, **options: Any) -> dict[str, Any]:
        """Change something by hand, past the plugin."""
        answer = self.emulator.request("POST", url, data=data, **options)
        assert answer.status_code in (200, 201), answer.text
        body: dict[str, Any] = answer.json()
        return body

    def delete(self, url: str) -> None:
        """Delete something by hand, past the plugin."""
        assert self.emulator.request("DELETE", url).status_code == 204

    def requests(self, method: str = "") -> list[str]:
        """List what was asked since the journal was cleared: "POST /v1/…"."""
        entries = self.emulator.journal(kind="api")
        lines = [f"{entry['method']} {entry['path']}" for entry in entries]
        return [line for line in lines if line.startswith(method)]

    def workspace_sid(self) -> str:
        """Return the sample account's workspace."""
        return str(self.get(WORKSPACES)["workspaces"][0]["sid"])


@contextmanager
def running_stage(workers: int = 5) -> Iterator[Stage]:
    """Run an emulator and a plugin for the length of the block."""
    with start_emulator(workers=workers) as emulator, running_plugin() as plugin:
        plugin.configure(
            {
                "accountSid": emulator.account_sid,
                "authToken": emulator.auth_token,
                "baseUrl": emulator.base_url,
            }
        )
        yield Stage(emulator, plugin)


def sid_of(resource: Resource) -> str:
    """Return a resource's own SID, the last part of its id."""
    return resource.id.rsplit("/", 1)[-1]


def as_json(value: Any) -> str:
    """Write compact JSON."""
    return json.dumps(value, separators=(",", ":"))
