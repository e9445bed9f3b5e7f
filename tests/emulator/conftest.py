"""A running emulator per test file, and short ways to its TaskRouter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from twilio_emulator.testing import RunningEmulator, start_emulator

TASKROUTER = "https://taskrouter.twilio.com/v1/Workspaces"


@dataclass
class WorkspaceClient:
    """One workspace of a running emulator."""

    emulator: RunningEmulator
    sid: str

    @property
    def url(self) -> str:
        """The workspace's address."""
        return f"{TASKROUTER}/{self.sid}"

    def send(self, method: str, path: str = "", **options: Any) -> httpx.Response:
        """Send a request below the workspace."""
        return self.emulator.request(method, self.url + path, **options)

    def get(self, path: str = "", **params: Any) -> Any:
        """Read, expecting success."""
        answer = self.send("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def make(self, collection: str, **data: Any) -> dict[str, Any]:
        """Create, expecting success."""
        answer = self.send("POST", f"/{collection}", data=data)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def change(self, path: str, **data: Any) -> dict[str, Any]:
        """Update, expecting success."""
        answer = self.send("POST", path, data=data)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def remove(self, path: str) -> None:
        """Delete, expecting success."""
        answer = self.send("DELETE", path)
        assert answer.status_code == 204, answer.text
        assert answer.content == b""

    def refusal(self, method: str, path: str = "", status: int = 400, **data: Any) -> str:
        """Send what is to be refused with `status`, and return the message."""
        answer = self.send(method, path, **({"data": data} if method == "POST" else {}))
        assert answer.status_code == status, answer.text
        body = answer.json()
        assert set(body) == {"code", "message", "more_info", "status"}
        assert body["more_info"].endswith(f"/{body['code']}")
        return str(body["message"])


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    """Run an emulator with 20 sample workers for a test file."""
    with start_emulator(workers=20) as running:
        yield running


@pytest.fixture
def flex(emulator: RunningEmulator) -> WorkspaceClient:
    """Return the sample account's Flex workspace, as it was at the start."""
    emulator.reset()
    found = emulator.request("GET", TASKROUTER).json()["workspaces"]
    return WorkspaceClient(emulator, found[0]["sid"])


@pytest.fixture
def workspace(emulator: RunningEmulator) -> Iterator[WorkspaceClient]:
    """Create a workspace for one test."""
    made = emulator.request("POST", TASKROUTER, data={"FriendlyName": "Test"}).json()
    client = WorkspaceClient(emulator, made["sid"])
    yield client
    client.send("DELETE")
