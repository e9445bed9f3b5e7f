"""Run a program that takes a while: its output in a log, its progress on the terminal."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bootstrap.console import elapsed, say
from bootstrap.problems import Problem

REPORT_SECONDS = 10.0
GRACE_SECONDS = 5.0
LAST_LINES = 12


@dataclass(frozen=True)
class Program:
    """Say what to run and how to speak of it.

    `doing` completes "<step>: …" in progress lines, as in "installing packages".
    """

    step: str
    doing: str
    argv: Sequence[str | Path]
    cwd: Path
    log: Path
    environment: Mapping[str, str] | None = None


def run(
    program: Program,
    progress: Callable[[str], None] = lambda _line: None,
    detail: Callable[[], str] = str,
) -> None:
    """Run a program to its end, with a line of progress every 10 s.

    Each output line goes to the log and to `progress`; `detail` is added to the progress lines.
    Ctrl-C and SIGTERM end the program's whole process group.

    Raises: Problem with the last lines of the output when the program fails.
    """
    program.log.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    last: list[str] = []
    with program.log.open("w") as log, _started(program) as process:
        try:
            for line in _lines(process, program, began, detail):
                log.write(line)
                progress(line.rstrip("\n"))
                last = [*last, line.rstrip("\n")][-LAST_LINES:]
            code = process.wait()
        except BaseException:
            end_group(process)
            raise
    if code != 0:
        shown = "\n".join(f"  | {line}" for line in last)
        raise Problem(
            f"{program.doing} failed (exit code {code}); the whole output is in {program.log}, "
            f"its last lines:\n{shown}"
        )


def _started(program: Program) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(part) for part in program.argv],
        cwd=program.cwd,
        env=None if program.environment is None else dict(program.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )


def _lines(
    process: subprocess.Popen[str], program: Program, began: float, detail: Callable[[], str]
) -> Iterator[str]:
    """Yield output as it comes and report while none comes, and at least every 10 s."""
    output: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(process.stdout, output), daemon=True).start()
    report_at = began + REPORT_SECONDS
    while True:
        try:
            line = output.get(timeout=max(0.0, report_at - time.monotonic()))
            if line is None:
                return
            yield line
        except queue.Empty:
            pass
        if time.monotonic() >= report_at:
            report_at = time.monotonic() + REPORT_SECONDS
            taken = elapsed(time.monotonic() - began)
            say(program.step, ", ".join(filter(None, [f"{program.doing}: {taken}", detail()])))


def _read(stream: IO[str], into: queue.SimpleQueue[str | None]) -> None:
    try:
        for line in stream:
            into.put(line)
    finally:
        into.put(None)


def end_group(process: subprocess.Popen[str]) -> None:
    """End a process that leads its own group, with all its children: asked first, then made to."""
    for number in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            return
