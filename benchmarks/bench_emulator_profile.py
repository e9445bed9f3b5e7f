"""Sample a running emulator: which layer is it in, how much of the time?

A profiling timer (of processor time, not wall time) notes the innermost known layer on the stack:
a folder of the emulator, the server (uvicorn with httptools, uvloop and the sockets below it), or
JSON and form encoding of the standard library.  What a layer calls in other modules or in C
counts as its own.

Run as `python -m benchmarks.bench_emulator_profile <file> serve ...`: SIGUSR1 writes the counts
so far to the file as JSON and starts again.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TypeAlias

import uvicorn

import twilio_emulator
from twilio_emulator.cli import app
from twilio_emulator.testing import RunningEmulator, wait_for

from .bench_emulator_load import put_load_on
from .bench_emulator_scenarios import SCENARIOS, fill

Layers: TypeAlias = dict[str, float]

SERVER = "server (uvicorn, httptools, uvloop, sockets)"
INTERVAL = 0.001
_PACKAGE = str(Path(str(twilio_emulator.__file__)).parent) + os.sep
_KNOWN = {
    str(Path(str(uvicorn.__file__)).parent) + os.sep: SERVER,
    str(Path(json.__file__).parent) + os.sep: "JSON",
    str(urllib.parse.__file__): "forms and addresses (urllib.parse)",
}
_NEVER = ("cli.py", "__main__.py", f"wire{os.sep}server.py")  # below everything, not at work


def layer_of(frame: FrameType | None) -> str:
    """Name the innermost known layer on a stack."""
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(_PACKAGE) and not file.endswith(_NEVER):
            return file[len(_PACKAGE) :].rpartition(os.sep)[0] or "emulator"
        for place, name in _KNOWN.items():
            if file.startswith(place):
                return name
        frame = frame.f_back
    return SERVER


def sample_into(file: Path) -> None:
    """Start the timer, and the signal that writes the counts."""
    counts: Counter[str] = Counter()

    def note(_number: int, frame: FrameType | None) -> None:
        counts[layer_of(frame)] += 1

    def write(_number: int, _frame: FrameType | None) -> None:
        part = file.with_suffix(".part")
        part.write_text(json.dumps(counts))
        part.rename(file)
        counts.clear()

    signal.signal(signal.SIGPROF, note)
    signal.signal(signal.SIGUSR1, write)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)


def profiled(workers: int, queues: int, seconds: float, processor: int) -> dict[str, Layers]:
    """Return each layer's share of the busy time, by scenario."""
    found = {}
    with tempfile.TemporaryDirectory() as folder, _sampled(Path(folder), workers) as emulator:
        os.sched_setaffinity(emulator.process.pid, {processor})
        centre = fill(emulator, queues)
        for scenario in SCENARIOS:
            _counts(emulator, Path(folder))
            put_load_on(
                emulator.port,
                lambda number, script=scenario.script: script(centre, number),  # type: ignore[misc]
                connections=scenario.connections,
                seconds=seconds,
            )
            counts = _counts(emulator, Path(folder))
            total = sum(counts.values())
            found[scenario.name] = {name: count / total for name, count in counts.items()}
    return found


@contextmanager
def _sampled(folder: Path, workers: int) -> Iterator[RunningEmulator]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.bench_emulator_profile", folder / "counts",
         "serve", "--port", "0", "--memory", "--workers", str(workers), "--no-rate-limits"],
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
    emulator = RunningEmulator(process.stdout.readline().split()[-1], process)
    try:
        yield emulator
    finally:
        emulator.close()


def _counts(emulator: RunningEmulator, folder: Path) -> dict[str, int]:
    """Fetch the counts since the last time."""
    file = folder / "counts"
    file.unlink(missing_ok=True)
    emulator.process.send_signal(signal.SIGUSR1)
    emulator.status()  # wakes an idle emulator up
    wait_for(file.exists, what="the samples")
    return dict(json.loads(file.read_text()))


if __name__ == "__main__":
    sample_into(Path(sys.argv.pop(1)))
    app()
