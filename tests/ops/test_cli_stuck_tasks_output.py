"""`taskrouter stuck-tasks` where what it has to say cannot be said."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ops.conftest import ROOT
from tests.ops.stuck_tasks.conftest import Centre, centre, quiet
from tests.ops.test_cli_stuck_tasks import COMMAND, environment
from twilio_emulator.testing import wait_for

__all__ = ["centre", "quiet"]  # fixtures
LINE = shlex.join(COMMAND)
FULL = Path("/dev/full")


def in_a_shell(centre: Centre, command: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell; its exit code is the command's, whoever reads it."""
    return subprocess.run(
        ["bash", "-c", f"{command}; exit ${{PIPESTATUS[0]}}"],
        cwd=ROOT,
        env=environment(centre.environment()),
        capture_output=True,
        text=True,
        timeout=60,
    )


def closed_in(file: Path) -> set[str]:
    """Return the tasks that a report says were canceled."""
    tasks = json.loads(file.read_text())["tasks"]
    return {each["taskSid"] for each in tasks if each["outcome"] == "canceled"}


def canceled(centre: Centre) -> set[str]:
    """Return the tasks that are canceled."""
    return {sid for sid, t in centre.tasks().items() if t["assignment_status"] == "canceled"}


@pytest.mark.skipif(not FULL.exists(), reason="there is no full disk here")
@pytest.mark.parametrize("stream", [1, 2])
def test_a_full_disk_costs_no_report(centre: Centre, tmp_path: Path, stream: int) -> None:
    """It ends as at Ctrl-C, with what it closed in the report, and exit code 1 or 130."""
    centre.call()
    for _ in range(3):
        centre.task()
    file = tmp_path / "report.json"

    result = in_a_shell(centre, f"{LINE} --apply --concurrency 1 --json {file} {stream}>{FULL}")

    assert result.returncode == (1 if stream == 1 else 130), result.stderr
    assert "Traceback" not in result.stderr
    assert closed_in(file) == canceled(centre)
    if stream == 1:
        assert "No space left on device" in result.stderr


def test_a_dry_run_that_nobody_reads_writes_its_report(centre: Centre, tmp_path: Path) -> None:
    """The report is for later, `| head` is for now."""
    centre.call()
    task = centre.task()
    file = tmp_path / "report.json"

    result = in_a_shell(centre, f"{LINE} --json {file} | true")

    assert result.returncode == 141, result.stderr
    assert [each["taskSid"] for each in json.loads(file.read_text())["tasks"]] == [task]


@pytest.mark.parametrize("option", ["--reason", "--queue", "--exclude"])
def test_an_argument_that_is_no_text_is_refused(centre: Centre, option: str) -> None:
    """Before anything is asked for or closed."""
    centre.call()
    centre.task()
    centre.emulator.clear_journal()

    result = in_a_shell(centre, f"{LINE} --apply {option} $'caf\\xe9'")

    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    assert "is no text" in result.stderr
    assert centre.emulator.journal() == []


def test_a_second_ctrl_c_ends_it_at_once(centre: Centre, tmp_path: Path) -> None:
    """Twilio may keep a request for half a minute, and several times over."""
    centre.call()
    task = centre.task()
    file = tmp_path / "stderr"
    command = [*COMMAND, "--apply"]

    with (
        centre.emulator.fault(method="POST", path=task, latency_ms=20_000),
        file.open("w") as said,
        subprocess.Popen(
            command, cwd=ROOT, env=environment(centre.environment()), stderr=said
        ) as process,
    ):
        try:
            wait_for(lambda: "calls looked up" in file.read_text(), seconds=30, what="the run")
            process.send_signal(signal.SIGINT)
            wait_for(lambda: "Ctrl-C" in file.read_text(), seconds=10, what="the hint")
            process.send_signal(signal.SIGINT)
            process.wait(10)
        finally:
            process.kill()

    assert process.returncode == 130
    assert "what was in hand may be done or not" in file.read_text()


TWO_SIGNALS = """
import signal, sys
from taskrouter_ops.cli.stopping import stopping_on_signals
left = [signal.SIGTERM]
def trace(frame, event, argument):
    lock = getattr(frame.f_locals.get("self"), "_cond", None)
    is_inside = lock is None or lock._lock.locked()
    if frame.f_code.co_name == "set" and event == "line" and left and is_inside:
        signal.raise_signal(left.pop())
    return trace
with stopping_on_signals() as stop:
    sys.settrace(trace)
    signal.raise_signal(signal.SIGINT)
    sys.settrace(None)
    print(stop.is_set(), left)
"""


def test_a_signal_within_a_signal_is_no_deadlock() -> None:
    """The second comes between two steps of hearing the first."""
    result = subprocess.run(
        [sys.executable, "-c", TWO_SIGNALS], cwd=ROOT, capture_output=True, text=True, timeout=20
    )

    assert result.stdout == "True []\n", result.stderr
