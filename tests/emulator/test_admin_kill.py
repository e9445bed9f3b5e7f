"""SIGKILL at any moment: what was acknowledged is there, and nothing is there by halves."""

from __future__ import annotations

import itertools
import json
import random
import resource
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from twilio_emulator.control import ControlError
from twilio_emulator.testing import RunningEmulator, start_emulator, wait_for

from .conftest import TASKROUTER

ROUNDS = 4


@dataclass
class Writers:
    """Clients that write until the emulator is gone, and remember what was acknowledged."""

    emulator: RunningEmulator
    flex: str
    worker: str
    round: int
    queues: list[str] = field(default_factory=list)
    workspaces: list[str] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    number: int = -1

    def queue(self, turn: int) -> None:
        """Create a queue."""
        made = self._write(f"{self.flex}/TaskQueues", FriendlyName=f"{self.round}-{turn}")
        self.queues.append(made["sid"])

    def attributes(self, turn: int) -> None:
        """Count up in a worker's attributes."""
        number = self.round * 1_000_000 + turn
        self._write(self.worker, Attributes=json.dumps({"number": number}))
        self.number = number

    def workspace(self, turn: int) -> None:
        """Create a workspace, which is many records at once."""
        made = self._write(TASKROUTER, FriendlyName=f"{self.round}-{turn}", Template="FIFO")
        self.workspaces.append(made["sid"])

    def task(self, turn: int) -> None:
        """Create a task, which is routed at once."""
        made = self._write(f"{self.flex}/Tasks", Attributes=json.dumps({"turn": turn}))
        self.tasks.append(made["sid"])

    @property
    def acknowledged(self) -> int:
        """Count what was acknowledged."""
        return len(self.queues) + len(self.workspaces) + len(self.tasks)

    def run(self, until: Callable[[], bool]) -> None:
        """Write on all sides, and kill the emulator while they do."""
        steps = (self.queue, self.attributes, self.workspace, self.task)
        threads = [threading.Thread(target=self._repeat, args=(step,)) for step in steps]
        for thread in threads:
            thread.start()
        wait_for(until, what="acknowledged writes")
        self.emulator.kill()
        for thread in threads:
            thread.join()

    def _repeat(self, step: Callable[[int], None]) -> None:
        for turn in itertools.count():
            try:
                step(turn)
            except httpx.TransportError:
                return

    def _write(self, url: str, **data: str) -> dict[str, Any]:
        answer = self.emulator.request("POST", url, data=data)
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())


def listed(emulator: RunningEmulator, url: str, key: str) -> dict[str, dict[str, Any]]:
    """Read all pages of a list, by SID."""
    found: dict[str, dict[str, Any]] = {}
    following: str | None = f"{url}?PageSize=1000"
    while following:
        body = emulator.request("GET", following).json()
        found |= {item["sid"]: item for item in body[key]}
        following = body["meta"]["next_page_url"]
    return found


def test_no_acknowledged_write_is_lost(tmp_path: Path) -> None:
    """Killed again and again while four clients write, the emulator has all it acknowledged."""
    chance = random.Random(9)  # noqa: S311 - when to kill
    kept: dict[str, list[str]] = {"queues": [], "workspaces": [], "tasks": []}
    number = -1
    for turn in range(ROUNDS):
        with start_emulator(workers=3, data=tmp_path, limits=False) as emulator:
            flex = str(emulator.request("GET", TASKROUTER).json()["workspaces"][0]["url"])
            worker = emulator.request("GET", f"{flex}/Workers").json()["workers"][0]
            stored = json.loads(worker["attributes"]).get("number", -1)
            assert stored >= number
            _check(emulator, flex, kept)
            writers = Writers(emulator, flex, worker["url"], turn)
            goal = chance.randint(5, 80)
            writers.run(lambda: writers.acknowledged >= goal)  # noqa: B023 - awaited inside
        kept["queues"] += writers.queues
        kept["workspaces"] += writers.workspaces
        kept["tasks"] += writers.tasks
        number = max(stored, writers.number)
    with start_emulator(data=tmp_path) as emulator:
        _check(emulator, flex, kept)


def _check(emulator: RunningEmulator, flex: str, kept: dict[str, list[str]]) -> None:
    """Find everything that was acknowledged, whole."""
    assert set(kept["queues"]) <= set(listed(emulator, f"{flex}/TaskQueues", "task_queues"))
    tasks = listed(emulator, f"{flex}/Tasks", "tasks")
    assert set(kept["tasks"]) <= set(tasks)
    for task in tasks.values():
        assert task["assignment_status"] in ("pending", "reserved")
        assert task["task_queue_sid"]
    workspaces = listed(emulator, TASKROUTER, "workspaces")
    assert set(kept["workspaces"]) <= set(workspaces)
    for workspace in workspaces.values():
        found = listed(emulator, f"{workspace['url']}/Workflows", "workflows")
        assert len(found) == 1


def test_a_full_disk_refuses_writes_and_loses_nothing(tmp_path: Path) -> None:
    """Without room nothing is written, a reset and a restore change nothing; with room all goes on.

    The room is what one file of the process may have, set while it runs.  Its answer 500 is meant
    here, so nothing holds the exchanges against the documents.
    """
    unchecked = {"TWILIO_OPENAPI": ""}
    with start_emulator(workers=3, data=tmp_path, environ=unchecked) as emulator:
        emulator.take_snapshot("before")
        before = emulator.status()["counts"]
        log = tmp_path / "twilio.sqlite3-wal"
        _limit(emulator, log.stat().st_size)

        answer = emulator.request("POST", TASKROUTER, data={"FriendlyName": "no room"})
        assert answer.status_code == 500
        assert "cannot be kept" in answer.json()["message"]
        for act in (emulator.reset, lambda: emulator.restore("before")):
            with pytest.raises(ControlError, match=r"cannot be kept.*nothing has changed"):
                act()
        assert emulator.status()["counts"] == before
        assert emulator.request("GET", TASKROUTER).status_code == 200

        _limit(emulator, resource.RLIM_INFINITY)
        answer = emulator.request("POST", TASKROUTER, data={"FriendlyName": "room"})
        assert answer.status_code == 201
        after = emulator.status()["counts"]
        emulator.kill()

    with start_emulator(data=tmp_path) as again:
        assert again.status()["counts"] == after


def _limit(emulator: RunningEmulator, size: int) -> None:
    resource.prlimit(emulator.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
