"""Time `pulumi up`, a no-change `up`, `preview` and `refresh` of many queues: where does it go?

The parts of one run are measured, not estimated:

- provider start: from spawning the plugin to the port it prints;
- provider calls: the time in which at least one request to the provider was being served, from
  the trace the provider writes when PULUMI_TWILIO_TRACE names a file;
- state writes: the same run again with the engine's checkpoints switched off; the difference;
- engine and program: the rest (engine, language host, the Python program and its imports).

Run it with `make bench-up`. Figures are medians; machines are noisy, so look at the ratios.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from twilio_emulator.testing import RunningEmulator, start_emulator

PROJECT = Path(__file__).parent / "up_project"
# The figures of the same four runs with the SDK's experimental provider layer on two cores.
REFERENCE_SECONDS = {"up": 8.5, "preview": 4.7, "refresh": 6.0}


@dataclass
class Run:
    """One run of the CLI: its wall time, the provider's share and the calls it made."""

    seconds: float
    provider_seconds: float
    calls: int


class Bench:
    """One Pulumi state against one emulator."""

    def __init__(self, emulator: RunningEmulator, folder: Path, queues: int) -> None:
        """Prepare an empty state below `folder`."""
        self.emulator = emulator
        self.trace = folder / "trace.jsonl"
        self.environment = {
            **os.environ,
            "QUEUES": str(queues),
            "PULUMI_BACKEND_URL": f"file://{folder}",
            "PULUMI_CONFIG_PASSPHRASE": "bench",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_TWILIO_TRACE": str(self.trace),
            **emulator.environment(),
        }
        self.folder = folder

    def pulumi(self, *arguments: str, checkpoints: bool = True) -> Run:
        """Run the CLI once; a failing run ends the benchmark with its output."""
        environment = dict(self.environment)
        if not checkpoints:
            environment |= {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
        self.trace.unlink(missing_ok=True)
        self.emulator.clear_journal()
        started = time.perf_counter()
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - started
        if done.returncode:
            sys.exit(f"pulumi {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
        return Run(seconds, self._provider_seconds(), len(self.emulator.journal()))

    def _provider_seconds(self) -> float:
        if not self.trace.exists():
            return 0.0
        spans = [json.loads(line) for line in self.trace.read_text().splitlines()]
        return covered_seconds([(span["start"], span["end"]) for span in spans])

    def fresh_stack(self) -> None:
        """Remove whatever the last run left and begin with an empty stack."""
        shutil.rmtree(self.folder / ".pulumi", ignore_errors=True)
        self.emulator.reset()
        self.pulumi("stack", "init", "bench")


def covered_seconds(spans: list[tuple[float, float]]) -> float:
    """Return how long at least one of the spans was open."""
    total, end = 0.0, float("-inf")
    for start, stop in sorted(spans):
        total += max(0.0, stop - max(start, end))
        end = max(end, stop)
    return total


def provider_start_seconds() -> float:
    """Measure from spawning the plugin to the port it prints."""
    started = time.perf_counter()
    plugin = subprocess.Popen(
        [Path(sys.executable).parent / "pulumi-resource-twilio", "127.0.0.1:1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert plugin.stdout is not None  # noqa: S101 (a pipe was asked for)
    plugin.stdout.readline()
    seconds = time.perf_counter() - started
    plugin.kill()
    plugin.wait()
    return seconds


def median_run(measure: Callable[[], Run], times: int) -> Run:
    """Run `times` times and return the medians."""
    runs = [measure() for _ in range(times)]
    return Run(
        statistics.median(run.seconds for run in runs),
        statistics.median(run.provider_seconds for run in runs),
        runs[-1].calls,
    )


def measure(bench: Bench, times: int) -> dict[str, tuple[Run, Run]]:
    """Measure the four runs, each with and without checkpoints."""

    def up(checkpoints: bool) -> Run:
        bench.fresh_stack()
        return bench.pulumi("up", "--yes", "--skip-preview", checkpoints=checkpoints)

    def again(*arguments: str) -> Callable[[bool], Run]:
        return lambda checkpoints: bench.pulumi(*arguments, checkpoints=checkpoints)

    runs: dict[str, Callable[[bool], Run]] = {
        "up": up,
        "no-change up": again("up", "--yes", "--skip-preview"),
        "preview": again("preview"),
        "refresh": again("refresh", "--yes", "--skip-preview"),
    }
    results = {}
    for name, one in runs.items():
        without = median_run(partial(one, False), times)
        results[name] = (median_run(partial(one, True), times), without)
    return results


def report(results: dict[str, tuple[Run, Run]], start: float, queues: int) -> Table:
    """Lay the figures out as a table."""
    table = Table(title=f"{queues} queues, seconds (medians)")
    columns = ("run", "wall", "engine and program", "provider start", "provider calls",
               "state writes", "Twilio calls", "reference", "ratio")  # fmt: skip
    for column in columns:
        table.add_column(column, justify="left" if column == "run" else "right")
    for name, (run, without) in results.items():
        writes = max(0.0, run.seconds - without.seconds)
        rest = run.seconds - start - run.provider_seconds - writes
        reference = REFERENCE_SECONDS.get(name)
        table.add_row(
            name,
            *(f"{value:.2f}" for value in (run.seconds, rest, start, run.provider_seconds, writes)),
            str(run.calls),
            f"{reference:.1f}" if reference and queues == 200 else "-",
            f"{run.seconds / reference:.2f}" if reference and queues == 200 else "-",
        )
    return table


def main() -> None:
    """Run the benchmark: `python -m benchmarks.bench_up [queues] [times]`."""
    queues, times = (int(given) for given in [*sys.argv[1:], *["200", "3"][len(sys.argv) - 1 :]])
    with (
        tempfile.TemporaryDirectory() as folder,
        start_emulator(sample=False) as emulator,
    ):
        start = statistics.median(provider_start_seconds() for _ in range(5))
        results = measure(Bench(emulator, Path(folder), queues), times)
    Console(width=140).print(report(results, start, queues))


if __name__ == "__main__":
    main()
