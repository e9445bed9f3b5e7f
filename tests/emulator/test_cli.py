"""The `twilio-emulator` command: help, output for people and programs, errors, exit codes."""

from __future__ import annotations

import http.server
import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from twilio_emulator.cli import app
from twilio_emulator.testing import RunningEmulator, start_emulator, wait_for

from .conftest import TASKROUTER

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = (
    ("serve",),
    ("env",),
    ("seed",),
    ("status",),
    ("journal",),
    ("snapshot",),
    ("restore",),
    ("snapshots",),
    ("reset",),
    ("clock",),
    ("flex-token",),
    ("limits",),
    ("faults", "add"),
    ("faults", "list"),
    ("faults", "lift"),
    ("faults", "presets"),
)


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    """Run an emulator whose clock stands still."""
    with start_emulator(workers=2, start="2026-01-01T00:00:00Z") as started:
        yield started


@pytest.fixture
def run(emulator: RunningEmulator) -> Any:
    """Return the command, run against the emulator."""
    emulator.reset()

    def command(*arguments: str, **options: Any) -> Result:
        environment = {"TWILIO_EMULATOR_PORT": str(emulator.port)}
        return CliRunner(env=environment).invoke(app, list(arguments), **options)

    return command


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_examples(command: tuple[str, ...]) -> None:
    """`--help` of each command shows its options and examples that begin with its name."""
    shown = CliRunner(env={"COLUMNS": "140", "TERMINAL_WIDTH": "140"}).invoke(
        app, [*command, "--help"]
    )

    assert shown.exit_code == 0
    assert "Examples" in shown.output
    assert f"twilio-emulator {' '.join(command)}" in shown.output.split("Examples")[1]
    assert command[-1] in ("serve", "env") or "--json" in shown.output


def test_the_help_names_every_command_and_the_exit_codes() -> None:
    """The first page lists all commands, shell completion and what exit codes mean."""
    shown = CliRunner().invoke(app, ["--help"]).output

    assert all(f" {command[0]} " in shown for command in COMMANDS)
    assert "--install-completion" in shown
    assert "3 no emulator answers" in shown


def test_a_shell_completes_commands_and_options() -> None:
    """The completion a shell installs offers commands and options by their beginning."""

    def offered(words: str) -> set[str]:
        environment = {"_TWILIO_EMULATOR_COMPLETE": "complete_bash", "COMP_WORDS": words}
        environment["COMP_CWORD"] = str(len(words.split()) - 1)
        answer = CliRunner(env=environment).invoke(app, [], prog_name="twilio-emulator")
        return set(answer.output.split())

    assert offered("twilio-emulator sn") == {"snapshot", "snapshots"}
    assert "--retry-after" in offered("twilio-emulator faults add --re")


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("journal",),
        ("snapshots",),
        ("snapshot", "a"),
        ("restore", "a"),
        ("faults", "list"),
        ("faults", "add", "--preset", "slow"),
        ("faults", "presets"),
        ("faults", "lift", "--all"),
        ("limits", "--lift", "filters"),
        ("flex-token",),
        ("clock", "90"),
        ("reset",),
    ],
    ids=" ".join,
)
def test_json_is_one_document_per_line(
    run: Any, emulator: RunningEmulator, arguments: tuple[str, ...]
) -> None:
    """`--json` prints lines that are JSON each, and nothing else."""
    emulator.take_snapshot("a")
    emulator.request("GET", TASKROUTER)
    ended = run(*arguments, "--json")

    assert ended.exit_code == 0, ended.output
    assert all(isinstance(json.loads(line), dict) for line in ended.output.splitlines())


def test_faults_are_added_listed_and_lifted(run: Any, emulator: RunningEmulator) -> None:
    """Options make a rule, a JSON rule is its base, and rules are lifted one by one or all."""
    added = run(
        *("faults", "add", '{"path": "Workers", "count": 9}', "--status", "429"),
        *("--retry-after", "1", "--rate", "0.3", "--count", "5", "--json"),
    )
    rule = json.loads(added.output)
    run("faults", "add", "--latency", "lognormal:200,0.5", "--kind", "callback")
    rules = emulator.faults()

    assert (rule["path"], rule["status"], rule["retry_after"]) == ("Workers", 429, 1)
    assert (rule["probability"], rule["count"]) == (0.3, 5)
    assert rules[1]["latency_ms"] == {"distribution": "lognormal", "median": 200, "sigma": 0.5}
    assert "status=429" in run("faults", "list").output
    assert rule["id"] not in run("faults", "lift", rule["id"]).output
    gone = run("faults", "lift", rule["id"])
    assert (gone.exit_code, f"no rule '{rule['id']}'" in gone.output) == (1, True)
    assert run("faults", "lift", "--all").output == "No failures on demand\n"


def test_the_clock_moves_and_the_limits_switch(run: Any, emulator: RunningEmulator) -> None:
    """`clock` takes steps and moments, `limits` names, both say what holds afterwards."""
    assert run("clock").output == "2026-01-01T00:00:00+00:00 (stands still)\n"
    assert run("clock", "1h").output.startswith("2026-01-01T01:00:00")
    assert run("clock", "--to", "2026-01-02T00:00:00Z").output.startswith("2026-01-02")
    back = run("clock", "--to", "2026-01-01T00:00:00Z")
    assert (back.exit_code, "forward only" in back.output) == (1, True)
    assert run("limits", "--lift", "all", "--enforce", "filters").exit_code == 0
    lifted = run("limits", "--lift", "all").output
    assert "holds" not in lifted
    assert emulator.limits()["activities"] is False
    assert "known: all, filters" in run("limits", "--lift", "speed").output


def test_a_flex_token_is_printed_alone(run: Any, emulator: RunningEmulator) -> None:
    """What is printed is the token, good for what was asked; a refusal is one line."""
    worker = emulator.request("GET", TASKROUTER).json()["workspaces"][0]["sid"]
    worker = emulator.request("GET", f"{TASKROUTER}/{worker}/Workers").json()["workers"][0]["sid"]
    ended = run(
        "flex-token", "--worker", worker, "--role", "agent", "--role", "admin", "--expires", "2h"
    )

    (token,) = ended.output.splitlines()
    url = f"https://iam.twilio.com/v1/Accounts/{emulator.account_sid}/Tokens/validate"
    shown = emulator.request("POST", url, json={"token": token}).json()
    assert (shown["worker_sid"], shown["roles"]) == (worker, ["agent", "admin"])
    assert shown["expiration"] == "2026-01-01T02:00:00.000Z"
    refused = run("flex-token", "--worker", "WK7")
    assert refused.exit_code == 1
    assert "worker_sid: 'WK7' does not match" in refused.output


def test_limits_that_are_lifted_do_not_hold(run: Any, emulator: RunningEmulator) -> None:
    """A filter used often is refused, then with its limit lifted it is not."""
    workspace = emulator.request("GET", TASKROUTER).json()["workspaces"][0]["url"]

    def statuses() -> set[int]:
        params = {"TargetWorkersExpression": "1==1"}
        url = f"{workspace}/Workers"
        return {emulator.request("GET", url, params=params).status_code for _ in range(5)}

    assert statuses() == {200, 429}
    run("limits", "--lift", "filters")
    assert statuses() == {200}


def test_snapshots_pass_through_files(run: Any, emulator: RunningEmulator, tmp_path: Path) -> None:
    """A snapshot in a file is not kept in the emulator, and can be gone back to."""
    file = tmp_path / "centre.snapshot"
    emulator.request("POST", TASKROUTER, data={"FriendlyName": "kept"})
    taken = run("snapshot", "--file", str(file))
    emulator.reset()
    back = run("restore", "--file", str(file))

    assert taken.output.startswith(f"Kept {file}: ")
    assert back.output.startswith(f"Back at {file}: ")
    assert "kept" in emulator.request("GET", TASKROUTER).text
    assert str(file.name) not in run("snapshots").output
    nowhere = run("restore", "--file", str(tmp_path / "none"))
    assert (nowhere.exit_code, "No such file" in nowhere.output) == (1, True)
    assert run("snapshot").exit_code == 2
    assert run("restore", "a", "--file", "b").exit_code == 2


def test_the_journal_filters_and_follows(run: Any, emulator: RunningEmulator) -> None:
    """Filters narrow the list; `--follow` goes on with requests made later, until Ctrl-C."""
    emulator.request("GET", TASKROUTER)
    emulator.request("GET", f"{TASKROUTER}/WS0")

    assert "404" in run("journal", "--status", "4xx").output
    assert "WS0" not in run("journal", "--status", "200", "--limit", "1").output
    wrong = run("journal", "--status", "nine")
    assert (wrong.exit_code, "no status (as 429, 5xx or none)" in wrong.output) == (1, True)
    with program("journal", "--follow", "--port", str(emulator.port)) as following:
        assert following.stdout is not None
        lines = iter(following.stdout.readline, "")
        assert "WS0" in [next(lines), next(lines)][1]
        emulator.request("GET", "https://sync.twilio.com/v1/Services")
        assert any("sync.twilio.com" in line for line in lines)
        following.send_signal(signal.SIGINT)
        assert following.wait(20) in (1, 130)
        assert following.stderr is not None
        assert "Traceback" not in following.stderr.read()


class Silent(http.server.SimpleHTTPRequestHandler):
    """A web server that is no emulator."""

    def log_message(self, *_: Any) -> None:
        """Write nothing."""


def test_nobody_there_and_somebody_else_are_told_apart() -> None:
    """No emulator is exit code 3 with what to do; so is another program on that port."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        absent = CliRunner().invoke(app, ["status", "--port", str(unused.getsockname()[1])])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    other = CliRunner().invoke(app, ["status", "--port", str(server.server_port)])
    server.shutdown()
    thread.join()
    server.server_close()

    assert (absent.exit_code, "start one with `twilio-emulator serve`" in absent.output) == (
        3,
        True,
    )
    assert (other.exit_code, "is no emulator" in other.output) == (3, True)
    assert len(other.output.splitlines()) == 1


def test_a_terminal_gets_a_table_and_no_color_is_heeded(emulator: RunningEmulator) -> None:
    """On a terminal lists have a header, bold unless NO_COLOR forbids colours."""
    shown = on_a_terminal("limits", "--port", str(emulator.port))
    plain = on_a_terminal("faults", "list", "--help", NO_COLOR="1")

    assert "limit" in shown.splitlines()[0]
    assert "\x1b[1m" in shown
    assert "\x1b[3" not in plain


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (("serve", "--memory", "--data", "x"), 1, "--memory keeps nothing and --data keeps state"),
        (("serve", "--memory", "--snapshot", "none"), 1, "there is no such file"),
        (("serve", "--start", "soon"), 2, "'soon' is no moment like 2026-01-01T00:00:00Z"),
        (("serve", "--port", "70000"), 2, "less than or equal to 65535"),
        (("flex-token", "--expires", "soon"), 2, "'soon' is no time like 90, 90s, 15m, 2h or 1d"),
        (("clock", "soon"), 2, "'soon' is no time like 90, 90s, 15m, 2h or 1d"),
        (("faults", "add", "--latency", "pareto:1"), 2, "is none of 250, uniform:100,400"),
        (("faults", "lift"), 2, "give the id of a rule, or --all"),
        (("colour",), 2, "No such command"),
    ],
)
def test_a_mistake_is_told_without_a_traceback(
    arguments: tuple[str, ...], code: int, line: str
) -> None:
    """What a user gets wrong is answered with words and an exit code."""
    ended = CliRunner(env={"TERMINAL_WIDTH": "120"}).invoke(app, list(arguments))

    assert (ended.exit_code, line in ended.output) == (code, True), ended.output
    assert "Traceback" not in ended.output


def test_serve_lifts_all_limits_when_told() -> None:
    """`--no-limits` starts with every limit lifted, `--no-rate-limits` with the rates lifted."""
    with start_emulator(workers=0, limits=False) as free:
        assert not any(free.limits().values())
        free.reset()
        assert not any(free.limits().values())
    with start_emulator(workers=0, rate_limits=False) as unhurried:
        lifted = {name for name, holds in unhurried.limits().items() if not holds}
        assert lifted == {"filters", "sync_rates"}


@contextmanager
def program(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command beside the test."""
    process = subprocess.Popen(
        [sys.executable, "-m", "twilio_emulator", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def on_a_terminal(*arguments: str, **environment: str) -> str:
    """Run the command on a terminal of its own and return what it showed."""
    ours, theirs = pty.openpty()
    given = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    process = subprocess.Popen(
        [sys.executable, "-m", "twilio_emulator", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=ROOT,
        env={**given, "TERM": "xterm-256color", **environment},
    )
    os.close(theirs)
    shown = bytearray()

    def ended() -> bool:
        while select.select([ours], [], [], 0)[0]:
            try:
                shown.extend(os.read(ours, 65536))
            except OSError:
                return True
        return process.poll() is not None

    wait_for(ended, what="the command")
    process.wait()
    os.close(ours)
    return shown.decode()


def test_the_readmes_commands_work(run: Any) -> None:
    """What the README tells people to type is understood, line by line."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = [
        line.removeprefix("$ twilio-emulator ").partition(" #")[0].split()
        for line in text.splitlines()
        if line.startswith("$ twilio-emulator ")
    ]
    once = [line for line in lines if line[0] != "serve" and "--follow" not in line]

    assert {line[0] for line in once} >= {"clock", "faults", "snapshot"}
    for line in once:
        answer = run(*line)
        assert answer.exit_code == 0, (line, answer.output)
