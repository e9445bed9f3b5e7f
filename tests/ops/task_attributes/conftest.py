"""A local Twilio for the tests of task attributes, and the three stores of deferred changes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from taskrouter_ops.task_attributes import (
    DeferredChanges,
    MemoryDeferredChanges,
    SqliteDeferredChanges,
    SyncDeferredChanges,
)
from tests.ops.task_attributes.desk import Desk
from twilio_client import Credentials, RetryPolicy, TwilioClient, urls
from twilio_emulator.testing import RunningEmulator, start_emulator

ROOT = Path(__file__).resolve().parents[3]
TASK = "WT" + "a" * 28 + "0000"
OTHER_TASK = "WT" + "b" * 32


@pytest.fixture(scope="session")
def twilio() -> Iterator[RunningEmulator]:
    """Run one emulator for all tests of task attributes, with Twilio's limits in force."""
    with start_emulator(workers=2) as emulator:
        yield emulator


@pytest.fixture
def client(twilio: RunningEmulator) -> Iterator[TwilioClient]:
    """Lend a client, with no failures in force and a fresh journal."""
    twilio.clear_faults()
    twilio.clear_journal()
    made = TwilioClient(
        Credentials(twilio.account_sid, auth_token=twilio.auth_token),
        twilio.base_url,
        retry=RetryPolicy(first_seconds=0.05),
    )
    yield made
    made.transport.session.close()
    twilio.clear_faults()


@pytest.fixture
def desk(twilio: RunningEmulator, client: TwilioClient) -> Desk:
    """Lend tasks to a test, and services that write them."""
    return Desk(twilio, client)


@pytest.fixture
def sync_service_sid(client: TwilioClient) -> str:
    """Make a Sync service of the test's own."""
    made = client.post(urls.sync("Services"), {"FriendlyName": "deferred"})
    return str(made.body["sid"])


@dataclass
class Kept:
    """What a store keeps, and how to open it once more, here or in another process."""

    kind: str
    store: DeferredChanges
    reopen: Callable[[], DeferredChanges]
    arguments: list[str] = field(default_factory=list)
    environ: dict[str, str] = field(default_factory=dict)

    def process(self, task_sid: str, name: str, count: int) -> subprocess.Popen[str]:
        """Start a process that defers so many changes and prints each that was kept."""
        command = [sys.executable, "-m", "tests.ops.task_attributes.deferring"]
        return subprocess.Popen(
            [*command, task_sid, name, str(count), self.kind, *self.arguments],
            cwd=ROOT,
            env={**os.environ, **self.environ},
            stdout=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(params=["memory", "sqlite", "sync"])
def kept(request: pytest.FixtureRequest) -> Kept:
    """Give a test each of the stores in turn, with nothing in it."""
    found: Kept = request.getfixturevalue(f"kept_in_{request.param}")
    return found


@pytest.fixture
def kept_in_memory() -> Kept:
    """Keep changes in memory."""
    store = MemoryDeferredChanges()
    return Kept("memory", store, lambda: store)


@pytest.fixture
def kept_in_sqlite(tmp_path: Path) -> Kept:
    """Keep changes in a file."""
    path = tmp_path / "state" / "deferred.sqlite"
    return Kept(
        "sqlite", SqliteDeferredChanges(path), lambda: SqliteDeferredChanges(path), [str(path)]
    )


@pytest.fixture
def kept_in_sync(twilio: RunningEmulator, client: TwilioClient, sync_service_sid: str) -> Kept:
    """Keep changes in Sync documents."""

    def opened() -> DeferredChanges:
        return SyncDeferredChanges(client, sync_service_sid)

    return Kept("sync", opened(), opened, [sync_service_sid], twilio.environment())
