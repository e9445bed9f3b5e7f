"""Programs that take a while: their output, their progress, their failure and their end."""

import os
import signal
import sys
from pathlib import Path

import pytest

from bootstrap import processes
from bootstrap.problems import Problem
from bootstrap.processes import Program, run
from tests.bootstrap.machine import start_python, wait_until

INTERRUPTED = """
import signal, sys
from pathlib import Path
from bootstrap.processes import Program, run
root = Path({root!r})
signal.signal(signal.SIGTERM, signal.default_int_handler)
run(Program("step", "working", ["sh", root / "parent"], root, root / "log"))
"""
PARENT = """
trap '' INT
sleep 600 &
echo $! > {root}/child.new
mv {root}/child.new {root}/child
wait
"""


def python(tmp_path: Path, code: str) -> Program:
    """Return a program of Python code."""
    return Program("step", "working", [sys.executable, "-uc", code], tmp_path, tmp_path / "log")


def test_output_goes_to_the_log_and_to_whoever_watches(tmp_path: Path) -> None:
    """Both streams are kept, in order, line by line."""
    seen: list[str] = []

    run(python(tmp_path, "import sys; print('one'); print('two', file=sys.stderr)"), seen.append)

    assert seen == ["one", "two"]
    assert (tmp_path / "log").read_text() == "one\ntwo\n"


def test_a_silent_program_is_reported_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """While nothing is printed, a line still tells what is being done, for how long, how far."""
    monkeypatch.setattr(processes, "REPORT_SECONDS", 0.2)
    counted: list[str] = []

    run(
        python(tmp_path, "print('a'); import time; time.sleep(1)"),
        counted.append,
        detail=lambda: f"{len(counted)} so far",
    )

    assert "step                 working: 0 s, 1 so far\n" in capsys.readouterr().out


def test_a_failure_shows_the_last_lines_and_where_the_rest_is(tmp_path: Path) -> None:
    """The reason is on the terminal without opening the log."""
    code = "import sys; [print(f'line {n}') for n in range(100)]; sys.exit('no space left')"

    with pytest.raises(Problem) as raised:
        run(python(tmp_path, code))

    text = str(raised.value)
    assert f"working failed (exit code 1); the whole output is in {tmp_path / 'log'}" in text
    assert "no space left" in text
    assert "line 99" in text
    assert "line 50" not in text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "terminated"])
def test_an_interrupt_ends_the_program_and_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """Even a program that shrugs off Ctrl-C leaves nothing running."""
    (tmp_path / "parent").write_text(PARENT.format(root=tmp_path))
    code = INTERRUPTED.format(root=str(tmp_path))
    process = start_python("import bootstrap.processes as p; p.GRACE_SECONDS = 0.5\n" + code)
    wait_until(lambda: (tmp_path / "child").exists(), "the child")
    child = int((tmp_path / "child").read_text())

    process.send_signal(number)
    process.communicate(timeout=30)

    wait_until(lambda: not lives(child), "the child's end")
    assert process.returncode != 0


def lives(pid: int) -> bool:
    """Tell whether a process is there and no zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
