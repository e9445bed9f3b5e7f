"""Let many writers change one task's attributes over HTTP: what is lost, and what it costs.

50 writers each append a number of their own to one list 20 times, against a local Twilio in a
process of its own with rate limits off; writers are threads, in one process or in several.
The conflicts are real: nothing but the emulator's If-Match decides who was first.

- lost, twice: updates that were acknowledged and are not there in the end, or are there more
  than once; the worst round;
- calls per update: every request counts, reads, refused writes and repeats too; the median;
- wall: from the start signal to the last writer's end; the median.

Run it with `make bench-task-attributes`, or
`python -m benchmarks.bench_task_attributes [rounds] [writers] [updates]`.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from twilio_client import Credentials, TwilioClient, urls
from twilio_emulator.testing import RunningEmulator, start_emulator

DEFAULTS = ("3", "50", "20")  # rounds, writers, updates each
PROCESSES = 5


@dataclass(frozen=True)
class Scenario:
    """One kind of client, in so many processes."""

    name: str
    kind: str
    processes: int


SCENARIOS = (
    Scenario("last write wins", "last_write_wins", PROCESSES),
    Scenario("If-Match, each update its own write", "if_match", PROCESSES),
    Scenario("TaskRouterService, one process", "service", 1),
    Scenario("TaskRouterService, several processes", "service", PROCESSES),
    Scenario("TaskRouterService, deferred and flushed", "deferred", PROCESSES),
)


@dataclass(frozen=True)
class Round:
    """What one run came to. Units: `wall` in seconds."""

    lost: int
    repeated: int
    calls: int
    wall: float


class Centre:
    """The local Twilio of the benchmark."""

    def __init__(self, emulator: RunningEmulator) -> None:
        self.emulator = emulator
        credentials = Credentials(emulator.account_sid, auth_token=emulator.auth_token)
        self._client = TwilioClient(credentials, emulator.base_url)
        found = self._client.get(urls.flex("Configuration")).body
        self.workspace = str(found["taskrouter_workspace_sid"])

    def task(self) -> str:
        """Make a task that nobody is offered."""
        queue = self._client.post(
            urls.taskrouter("Workspaces", self.workspace, "TaskQueues"),
            {"FriendlyName": f"Nobody {time.monotonic_ns()}", "TargetWorkers": "1==2"},
        ).body["sid"]
        url = urls.taskrouter("Workspaces", self.workspace, "Tasks")
        return str(self._client.post(url, {"RoutingTarget": queue}).body["sid"])

    def numbers(self, task: str) -> Counter[int]:
        """Count what is in the list in the end."""
        url = urls.taskrouter("Workspaces", self.workspace, "Tasks", task)
        return Counter(json.loads(self._client.get(url).body["attributes"])["n"])


def run(centre: Centre, scenario: Scenario, writers: int, updates: int) -> Round:
    """Let all writers of a scenario run once, on a task of their own."""
    task, each = centre.task(), writers // scenario.processes
    with ExitStack() as running:
        processes = [
            running.enter_context(_process(centre, scenario.kind, task, n * each, each, updates))
            for n in range(scenario.processes)
        ]
        for process in processes:
            _line(process)
        started = time.perf_counter()
        for process in processes:
            print("go", file=process.stdin, flush=True)
        calls = sum(json.loads(_line(process))["calls"] for process in processes)
        wall = time.perf_counter() - started
    found = centre.numbers(task)
    wanted = Counter(dict.fromkeys(range(writers), updates))
    return Round((wanted - found).total(), (found - wanted).total(), calls, wall)


def _process(
    centre: Centre, kind: str, task: str, first: int, count: int, updates: int
) -> subprocess.Popen[str]:
    where = [kind, centre.emulator.base_url, centre.workspace, task]
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.bench_task_attributes_writers", *where,
         str(first), str(count), str(updates)],
        env={**os.environ, **centre.emulator.environment()},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"a process of writers ended early, with {process.wait()}")
    return line


def show(console: Console, results: dict[Scenario, list[Round]], updates: int) -> None:
    """Lay out the medians, and the ratio to the fewest calls."""
    table = Table(title=f"{updates:,} updates of one task")
    table.add_column("client")
    for column in ("processes", "lost", "twice", "calls", "calls per update", "wall s",
                   "updates/s", "calls, times"):  # fmt: skip
        table.add_column(column, justify="right")
    least = min(_summary(rounds).calls for rounds in results.values())
    for scenario, rounds in results.items():
        found = _summary(rounds)
        table.add_row(
            scenario.name,
            str(scenario.processes),
            f"{found.lost:,}",
            f"{found.repeated:,}",
            f"{found.calls:,}",
            f"{found.calls / updates:.3f}",
            f"{found.wall:.2f}",
            f"{updates / found.wall:,.0f}",
            f"{found.calls / least:,.1f}",
        )
    console.print(table)


def _summary(rounds: list[Round]) -> Round:
    """Return the worst of what is lost or written twice, and the medians of the rest."""
    return Round(
        max(one.lost for one in rounds),
        max(one.repeated for one in rounds),
        int(statistics.median(one.calls for one in rounds)),
        statistics.median(one.wall for one in rounds),
    )


def main() -> None:
    """Run the benchmark."""
    given = [*sys.argv[1:], *DEFAULTS[len(sys.argv) - 1 :]]
    rounds, writers, updates = map(int, given)
    console = Console(width=140)
    results: dict[Scenario, list[Round]] = {scenario: [] for scenario in SCENARIOS}
    with start_emulator(workers=0, rate_limits=False) as emulator:
        centre = Centre(emulator)
        for _ in range(rounds):
            for scenario, found in results.items():
                found.append(run(centre, scenario, writers, updates))
    show(console, results, writers * updates)


if __name__ == "__main__":
    main()
