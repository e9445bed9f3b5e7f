"""A contact centre deployed on a local Twilio, with the real functions in real Node."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from taskrouter_ops import CallbackSettings, Target
from tests.ops.deploying import deploy_functions, settled
from twilio_client import Credentials, RetryPolicy, TwilioClient, urls
from twilio_client.attributes import parse_attributes
from twilio_emulator.testing import RunningEmulator, start_emulator

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 25
# Short, so that a sync of a few workers takes several hops.
BUDGET_MS = 400

EXPRESSIONS = {
    "Everyone Ops": "1==1",
    "Nobody Ops": "1==2",
    "Billing Ops": "routing.skills HAS 'billing'",
    "English or Spanish Ops": "languages HAS 'en' OR languages HAS 'es'",
}


@dataclass
class Centre:
    """What the tests work on, and what they look at from outside."""

    emulator: RunningEmulator
    client: TwilioClient
    target: Target
    settings: CallbackSettings
    queues: dict[str, str]

    def workers(self) -> dict[str, dict[str, Any]]:
        """Read all workers' attributes, by SID."""
        listed = self.client.list(self.url("Workers"))
        return {worker["sid"]: parse_attributes(worker["attributes"]) for worker in listed}

    def eligible(self) -> dict[str, list[str]]:
        """Ask Twilio, queue by queue, which workers are eligible; return each worker's queues."""
        queues: dict[str, list[str]] = {sid: [] for sid in self.workers()}
        for queue in self.client.list(self.url("TaskQueues")):
            for worker in self.client.list(self.url("Workers"), {"TaskQueueSid": queue["sid"]}):
                queues[worker["sid"]].append(queue["sid"])
        return {worker: sorted(sids) for worker, sids in queues.items()}

    def held(self) -> dict[str, Any]:
        """Return each worker's attribute `queues`."""
        return {sid: attributes.get("queues") for sid, attributes in self.workers().items()}

    def disturb(self, worker_sid: str, **attributes: Any) -> None:
        """Change a worker's attributes behind everybody's back: no event is sent for it."""
        present = self.workers()[worker_sid]
        with self.emulator.fault(kind="callback", status=204):
            self.client.post(
                self.url("Workers", worker_sid), {"Attributes": {**present, **attributes}}
            )
            # Twilio takes the answer for the receiver's: the event is lost.
            self.callbacks_settled()

    def disturb_all(self) -> None:
        """Take the queues off every worker, unseen."""
        with self.emulator.fault(kind="callback", status=204):
            for sid, attributes in self.workers().items():
                attributes.pop("queues", None)
                attributes.pop("queues_digest", None)
                self.client.post(self.url("Workers", sid), {"Attributes": attributes})
            self.callbacks_settled()

    def callbacks_settled(self) -> None:
        """Wait until no event is on its way any more."""
        settled(self.emulator)

    def queue_names(self) -> list[str]:
        """List the names of the task queues."""
        return [queue["friendly_name"] for queue in self.client.list(self.url("TaskQueues"))]

    def url(self, *segments: str) -> str:
        """Return an address in the workspace."""
        return urls.taskrouter("Workspaces", self.target.workspace_sid, *segments)

    def functions_called(self, path: str) -> int:
        """Count the calls of a function since the journal was cleared."""
        return sum(entry["path"] == path for entry in self.emulator.journal(kind="function"))

    def command(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run the `taskrouter` command on this deployment."""
        return run_command(*arguments, **{**self.variables(), **environ})

    def variables(self) -> dict[str, str]:
        """Return what tells the `taskrouter` command of this deployment."""
        return {
            **self.emulator.environment(),
            "TWILIO_FLEX_WORKSPACE_SID": self.target.workspace_sid,
            "TWILIO_FLEX_SYNC_SID": self.target.sync_service_sid,
            "TASKROUTER_FUNCTIONS_URL": self.target.functions_url,
        }


def run_command(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the `taskrouter` command with these variables and no other `TWILIO_…` ones."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("TWILIO_", "TASKROUTER_"))}
    return subprocess.run(
        [sys.executable, "-m", "taskrouter_ops", *arguments],
        cwd=ROOT,
        env={**plain, "COLUMNS": "200", **environ},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="session")
def deployed() -> Iterator[Centre]:
    """Deploy once for all tests: queues, Sync service, functions, event callback."""
    with deployed_centre(WORKERS) as centre:
        yield centre


@contextmanager
def deployed_centre(workers: int) -> Iterator[Centre]:
    """Deploy to an emulator of its own."""
    with start_emulator(workers=workers, rate_limits=False) as emulator:
        client = TwilioClient(
            Credentials(emulator.account_sid, auth_token=emulator.auth_token),
            emulator.base_url,
            retry=RetryPolicy(attempts=3, first_seconds=0.01),
        )
        yield _deploy(emulator, client)
        client.transport.session.close()


@pytest.fixture
def centre(deployed: Centre) -> Iterator[Centre]:
    """Lend the deployed centre to a test, without failures in force and with a fresh journal."""
    deployed.emulator.clear_faults()
    deployed.callbacks_settled()
    deployed.emulator.clear_journal()
    yield deployed
    deployed.emulator.clear_faults()


def _deploy(emulator: RunningEmulator, client: TwilioClient) -> Centre:
    configuration = client.get(urls.flex("Configuration")).body
    workspace = str(configuration["taskrouter_workspace_sid"])
    sync = str(client.post(urls.sync("Services"), {"FriendlyName": "ops"}).body["sid"])
    queues = {}
    for name, expression in EXPRESSIONS.items():
        form = {"FriendlyName": name, "TargetWorkers": expression}
        url = urls.taskrouter("Workspaces", workspace, "TaskQueues")
        queues[name] = str(client.post(url, form).body["sid"])
    variables = {
        "TWILIO_FLEX_WORKSPACE_SID": workspace,
        "TWILIO_FLEX_SYNC_SID": sync,
        "BATCH_SECRET": "0f" * 32,
        "BATCH_TIME_BUDGET_MS": str(BUDGET_MS),
        "TWILIO_SERVICE_MAX_BACKOFF": "200",
    }
    domain = deploy_functions(client, ROOT / "functions", variables)
    target = Target(workspace, sync, f"https://{domain}")
    settings = CallbackSettings(target.event_handler)
    set_callback(client, target, settings)
    return Centre(emulator, client, target, settings, queues)


def set_callback(client: TwilioClient, target: Target, settings: CallbackSettings) -> None:
    """Give the workspace its event callback."""
    client.post(
        urls.taskrouter("Workspaces", target.workspace_sid),
        {"EventCallbackUrl": settings.url, "EventsFilter": ",".join(settings.events)},
    )


def parsed(result: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Read a command's JSON."""
    found: dict[str, Any] = json.loads(result.stdout)
    return found
