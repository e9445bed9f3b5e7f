"""`taskrouter stuck-tasks`: what it prints, writes and ends with."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.ops.conftest import ROOT, run_command
from tests.ops.stuck_tasks.conftest import CALL, OTHER_CALL, REASON, Centre, centre, quiet
from twilio_emulator.testing import wait_for

__all__ = ["centre", "quiet"]  # fixtures
COMMAND = [sys.executable, "-m", "taskrouter_ops", "stuck-tasks"]
ACCOUNT = {"TWILIO_ACCOUNT_SID": "AC" + "a" * 32, "TWILIO_AUTH_TOKEN": "t" * 32}
SECRET = "anna@example.com"


def run(centre: Centre, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command here."""
    return run_command("stuck-tasks", *arguments, **{**centre.environment(), **environ})


def seed(centre: Centre, count: int, **entry: Any) -> None:
    """Make many stuck tasks."""
    made = {"channel": "voice", "queue": "Waiting", "attributes": {"call_sid": CALL}, "age": 7200}
    centre.emulator.seed({"tasks": [{"count": count, **made, **entry}]})


def test_a_dry_run_says_what_it_would_do_and_why(centre: Centre) -> None:
    """Task, status, age, queue, call, how and when it ended, and what would become of it."""
    centre.call()
    stuck = centre.task(state="assigned", attributes={"from": SECRET})
    live = centre.task(call_sid=centre.call(OTHER_CALL, "in-progress"))

    result = run(centre)

    assert result.returncode == 0, result.stderr
    (line,) = (line for line in result.stdout.splitlines() if stuck in line)
    assert line == (
        f"complete   {stuck}  assigned, 2h old; queue Waiting; "
        f"call {CALL} completed, ended 2026-01-01T11:00:00Z (1h ago)"
    )
    assert live not in result.stdout
    assert "would close 1 (1 completed, 0 canceled)" in result.stdout
    assert "1  call has not ended" in result.stdout
    assert "nothing was changed; --apply does it" in result.stdout
    assert SECRET not in result.stdout + result.stderr
    assert centre.status(stuck) == "assigned"


def test_verbose_lists_what_is_left_alone(centre: Centre) -> None:
    """Each with its reason."""
    task = centre.task(call_sid=centre.call(OTHER_CALL, "in-progress"))

    result = run(centre, "--verbose")

    (line,) = (line for line in result.stdout.splitlines() if task in line)
    assert line.startswith("left alone WT")
    assert line.endswith("in-progress: call has not ended (in-progress)")


def test_apply_closes_and_reports(centre: Centre, tmp_path: Path) -> None:
    """A line per task, the sums, and the report as JSON."""
    centre.call()
    pending, assigned = centre.task(), centre.task(state="assigned")
    file = tmp_path / "report.json"

    result = run(centre, "--apply", "--json", str(file), "--reason", "after the outage")

    assert result.returncode == 0, result.stderr
    assert "closed      2 (1 completed, 1 canceled)" in result.stdout
    ends = {sid: task["assignment_status"] for sid, task in centre.tasks().items()}
    assert ends == {pending: "canceled", assigned: "completed"}
    assert {task["reason"] for task in centre.tasks().values()} == {"after the outage"}
    report = json.loads(file.read_text())
    assert report["applied"] is True
    assert report["counts"]["closed"] == {"completed": 1, "canceled": 1}
    assert {item["taskSid"]: item["outcome"] for item in report["tasks"]} == ends


def test_json_on_standard_output_is_alone_there(centre: Centre) -> None:
    """People read standard error then."""
    centre.call()
    task = centre.task()

    result = run(centre, "--json", "-")

    report = json.loads(result.stdout)
    assert report["counts"]["wouldClose"] == {"completed": 0, "canceled": 1}
    (item,) = report["tasks"]
    assert item["taskSid"] == task
    assert item["callEndedAt"] == "2026-01-01T11:00:00Z"
    assert task in result.stderr


def test_an_errored_task_is_exit_code_1(centre: Centre) -> None:
    """The others are closed, the error is in its line and in the report."""
    centre.call()
    bad, good = centre.task(), centre.task()

    with centre.emulator.fault(method="POST", path=bad, status=400):
        result = run(centre, "--apply")

    assert result.returncode == 1
    (line,) = (line for line in result.stdout.splitlines() if bad in line)
    assert line.startswith("error      WT")
    assert f": cancel Task {bad}: Twilio answered 400" in line
    assert "errors      1" in result.stdout
    assert centre.status(good) == "canceled"


def test_each_task_has_one_line(centre: Centre) -> None:
    """Closed, left alone at the last moment, not looked up, skipped from the start: once each."""
    centre.call()
    tasks = [centre.task(), centre.task(), centre.task(call_sid=OTHER_CALL), centre.task(age=1)]
    gone = tasks[1]

    with (
        centre.emulator.fault(path=OTHER_CALL, status=400),
        centre.emulator.fault(method="GET", path=gone, status=404),
    ):
        result = run(centre, "--apply", "--verbose")

    assert result.returncode == 1
    lines = [[line for line in result.stdout.splitlines() if sid in line] for sid in tasks]
    assert [len(each) for each in lines] == [1, 1, 1, 1]
    ends = [each[0].split(" WT")[0].strip() for each in lines]
    assert ends == ["canceled", "left alone", "error", "left alone"]
    assert f"read Call {OTHER_CALL}: Twilio answered 400" in lines[2][0]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--exclude", "a-b == 1"],
        ["--exclude", "task.kind == 'x'"],
        ["--call-status", "in-progress"],
        ["--min-age", "soon"],
        ["--concurrency", "21"],
        ["--concurrency", "0"],
        ["--max-close", "-1"],
        ["--reason", ""],
        ["--json", "/nowhere/at/all.json"],
        ["--json", str(ROOT)],
    ],
    ids=lambda arguments: " ".join(arguments),
)
def test_wrong_usage_is_exit_code_2_before_any_call(centre: Centre, arguments: list[str]) -> None:
    """Nothing is sent for what cannot be followed."""
    result = run(centre, "--apply", *arguments)

    assert result.returncode == 2, result.stdout
    assert arguments[0] in result.stderr
    assert "Traceback" not in result.stderr
    assert centre.emulator.journal() == []


def test_all_wrong_options_are_named_at_once(centre: Centre) -> None:
    """One run is enough to learn of everything."""
    result = run(centre, "--exclude", "a ==", "--exclude", "b ==", "--min-age", "x")

    assert result.returncode == 2
    assert all(part in result.stderr for part in ("'a =='", "'b =='", "--min-age 'x'"))


def test_a_queue_of_nobody_is_exit_code_2(centre: Centre) -> None:
    """The name is shown."""
    result = run(centre, "--queue", "Suport")

    assert result.returncode == 2
    assert "there is no TaskQueue 'Suport'" in result.stderr


def test_missing_workspace_and_credentials_are_exit_code_2() -> None:
    """Neither a Sync service nor functions are asked for."""
    workspace = run_command("stuck-tasks", **ACCOUNT)
    credentials = run_command("--workspace-sid", "WS1", "stuck-tasks")

    assert (workspace.returncode, credentials.returncode) == (2, 2)
    assert "--workspace-sid" in workspace.stderr
    assert "--sync-service-sid" not in workspace.stderr
    assert "TWILIO_ACCOUNT_SID" in credentials.stderr


def test_a_failed_listing_is_exit_code_3(centre: Centre) -> None:
    """One line, and nothing was closed."""
    centre.call()
    task = centre.task()

    with centre.emulator.fault(method="GET", path="/Tasks$", skip=2, status=500):
        result = run(centre, "--apply")

    assert result.returncode == 3
    assert result.stderr.splitlines()[-1].startswith("error: list the assigned Tasks of WS")
    assert centre.status(task) == "pending"


def test_an_unreachable_twilio_is_exit_code_3() -> None:
    """As is a refused connection."""
    environ = {**ACCOUNT, "TWILIO_BASE_URL": "http://127.0.0.1:9"}

    result = run_command("--workspace-sid", "WS" + "0" * 32, "stuck-tasks", **environ)

    assert result.returncode == 3
    assert "no answer from Twilio" in result.stderr


def test_wrong_credentials_are_exit_code_3(centre: Centre) -> None:
    """And are not shown."""
    result = run(centre, TWILIO_AUTH_TOKEN="f" * 32)

    assert result.returncode == 3
    assert "f" * 32 not in result.stderr


def test_progress_is_a_line_for_every_hundred(centre: Centre) -> None:
    """On standard error, where there is no terminal."""
    centre.call()
    seed(centre, 250)

    result = run(centre, "--apply")

    lines = [line for line in result.stderr.splitlines() if line.endswith("tasks had their turn")]
    assert lines == [f"{done} of 250 tasks had their turn" for done in (100, 200, 250)]
    assert "1 of 1 calls looked up" in result.stderr


def test_a_terminal_gets_a_bar(centre: Centre) -> None:
    """Redrawn in place; lines about tasks stay above it."""
    centre.call()
    seed(centre, 30)

    shown = in_a_terminal([*COMMAND, "--apply"], centre.environment())

    assert "30/30" in shown
    assert shown.count("canceled   WT") == 30
    assert "closed      30 (0 completed, 30 canceled)" in shown


def test_no_color_is_respected(centre: Centre) -> None:
    """A terminal without colours gets none."""
    shown = in_a_terminal([*COMMAND, "--queue", "x"], {**centre.environment(), "NO_COLOR": "1"})

    assert "there is no TaskQueue 'x'" in shown
    assert "\x1b[31m" not in shown


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_cleanly_with_a_true_summary(
    centre: Centre, tmp_path: Path, number: signal.Signals
) -> None:
    """What is in hand finishes; the report is what the workspace says; exit code 130."""
    centre.call()
    seed(centre, 400)
    file = tmp_path / "report.json"
    arguments = ["--apply", "--concurrency", "4", "--json", str(file)]

    with centre.emulator.fault(method="POST", path="/Tasks/WT", latency_ms=50):
        result = interrupted_at(
            number, [*COMMAND, *arguments], centre.environment(), "canceled   WT", tmp_path
        )

    assert result.returncode == 130, result.stderr
    assert "Traceback" not in result.stderr
    canceled = {
        sid for sid, task in centre.tasks().items() if task["assignment_status"] == "canceled"
    }
    report = json.loads(file.read_text())
    assert report["ended"] == "interrupted"
    closed = {each["taskSid"] for each in report["tasks"] if each["outcome"] == "canceled"}
    assert closed == canceled
    assert 1 <= len(closed) < 400
    assert report["counts"]["closed"]["canceled"] == len(closed)
    assert report["counts"]["skipped"] == {"interrupted before its turn": 400 - len(closed)}
    assert f"closed      {len(closed)} " in result.stdout
    assert result.stdout.count("canceled   WT") == len(closed)


def test_nohup_is_respected(centre: Centre, tmp_path: Path) -> None:
    """A run that was told not to care for its terminal goes on to its end."""
    centre.call()
    seed(centre, 30)
    command = ["nohup", *COMMAND, "--apply", "--concurrency", "2"]

    with centre.emulator.fault(method="POST", path="/Tasks/WT", latency_ms=50):
        result = interrupted_at(
            signal.SIGHUP, command, centre.environment(), "canceled   WT", tmp_path
        )

    assert result.returncode == 0, result.stderr
    assert "closed      30 " in result.stdout


def test_a_reader_that_goes_away_stops_it_cleanly(centre: Centre, tmp_path: Path) -> None:
    """As Ctrl-C does: what is in hand finishes, and the report is written."""
    centre.call()
    seed(centre, 300)
    file = tmp_path / "report.json"
    command = [*COMMAND, "--apply", "--json", str(file)]
    given = environment({**centre.environment(), "PYTHONUNBUFFERED": "1"})
    pipe = subprocess.PIPE

    with (
        centre.emulator.fault(method="POST", path="/Tasks/WT", latency_ms=50),
        subprocess.Popen(command, cwd=ROOT, env=given, stdout=pipe, stderr=pipe) as process,
    ):
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        process.wait(60)

    assert process.returncode == 130
    report = json.loads(file.read_text())
    closed = {each["taskSid"] for each in report["tasks"] if each["outcome"] == "canceled"}
    canceled = {s for s, task in centre.tasks().items() if task["assignment_status"] == "canceled"}
    assert closed == canceled
    assert 1 <= len(closed) < 300


def test_a_signal_while_listing_closes_nothing(centre: Centre, tmp_path: Path) -> None:
    """The summary says that nothing was closed."""
    centre.call()
    seed(centre, 1100)

    with centre.emulator.fault(method="GET", path="/Tasks$", skip=2, latency_ms=1000):
        result = interrupted_at(
            signal.SIGINT,
            [*COMMAND, "--apply"],
            centre.environment(),
            "1,000 tasks listed",
            tmp_path,
            stream="stderr",
        )

    assert result.returncode == 130, result.stderr
    assert "closed      0 (0 completed, 0 canceled)" in result.stdout
    assert centre.written() == []


def test_an_exclusion_without_effect_is_pointed_out(centre: Centre) -> None:
    """A slip in its spelling would close what it is meant for."""
    centre.call()
    centre.task(attributes={"orchestration": "custom", "hold": True})
    centre.task(attributes={"campaign": 7})
    centre.task()
    given = ["orchestration == 'custom'", "orchestraton == 'custom'", "campaign == 'x'"]

    result = run(
        centre,
        *(part for text in given for part in ("--exclude", text)),
        *("--exclude-attribute", "held"),
    )

    notes = [line for line in result.stdout.splitlines() if line.startswith("note")]
    assert [note.split(":")[0].removeprefix("note").strip() for note in notes] == [
        "no task was excluded by attribute held",
        "no task was excluded by expression 2, orchestraton == 'custom'",
    ]


def test_an_api_key_is_enough(centre: Centre) -> None:
    """No auth token is needed for any of it."""
    centre.call()
    task = centre.task()
    keys = {
        "TWILIO_API_KEY": centre.emulator.api_key_sid,
        "TWILIO_API_SECRET": centre.emulator.api_key_secret,
        "TWILIO_AUTH_TOKEN": "",
    }

    result = run(centre, "--apply", **keys)

    assert result.returncode == 0, result.stderr
    assert centre.tasks()[task]["reason"] == REASON


def environment(given: dict[str, str]) -> dict[str, str]:
    """Return a process's environment with these variables and no other Twilio ones."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("TWILIO_", "TASKROUTER_"))}
    return {**plain, "COLUMNS": "200", **given}


def interrupted_at(
    number: signal.Signals,
    command: list[str],
    environ: dict[str, str],
    text: str,
    folder: Path,
    *,
    stream: str = "stdout",
) -> subprocess.CompletedProcess[str]:
    """Send a signal to a process once it has printed a text; wait for its end."""
    files = {name: folder / name for name in ("stdout", "stderr")}
    given = environment({**environ, "PYTHONUNBUFFERED": "1"})
    with (
        files["stdout"].open("w") as out,
        files["stderr"].open("w") as err,
        subprocess.Popen(command, cwd=ROOT, env=given, stdout=out, stderr=err) as process,
    ):
        try:
            wait_for(lambda: text in files[stream].read_text(), seconds=60, what=text)
            process.send_signal(number)
            process.wait(60)
        finally:
            process.kill()
    said = {name: file.read_text() for name, file in files.items()}
    return subprocess.CompletedProcess(command, process.returncode, **said)


def in_a_terminal(command: list[str], environ: dict[str, str]) -> str:
    """Run a process on a terminal of its own and return what it shows."""
    ours, theirs = pty.openpty()
    terminal = {**environment(environ), "TERM": "xterm"}
    with subprocess.Popen(
        command, cwd=ROOT, env=terminal, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65_536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            shown += part
        process.wait(60)
    os.close(ours)
    return shown.decode()
