"""Time the emulator beside bare endpoints of its own framework that answer the same bytes.

Every scenario runs on three servers in turn, over and over: the emulator, the least ASGI
application, and one Starlette route (see `bench_emulator_bare`).  All servers run on one
processor, the load on another, and no two servers are busy at once; so the ratios of one run mean
something, whatever else the machine does.

- requests per second: with several connections, except where requests depend on each other;
- p50 and p99: with one connection, so that no request waits for another;
- processor: the server's time on the processor per request, the least of all rounds, for other
  work on the machine only ever adds to it; "of bare" compares these times, "of bare (wall)" the
  requests per second;
- memory: with every worker and queue made and every queue's workers worked out;
- start-up: from spawning the process to its ready line;
- where the time goes: samples of the running emulator by layer (see `bench_emulator_profile`).

Run it with `make bench-emulator`, or
`python -m benchmarks.bench_emulator [rounds] [seconds] [workers] [queues]`.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from twilio_emulator.testing import RunningEmulator, start_emulator

from .bench_emulator_load import Load, put_load_on
from .bench_emulator_profile import Layers, profiled
from .bench_emulator_scenarios import SCENARIOS, Centre, Scenario, fill

DEFAULTS = ("5", "1", "15000", "250")  # rounds, seconds each, workers, queues
SERVERS = ("emulator", "asgi", "starlette")
BARE = SERVERS[1:]
SERVER_CPU, *OTHER_CPUS = sorted(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Server:
    """A running server: what it is called, where it listens and which process it is."""

    name: str
    port: int
    pid: int

    def processor_seconds(self) -> float:
        """Read how long the process has been on a processor."""
        return int(Path(f"/proc/{self.pid}/schedstat").read_text().split()[0]) / 1e9


@dataclass
class Rounds:
    """All runs of one scenario on one server; `processor` in seconds per counted request."""

    throughput: list[Load] = field(default_factory=list)
    latency: list[Load] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """The median round's requests per second."""
        return statistics.median(load.per_second for load in self.throughput)

    @property
    def microseconds(self) -> float:
        """The least processor time per request of all rounds."""
        return 1e6 * min(self.processor)

    def milliseconds(self, percent: int) -> float:
        """The median round's percentile."""
        return 1000 * statistics.median(load.percentile(percent) for load in self.latency)


@contextmanager
def bare(kind: str, answer: Path) -> Iterator[Server]:
    """Run a bare server for the length of the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.bench_emulator_bare", kind, answer],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
    try:
        port = int(process.stdout.readline())
        os.sched_setaffinity(process.pid, {SERVER_CPU})
        yield Server(kind, port, process.pid)
    finally:
        process.terminate()
        process.wait()


def measure(centre: Centre, scenario: Scenario, rounds: int, seconds: float) -> dict[str, Rounds]:
    """Run one scenario on the three servers in turn; the first round warms up."""
    results = {name: Rounds() for name in SERVERS}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        answer = Path(folder) / "answer.json"
        answer.write_text(json.dumps(scenario.recorded(centre)))
        emulator = Server("emulator", centre.emulator.port, centre.emulator.process.pid)
        servers = [emulator, *(running.enter_context(bare(kind, answer)) for kind in BARE)]
        for number in range(rounds + 1):
            for server in servers:
                found = results[server.name] if number else Rounds()
                _round(scenario, centre, server, seconds, found)
    return results


def _round(
    scenario: Scenario, centre: Centre, server: Server, seconds: float, found: Rounds
) -> None:
    script = partial(scenario.script if server.name == "emulator" else scenario.bare_script, centre)
    found.latency.append(put_load_on(server.port, script, connections=1, seconds=seconds))
    before = server.processor_seconds()
    load = put_load_on(server.port, script, connections=scenario.connections, seconds=seconds)
    found.processor.append((server.processor_seconds() - before) / len(load.latencies))
    found.throughput.append(load)


@dataclass(frozen=True)
class Start:
    """How long an emulator took to its ready line, by the clock and on the processor."""

    wall: float
    processor: float


def start(*options: str, times: int = 5) -> Start:
    """Measure from spawning the command to the line that says it is ready; least of some runs."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "twilio_emulator", "serve", "--port", "0", *options],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
        process.stdout.readline()
        wall = time.perf_counter() - started
        found.append((wall, Server("", 0, process.pid).processor_seconds()))
        process.terminate()
        process.wait()
    return Start(min(wall for wall, _ in found), min(spent for _, spent in found))


def startups(workers: int, queues: int) -> dict[str, Start]:
    """Measure the start of an empty emulator, of the sample account, and of a full directory."""
    with tempfile.TemporaryDirectory() as folder:
        with start_emulator(workers=workers, data=Path(folder), limits=False) as emulator:
            fill(emulator, queues)
        return {
            "empty, in memory": start("--no-sample", "--memory"),
            "sample account, 250 workers, in memory": start("--memory"),
            f"a directory of {workers:,} workers and {queues} queues": start("--data", folder),
        }


def megabytes(emulator: RunningEmulator) -> float:
    """Read the resident memory of an emulator's process."""
    text = Path(f"/proc/{emulator.process.pid}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024


def show_speed(console: Console, results: dict[str, dict[str, Rounds]]) -> None:
    """Lay out requests per second, latencies and processor time."""
    table = Table(title="Requests on one processor (medians of the rounds)")
    for column in ("scenario", "server"):
        table.add_column(column)
    for column in ("requests/s", "p50 ms", "p99 ms", "processor us", "of bare", "of bare (wall)"):
        table.add_column(column, justify="right")
    for scenario, servers in results.items():
        for name, rounds in servers.items():
            table.add_row(
                scenario if name == "emulator" else "",
                name,
                f"{rounds.per_second:,.0f}",
                f"{rounds.milliseconds(50):.3f}",
                f"{rounds.milliseconds(99):.3f}",
                f"{rounds.microseconds:,.0f}",
                *([] if name == "emulator" else _ratios(servers["emulator"], rounds)),
            )
        table.add_section()
    console.print(table)
    shares = [load.client_share for s in results.values() for r in s.values() for load in r.latency]
    console.print(f"The load generator used at most {max(shares):.0%} of its processor alone.")


def _ratios(emulator: Rounds, bare: Rounds) -> tuple[str, str]:
    """Compare processor times, and by the clock the rounds that ran next to each other."""
    wall = zip(emulator.throughput, bare.throughput, strict=True)
    return (
        f"{bare.microseconds / emulator.microseconds:.0%}",
        f"{statistics.median(one.per_second / two.per_second for one, two in wall):.0%}",
    )


def show_layers(console: Console, layers: dict[str, Layers]) -> None:
    """Lay out where the time goes."""
    table = Table(title="Where the emulator's time goes (samples, % of busy time)")
    totals: Counter[str] = Counter()
    for found in layers.values():
        totals.update(found)
    table.add_column("layer")
    for scenario in layers:
        table.add_column(scenario, justify="right")
    for name, _ in totals.most_common():
        table.add_row(name, *(f"{found.get(name, 0):.0%}" for found in layers.values()))
    console.print(table)


def main() -> None:
    """Run the benchmark."""
    given = [*sys.argv[1:], *DEFAULTS[len(sys.argv) - 1 :]]
    rounds, seconds, workers, queues = int(given[0]), float(given[1]), int(given[2]), int(given[3])
    console = Console(width=140)
    if not OTHER_CPUS:
        sys.exit("The benchmark needs two processors: one for the server, one for the load")
    os.sched_setaffinity(0, OTHER_CPUS)
    with start_emulator(workers=0, sample=False) as emulator:
        empty = megabytes(emulator)
    with start_emulator(workers=workers, limits=False) as emulator:
        os.sched_setaffinity(emulator.process.pid, {SERVER_CPU})
        centre = fill(emulator, queues)
        full = megabytes(emulator)
        results = {
            scenario.name: measure(centre, scenario, rounds, seconds) for scenario in SCENARIOS
        }
        after = megabytes(emulator)
    show_speed(console, results)
    console.print(
        f"Memory: {empty:.0f} MB empty, {full:.0f} MB with {workers:,} workers and {queues} queues,"
        f" {after:.0f} MB after the load above."
    )
    for name, found in startups(workers, queues).items():
        times = f"{found.wall:.2f} s, {found.processor:.2f} s on the processor"
        console.print(f"Start-up, {name}: {times}")
    show_layers(console, profiled(workers, queues, 2 * seconds, SERVER_CPU))


if __name__ == "__main__":
    main()
