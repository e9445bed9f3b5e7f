"""`taskrouter task`: assignments, deferral, ends, exit codes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from taskrouter_ops.cli import app
from taskrouter_ops.cli.assignments import patch_of
from tests.ops.conftest import run_command
from tests.ops.task_attributes.desk import Desk
from twilio_client import Credentials, TwilioClient, urls
from twilio_emulator.testing import RunningEmulator, start_emulator

NOBODY = "WT" + "0" * 32


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    """Run an emulator for these tests."""
    with start_emulator(workers=2) as running:
        yield running


@pytest.fixture
def desk(emulator: RunningEmulator) -> Iterator[Desk]:
    """Lend tasks to a test."""
    credentials = Credentials(emulator.account_sid, auth_token=emulator.auth_token)
    client = TwilioClient(credentials, emulator.base_url)
    emulator.clear_faults()
    yield Desk(emulator, client)
    client.transport.session.close()


@pytest.fixture
def taskrouter(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run `taskrouter task …` with the workspace and credentials in the environment."""
    given = {**desk.emulator.environment(), "TWILIO_FLEX_WORKSPACE_SID": desk.workspace_sid}
    for name in ("TWILIO_FLEX_SYNC_SID", "TASKROUTER_FUNCTIONS_URL", "TASKROUTER_DEFERRED"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**given, "COLUMNS": "200"}.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str, **options: Any) -> Any:
        return CliRunner().invoke(app, ["task", *arguments], **options)

    return run


def parsed(result: Any) -> dict[str, Any]:
    """Read a command's JSON."""
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_set_takes_text_json_and_dotted_paths(desk: Desk, taskrouter: Any) -> None:
    """Text after =, JSON after :=, a null removes, everything else stays."""
    task = desk.task(customer={"id": 1}, old=1, keep=[1])

    result = taskrouter(
        "set", task, "customer.name=Ann = Co", "score:=5", 'tags:=["a"]', "old:=null", r"a\.b=1"
    )

    assert result.exit_code == 0, result.output
    assert result.stdout == f"updated: Task {task}\n"
    assert desk.attributes(task) == {
        "customer": {"id": 1, "name": "Ann = Co"}, "keep": [1], "score": 5, "tags": ["a"],
        "a.b": "1",
    }  # fmt: skip


@pytest.mark.parametrize("where", ["file", "standard input"])
def test_set_takes_a_patch(desk: Desk, taskrouter: Any, tmp_path: Path, where: str) -> None:
    """From a file, or - for standard input."""
    task, file, patch = desk.task(a={"x": 1}), tmp_path / "patch.json", '{"a": {"y": "é"}}'
    file.write_text(patch, encoding="utf-8")

    result = taskrouter("set", task, "--file", str(file) if where == "file" else "-", input=patch)

    assert result.exit_code == 0, result.output
    assert desk.attributes(task) == {"a": {"x": 1, "y": "é"}}


def test_unset_removes_and_makes_nothing(desk: Desk, taskrouter: Any) -> None:
    """What is not there is fine, and so is a way through something that is no object."""
    task = desk.task(a={"x": 1, "y": 2}, b=1, c=2)

    removed = taskrouter("unset", task, "a.x", "b", "no.way", "c.x", "--json")

    assert parsed(removed)["attributes"] == {"a": {"y": 2}, "c": 2}
    assert taskrouter("unset", task, "no.way").stdout == f"unchanged: Task {task}\n"


def test_append_and_remove(desk: Desk, taskrouter: Any) -> None:
    """Text, or JSON on request; JSON's equality."""
    task = desk.task()

    taskrouter("append", task, "list.notes", "called back", "5")
    taskrouter("append", task, "list.notes", "5", '{"a":1}', "true", "--json-value")
    taskrouter("remove", task, "list.notes", "5.0", "--json-value")

    assert desk.attributes(task) == {"list": {"notes": ["called back", "5", {"a": 1}, True]}}


def test_get_shows_attributes_or_one_of_them(desk: Desk, taskrouter: Any) -> None:
    """Without the library's marks."""
    task = desk.task(customer={"name": "Ann"})
    taskrouter("append", task, "n", "1", "--json-value")

    assert json.loads(taskrouter("get", task).stdout) == {"customer": {"name": "Ann"}, "n": [1]}
    assert taskrouter("get", task, "customer.name").stdout == '"Ann"\n'
    shown = parsed(taskrouter("get", task, "--json"))
    assert (shown["sid"], shown["attributes"]["n"]) == (task, [1])
    missing = taskrouter("get", task, "customer.phone")
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert "no attribute customer.phone" in missing.stderr


def test_an_id_makes_a_command_safe_to_repeat(desk: Desk, taskrouter: Any) -> None:
    """The second one is unchanged."""
    task = desk.task()
    arguments = ("append", task, "n", "1", "--id", "job-7", "--json")

    assert [parsed(taskrouter(*arguments))["outcome"] for _ in range(2)] == ["updated", "unchanged"]
    assert desk.attributes(task) == {"n": ["1"]}


@pytest.mark.parametrize("where", ["file", "variable", "sync"])
def test_deferred_changes_wait_for_the_next_command(
    desk: Desk, taskrouter: Any, tmp_path: Path, where: str
) -> None:
    """In a file, or in the deployment's Sync service, which is taken where it is known."""
    task, store, environ = desk.task(), (), {}
    if where == "file":
        store = ("--deferred-store", str(tmp_path / "deferred.sqlite"))
    elif where == "variable":
        environ = {"TASKROUTER_DEFERRED": str(tmp_path / "deferred.sqlite")}
    else:
        service = desk.client.post(urls.sync("Services"), {"FriendlyName": "cli"}).body["sid"]
        environ = {"TWILIO_FLEX_SYNC_SID": str(service)}

    def run(*arguments: str) -> Any:
        return taskrouter(*arguments, *store, env=environ)

    assert run("set", task, "a=1", "--deferred").stdout == f"deferred: Task {task}\n"
    run("append", task, "n", "x", "--deferred")
    assert desk.attributes(task) == {}
    assert parsed(run("deferred", "--json")) == {"tasks": {task: 2}}
    assert run("set", task, "b=2").stdout == f"updated: Task {task}, with 2 deferred changes\n"
    assert desk.attributes(task) == {"a": "1", "n": ["x"], "b": "2"}
    assert run("deferred").stdout == "nothing is deferred\n"
    run("set", task, "c=3", "--deferred")
    assert run("discard", task).stdout == f"discarded: 1 deferred changes of Task {task}\n"
    assert run("flush", task).stdout == f"unchanged: Task {task}\n"


def test_deferring_needs_a_place(desk: Desk, taskrouter: Any) -> None:
    """A process that ends keeps nothing in memory."""
    task = desk.task()

    for arguments in (("set", task, "a=1", "--deferred"), ("flush", task), ("deferred",)):
        result = taskrouter(*arguments)
        assert result.exit_code == 2
        assert "--deferred-store FILE" in result.stderr


def test_a_slip_in_the_name_of_a_file_makes_none(
    desk: Desk, taskrouter: Any, tmp_path: Path
) -> None:
    """What looks for deferred changes says that there is no such file; only deferring makes one."""
    task, slip = desk.assigned_task(), tmp_path / "defered.sqlite"
    store = ("--deferred-store", str(slip))

    for name in ("flush", "discard"):
        assert taskrouter(name, task, *store).exit_code == 2
    result = taskrouter("complete", task, *store)

    assert (result.exit_code, desk.status(task)) == (0, "completed")
    assert f"there is no file {slip}" in result.stderr.replace("\n", "")
    assert not slip.exists()


def test_a_task_ends_with_what_is_to_be_set(desk: Desk, taskrouter: Any, tmp_path: Path) -> None:
    """Deferred changes first, all in one write, then the status."""
    task, store = desk.assigned_task(), ("--deferred-store", str(tmp_path / "deferred.sqlite"))
    taskrouter("append", task, "n", "x", "--deferred", *store)

    wrapped = parsed(taskrouter("wrap-up", task, "--json"))
    done = taskrouter("complete", task, "outcome=sold", "--reason", "sold", *store)

    assert wrapped["outcome"] == "wrapping"
    assert done.stdout == f"completed: Task {task}, with 1 deferred changes\n"
    assert desk.attributes(task) == {"n": ["x"], "outcome": "sold"}
    assert taskrouter("complete", task).stdout == f"unchanged: Task {task}\n"


def test_a_failed_flush_stops_unless_told_to_go_on(
    desk: Desk, taskrouter: Any, tmp_path: Path
) -> None:
    """Exit code 1 and one line; or completed, with a warning."""
    task = desk.assigned_task(name="Ann")
    store = ("--deferred-store", str(tmp_path / "deferred.sqlite"))
    taskrouter("append", task, "name", "x", "--deferred", *store)

    stopped = taskrouter("complete", task, *store)
    assert (stopped.exit_code, desk.status(task)) == (1, "assigned")
    assert "all 1 deferred changes are kept" in stopped.stderr
    assert stopped.stderr.count("\n") == 1

    done = taskrouter("complete", task, *store, "--on-flush-failure", "continue", "--json")
    assert parsed(done)["flush_failed"] is True
    assert "are kept" in parsed(done)["flush_error"]
    assert desk.status(task) == "completed"


def test_cancel_names_the_status_that_does_not_allow_it(desk: Desk, taskrouter: Any) -> None:
    """A pending task is canceled, an assigned one is not."""
    assert taskrouter("cancel", desk.task(), "--reason", "twice").exit_code == 0
    result = taskrouter("cancel", desk.assigned_task())

    assert result.exit_code == 1
    assert "the task is assigned" in result.stderr


@pytest.mark.parametrize(
    "arguments", [["get", NOBODY], ["set", NOBODY, "a=1"], ["complete", NOBODY]], ids=lambda a: a[0]
)
def test_gone_is_exit_code_1_and_one_line(taskrouter: Any, arguments: list[str]) -> None:
    """The line says what may be the matter."""
    result = taskrouter(*arguments)

    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    assert f"gone: Task {NOBODY}" in result.output
    assert "another workspace" in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["set", "WT1", "a=1"], "'WT1' is not WT and 32 hexadecimal digits"),
        (["set", NOBODY], "give either NAME=TEXT or NAME:=JSON, or --file"),
        (["set", NOBODY, "a"], "'a' is neither name=text nor name:=JSON"),
        (["set", NOBODY, "=1"], "a path is keys with dots between them"),
        (["set", NOBODY, "a..b=1"], "a path is keys with dots between them"),
        (["set", NOBODY, "a:={"], "'{' is not JSON"),
        (["set", NOBODY, "a=1", "a.b=2"], "'a.b' is set twice"),
        (["set", NOBODY, "a=1", "a=2"], "'a' is set twice"),
        (["set", NOBODY, "--file", "/no/such.json"], "No such file"),
        (["append", NOBODY, "n", "{", "--json-value"], "'{' is not JSON"),
    ],
    ids=lambda value: " ".join(value[2:]) if isinstance(value, list) else "",
)
def test_wrong_usage_is_exit_code_2(taskrouter: Any, arguments: list[str], said: str) -> None:
    """Nothing is sent; the text names what is wrong."""
    result = taskrouter(*arguments)

    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())


def test_patches_of_several_assignments_are_one() -> None:
    """Order does not matter, and one path is set once."""
    wanted = {"a": {"b": "1", "c": 2}}

    assert patch_of(["a.b=1", "a.c:=2"]) == patch_of(["a.c:=2", "a.b=1"]) == wanted
    with pytest.raises(typer.BadParameter):
        patch_of(["a.b=1", "a=2"])


def test_it_is_one_program(desk: Desk) -> None:
    """As people run it: exit code, standard output, no traceback."""
    task = desk.task()
    environ = {**desk.emulator.environment(), "TWILIO_FLEX_WORKSPACE_SID": desk.workspace_sid}

    done: subprocess.CompletedProcess[str] = run_command("task", "set", task, "a=1", **environ)

    assert (done.returncode, done.stdout, done.stderr) == (0, f"updated: Task {task}\n", "")


@pytest.mark.parametrize("text", ["a:b:c", ":smile:", "10:x:", "[bold]é[/bold]", "\x1b[2J", "\x85"])
def test_attributes_are_printed_as_they_are(desk: Desk, taskrouter: Any, text: str) -> None:
    """What is shown can be set again: no text between colons or brackets means something else."""
    task = desk.task(note=text)

    assert parsed(taskrouter("get", task, "--json"))["attributes"] == {"note": text}
    assert json.loads(taskrouter("get", task, "note").stdout) == text


def test_json_loses_nothing_in_a_poorer_encoding(desk: Desk) -> None:
    """What the output's encoding lacks is escaped, in errors too."""
    task = desk.task(name="Zoë 😀")
    given = {**desk.emulator.environment(), "TWILIO_FLEX_WORKSPACE_SID": desk.workspace_sid}

    found = run_command("task", "get", task, "--json", PYTHONIOENCODING="ascii", **given)
    missing = run_command("task", "get", task, "Zoë", "--json", PYTHONIOENCODING="ascii", **given)

    assert json.loads(found.stdout)["attributes"] == {"name": "Zoë 😀"}
    assert "Zoë" in json.loads(missing.stderr)["error"]["message"]
