"""`taskrouter demo multi-reservation`: the race is real, and nothing is left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.ops.conftest import ROOT, parsed, run_command
from tests.ops.terminal import Shown, on_terminal
from twilio_client import urls
from twilio_emulator.testing import RunningEmulator, start_emulator, wait_for

DEMO = ("demo", "multi-reservation")
ACCEPT = r"/Workers/WK\w+/Reservations/WR\w+$"
WORKSPACES = urls.taskrouter("Workspaces")


@pytest.fixture(scope="module")
def running() -> Iterator[RunningEmulator]:
    """Run an emulator with a sample account, whose workspace is nobody's to touch."""
    with start_emulator(workers=5) as emulator:
        yield emulator


@pytest.fixture
def emulator(running: RunningEmulator) -> Iterator[RunningEmulator]:
    """Lend it without failures, and make sure that it is left as it was."""
    running.reset()
    running.clear_journal()
    before = running.status()["counts"]
    yield running
    running.clear_faults()
    counts = running.status()["counts"]
    assert counts | {"event": 0} == before | {"event": 0}


def _environ(emulator: RunningEmulator, **more: str) -> dict[str, str]:
    plain = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("TWILIO_", "TASKROUTER_")) and k not in ("COLUMNS", "NO_COLOR")
    }
    return {**plain, "TERM": "xterm-256color", **emulator.environment(), **more}


def _on_terminal(
    emulator: RunningEmulator, *arguments: str, columns: int = 80, environ: Any = None, **ends: Any
) -> Shown:
    command = [sys.executable, "-m", "taskrouter_ops", *DEMO, *arguments]
    given = _environ(emulator, **(environ or {}), PYTHONPATH=str(ROOT))
    return on_terminal(command, given, columns=columns, **ends)


def _demo(emulator: RunningEmulator, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_command(*DEMO, *arguments, **emulator.environment())


def _accepts(emulator: RunningEmulator) -> dict[str, int]:
    """Return by reservation what the emulator answered to its accept."""
    entries = emulator.journal(kind="api", method="POST", path=ACCEPT)
    return {entry["path"].rpartition("/")[2]: entry["status"] for entry in entries}


def _workspaces(emulator: RunningEmulator) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = emulator.request("GET", WORKSPACES).json()["workspaces"]
    return [one for one in found if one["friendly_name"].startswith("Demo")]


def test_one_wins_and_the_others_are_answered_410(emulator: RunningEmulator) -> None:
    """Eight workers, five offers: what is shown is what the emulator answered."""
    result = _demo(emulator, "--json", "--seed", "4")

    assert result.returncode == 0, result.stderr
    shown = parsed(result)
    (race,) = shown["rounds"]
    answered = {one["reservation_sid"]: one["http_status"] for one in race["offers"]}
    assert answered == _accepts(emulator)
    assert Counter(answered.values()) == {200: 1, 410: 4}
    statuses = Counter(one["reservation_status"] for one in race["offers"])
    assert statuses == {"accepted": 1, "rescinded": 4}
    (winner,) = [one for one in race["offers"] if one["http_status"] == 200]
    assert (winner["worker_name"], winner["outcome"]) == (race["winner"], "accepted")
    assert len(race["not_offered"]) == 3
    assert _workspaces(emulator) == []


def test_the_records_say_the_same(emulator: RunningEmulator) -> None:
    """With its removal refused, the workspace can be looked at: records and table agree."""
    with emulator.fault(kind="api", method="DELETE", path="/Workspaces/", status=500):
        result = _demo(emulator)

    (left,) = _workspaces(emulator)
    url = f"{WORKSPACES}/{left['sid']}"
    (task,) = emulator.request("GET", f"{url}/Tasks").json()["tasks"]
    listed = emulator.request("GET", f"{url}/Tasks/{task['sid']}/Reservations").json()
    records = {one["sid"]: one["reservation_status"] for one in listed["reservations"]}
    told = dict(re.findall(r"accepts +(WR\w+) +HTTP \d+ after \d+ ms +(\w+)", result.stdout))
    emulator.request("DELETE", url)
    assert told == records
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert left["friendly_name"] in result.stderr
    assert "left behind" in result.stderr


def test_rounds_have_tasks_of_their_own(emulator: RunningEmulator) -> None:
    """Three races in one workspace: the winner is free again for the next one."""
    result = _demo(emulator, "--rounds", "3", "--workers", "3", "--json")

    rounds = parsed(result)["rounds"]
    assert len({one["task_sid"] for one in rounds}) == 3
    assert [len(one["offers"]) for one in rounds] == [3, 3, 3]
    assert Counter(_accepts(emulator).values()) == {200: 3, 410: 6}


@pytest.mark.parametrize(
    ("workers", "reserved", "offers"), [(1, 1, 1), (3, 1, 1), (2, 50, 2), (30, 30, 30)]
)
def test_the_queue_decides_how_many_are_offered(
    emulator: RunningEmulator, workers: int, reserved: int, offers: int
) -> None:
    """One offer has nobody to be too late; as many as the queue reserves race."""
    result = _demo(
        emulator, "--workers", str(workers), "--max-reserved-workers", str(reserved), "--json"
    )

    assert result.returncode == 0, result.stderr
    (race,) = parsed(result)["rounds"]
    assert (len(race["offers"]), len(race["not_offered"])) == (offers, workers - offers)
    assert Counter(_accepts(emulator).values()) == Counter({200: 1, 410: offers - 1})


def test_without_a_terminal_there_are_plain_lines(emulator: RunningEmulator) -> None:
    """No control sequence, a line per event, a sentence at the end."""
    result = _demo(emulator)

    assert result.returncode == 0, result.stderr
    assert "\x1b" not in result.stdout
    lines = result.stdout.splitlines()
    assert sum(" offered " in line and "WR" in line for line in lines) == 5
    assert sum("HTTP 410" in line and "rescinded" in line for line in lines[:-2]) == 4
    assert re.fullmatch(
        r"Task WT\w{32} was offered to 5 of 8 workers at once: \w+ accepted it \(HTTP 200\); "
        r"4 too late \(HTTP 410\), their reservations are rescinded\.",
        lines[-2],
    )
    assert lines[-1].startswith("Removed workspace WS")


@pytest.mark.parametrize("columns", [120, 80, 50, 40])
def test_on_a_terminal_the_table_follows_the_race(emulator: RunningEmulator, columns: int) -> None:
    """It is drawn again with every answer, fits the width, and ends with who won."""
    shown = _on_terminal(emulator, "--pause", "0", columns=columns)

    assert shown.code == 0, shown.written
    assert shown.redraws >= 5
    assert shown.is_coloured
    assert shown.cursor_is_back
    table = [line for line in shown.screen if re.match(r"\w+ +WR", line)]
    assert len(table) == 5
    assert max(map(len, shown.screen[:-2])) <= columns
    assert Counter(re.findall(r"(\d{3}) (\w+)$", line)[0] for line in table) == {
        ("200", "accepted"): 1,
        ("410", "rescinded"): 4,
    }
    headline = next(line for line in shown.screen if line.startswith("Round 1"))
    winner = next(line for line in table if line.endswith("accepted"))
    assert headline == f"Round 1: {winner.split()[0]} won, 4 too late"
    shown_whole = set(_accepts(emulator)) == set(re.findall(r"WR\w{32}", "\n".join(table)))
    assert shown_whole == (columns >= 80)


def test_a_reader_who_goes_away_leaves_nothing(emulator: RunningEmulator) -> None:
    """`| head -1` ends the demo after its first line, and the workspace goes with it."""
    script = f"{sys.executable} -m taskrouter_ops demo multi-reservation --rounds 9 | head -1"
    ran = subprocess.run(
        ["bash", "-c", f"{script}; exit ${{PIPESTATUS[0]}}"],
        cwd=ROOT,
        env=_environ(emulator),
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (ran.returncode, ran.stderr) == (141, "")
    assert _workspaces(emulator) == []


def test_no_color_is_honoured(emulator: RunningEmulator) -> None:
    """The table is drawn without any colour."""
    shown = _on_terminal(emulator, "--pause", "0", environ={"NO_COLOR": "1"})

    assert shown.redraws >= 5
    assert not shown.is_coloured


def test_a_terminal_that_cannot_be_drawn_on_gets_lines(emulator: RunningEmulator) -> None:
    """TERM=dumb is no place for a table that redraws itself."""
    shown = _on_terminal(emulator, "--pause", "0", environ={"TERM": "dumb"})

    assert "\x1b" not in shown.written
    assert "accepts" in shown.written


def test_json_on_a_terminal_is_json(emulator: RunningEmulator) -> None:
    """Nothing but the object is printed, and nothing is waited for."""
    shown = _on_terminal(emulator, "--json")

    assert shown.written.lstrip().startswith("{")
    assert "\x1b[2K" not in shown.written


def test_ctrl_c_removes_everything(emulator: RunningEmulator) -> None:
    """The key is pressed while the race is shown: cursor back, one line, exit code 130."""
    shown = _on_terminal(
        emulator,
        "--pause",
        "30",
        until=lambda written: "nobody has accepted yet" in written,
        keys=b"\x03",
    )

    assert shown.code == 130
    assert shown.cursor_is_back
    assert "everything the demo made is removed" in shown.written
    assert "Traceback" not in shown.written
    assert _workspaces(emulator) == []


@pytest.mark.parametrize("at", ["Workspaces$", "/Workers$", "/Tasks$"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_any_step_leaves_nothing(
    emulator: RunningEmulator, at: str, number: signal.Signals
) -> None:
    """It comes, twice, while a creation is under way which then takes effect."""
    emulator.add_fault(kind="api", method="POST", path=at, latency_ms=600, count=1)
    process = subprocess.Popen(
        [sys.executable, "-m", "taskrouter_ops", *DEMO],
        cwd=ROOT,
        env=_environ(emulator),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: any(rule["hits"] for rule in emulator.faults()), what="the fault")
    process.send_signal(number)
    process.send_signal(number)
    _, told = process.communicate(timeout=60)

    assert process.returncode == 130, told
    assert told.count("\n") == 1
    # What was on its way when the signal came may take effect after the removal.
    wait_for(lambda: len(emulator.journal(kind="api", method="POST", path=at)) >= 1)
    assert _workspaces(emulator) == []


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"path": "Workspaces$", "drop": True, "after": True}, 3),
        ({"path": "/TaskQueues$", "status": 500}, 3),
        ({"path": "/Workers$", "skip": 3, "drop": True}, 3),
        ({"path": "/Tasks$", "status": 503, "after": True}, 3),
        ({"path": ACCEPT, "status": 500}, 3),
    ],
    ids=["lost workspace", "no queue", "some workers", "lost task", "no accept"],
)
def test_a_failure_is_one_line_and_leaves_nothing(
    emulator: RunningEmulator, fault: dict[str, Any], code: int
) -> None:
    """Whatever step fails, and also where the answer to a creation is lost."""
    with emulator.fault(kind="api", method="POST", **fault):
        result = _demo(emulator)

    assert result.returncode == code
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("error: ")
    assert _workspaces(emulator) == []


def test_lost_answers_change_nothing_about_the_race(emulator: RunningEmulator) -> None:
    """Accepts whose answer is dropped are recognised: still one winner, four too late."""
    with emulator.fault(
        kind="api", method="POST", path=ACCEPT, drop=True, after=True, probability=0.5
    ):
        result = _demo(emulator, "--json")

    assert result.returncode == 0, result.stderr
    (race,) = parsed(result)["rounds"]
    assert Counter(one["outcome"] for one in race["offers"]) == {"accepted": 1, "gone": 4}


ACCOUNT = {"TWILIO_ACCOUNT_SID": "AC" + "a" * 32, "TWILIO_AUTH_TOKEN": "t" * 32}


class _Stranger(BaseHTTPRequestHandler):
    """A server that says yes to everything and remembers what it was asked."""

    asked: list[tuple[str, str | None]]

    def _answer(self) -> None:
        self.asked.append((f"{self.command} {self.path}", self.headers.get("Authorization")))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_an_unknown_server_gets_one_question_and_no_credentials() -> None:
    """A base URL that is no emulator: one-line error, exit code 2, nothing created."""
    asked: list[tuple[str, str | None]] = []
    handler = type("Handler", (_Stranger,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        result = run_command(
            *DEMO, **ACCOUNT, TWILIO_BASE_URL=f"http://127.0.0.1:{server.server_port}"
        )
        server.shutdown()
        thread.join()

    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "is none (HTTP 200)" in result.stderr
    assert asked == [("GET /_emulator/status", None)]


def test_twilio_itself_is_refused_without_a_question() -> None:
    """No base URL means the real Twilio: exit code 2 before any request."""
    result = run_command(*DEMO, **ACCOUNT, HTTPS_PROXY="http://127.0.0.1:9")

    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "nothing was created" in result.stderr


def test_twilios_address_as_base_url_is_refused() -> None:
    """It does not answer as an emulator (here it does not answer at all)."""
    result = run_command(*DEMO, **ACCOUNT, TWILIO_BASE_URL="http://127.0.0.1:9")

    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "nobody answers" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [("--workers", "0"), ("--max-reserved-workers", "51"), ("--pause", "-1"), ("--rounds", "x")],
)
def test_wrong_options_are_refused(emulator: RunningEmulator, arguments: tuple[str, str]) -> None:
    """Exit code 2, and nothing is asked of the emulator."""
    result = _demo(emulator, *arguments)

    assert result.returncode == 2
    assert emulator.journal(kind="api") == []
