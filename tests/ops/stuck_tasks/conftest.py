"""A workspace on a local Twilio whose clock stands still, and short ways to make tasks stuck."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from benchmarks.bench_stuck_tasks_floor import NOW, OLD, Floor, plant, sid
from taskrouter_ops.stuck_tasks import Options, Report, clean, rules_from
from taskrouter_ops.stuck_tasks.report import TaskReport
from twilio_client import Credentials, RetryPolicy, TwilioClient, urls
from twilio_emulator.testing import RunningEmulator, start_emulator

CALL = sid("CA", 1)
OTHER_CALL = sid("CA", 2)
CONFERENCE = sid("CF", 1)
REASON = "Orchestration issue: closed stuck voice Task."


@dataclass
class Centre:
    """What the tests work on, and what they look at from outside."""

    emulator: RunningEmulator
    client: TwilioClient
    workspace_sid: str
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 100_000)))

    def task(
        self,
        *,
        state: str = "pending",
        call_sid: str | None = CALL,
        age: float = OLD,
        channel: str = "voice",
        attributes: Mapping[str, Any] | str | None = None,
    ) -> str:
        """Make one task, open and two hours old, that names a call; return its SID."""
        number = next(self.numbers)
        given: Any = attributes
        if not isinstance(given, str):
            named = {"call_sid": call_sid} if call_sid else {}
            given = {"n": number, **named, **(attributes or {})}
        entry = {
            "channel": channel,
            "queue": "Offered" if state == "reserved" else "Waiting",
            "attributes": given,
            "age": age,
            **({"state": "assigned", "worker": "holder"} if state == "assigned" else {}),
        }
        before = set(self.tasks())
        self.emulator.seed({"tasks": [entry]})
        (made,) = set(self.tasks()) - before
        return made

    def call(self, call_sid: str = CALL, status: str = "completed", ended_ago: float = 3600) -> str:
        """Make a call that ended an hour ago."""
        ended = datetime.fromisoformat(NOW) - timedelta(seconds=ended_ago)
        end = {} if status == "in-progress" else {"end_time": ended.isoformat()}
        self.emulator.seed({"calls": [{"sid": call_sid, "status": status, **end}]})
        return call_sid

    def tasks(self) -> dict[str, dict[str, Any]]:
        """Read all tasks from outside."""
        return {task["sid"]: task for task in self.client.list(self.url("Tasks"))}

    def status(self, task_sid: str) -> str:
        """Read one task's status."""
        return str(self.client.get(self.url("Tasks", task_sid)).body["assignment_status"])

    def update(self, task_sid: str, **form: Any) -> None:
        """Change a task as somebody else would."""
        self.client.post(self.url("Tasks", task_sid), form)

    def answer(self, task_sid: str, status: str = "accepted") -> None:
        """Let the worker who was offered a task accept or reject it."""
        offers = self.client.list(
            self.url("Tasks", task_sid, "Reservations"), {"ReservationStatus": "pending"}
        )
        (offer,) = offers
        url = self.url("Tasks", task_sid, "Reservations", offer["sid"])
        self.client.post(url, {"ReservationStatus": status})

    def url(self, *segments: str) -> str:
        """Return an address in the workspace."""
        return urls.taskrouter("Workspaces", self.workspace_sid, *segments)

    def clean(
        self,
        *,
        apply: bool = True,
        client: TwilioClient | None = None,
        watcher: Any = None,
        is_interrupted: Callable[[], bool] = lambda: False,
        max_close: int | None = None,
        concurrency: int = 8,
        **rules: Any,
    ) -> Report:
        """Run the cleaner."""
        options = Options(
            rules=rules_from(**rules), apply=apply, max_close=max_close, concurrency=concurrency
        )
        return clean(
            client or self.client,
            self.workspace_sid,
            options,
            watcher=watcher,
            is_interrupted=is_interrupted,
        )

    def written(self) -> list[dict[str, Any]]:
        """List the writes to tasks since the journal was cleared."""
        return self.emulator.journal(method="POST", path="/Tasks/WT")

    def environment(self) -> dict[str, str]:
        """Return the variables that point the command here."""
        return {
            **self.emulator.environment(),
            "TWILIO_FLEX_WORKSPACE_SID": self.workspace_sid,
        }


def outcome(report: Report, task_sid: str) -> str:
    """Say how a task ended: its outcome, or why it was left alone."""
    item = item_of(report, task_sid)
    return str(item.skip.reason if item.skip else item.outcome)


def item_of(report: Report, task_sid: str) -> TaskReport:
    """Return a task's part of a report."""
    (item,) = (each for each in report.tasks if each.task.sid == task_sid)
    return item


def client_for(emulator: RunningEmulator, **options: Any) -> TwilioClient:
    """Make a client that retries as the command does, with short waits."""
    return TwilioClient(
        Credentials(emulator.account_sid, auth_token=emulator.auth_token),
        emulator.base_url,
        retry=RetryPolicy(attempts=4, first_seconds=0.01),
        **options,
    )


@pytest.fixture(scope="session")
def quiet() -> Iterator[RunningEmulator]:
    """Run one emulator without agents for all tests; its clock stands still."""
    with start_emulator(workers=0, start=NOW, rate_limits=False) as emulator:
        emulator.take_snapshot("first-state")
        yield emulator


@pytest.fixture
def centre(quiet: RunningEmulator) -> Iterator[Centre]:
    """Lend the emulator in its first state: queues and agents, no tasks, no calls, no faults."""
    quiet.restore("first-state")
    quiet.clear_faults()
    client = client_for(quiet)
    workers = [
        {"friendly_name": "holder", "attributes": {}},
        {
            "friendly_name": "offered-1",
            "attributes": {"team": "offered"},
            "activity": "Available",
            "channels": {"voice": 50, "chat": 50},
        },
    ]
    workspace = plant(quiet, Floor({"workers": workers}))
    quiet.clear_journal()
    yield Centre(quiet, client, workspace)
    client.transport.session.close()


def plain_environment() -> dict[str, str]:
    """Return the environment without anything that points a command somewhere."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("TWILIO_", "TASKROUTER_"))}
