"""The `taskrouter` command as a shell's citizen: help, completion, pipes, Ctrl-C, start-up."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from taskrouter_ops.cli import app
from taskrouter_ops.cli.reference import example_lines
from taskrouter_ops.cli.root import commands_of
from tests.ops.conftest import ROOT, Centre, run_command
from twilio_emulator.testing import wait_for

SCRIPT = Path(sys.executable).with_name("taskrouter")


def leaves() -> Iterator[tuple[str, TyperCommand]]:
    """Go through all commands that do something, with their path."""

    def below(group: TyperGroup, path: tuple[str, ...]) -> Iterator[tuple[str, TyperCommand]]:
        for name, command in group.commands.items():
            if isinstance(command, TyperGroup):
                yield from below(command, (*path, name))
            elif isinstance(command, TyperCommand):
                yield " ".join((*path, name)), command

    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    return below(root, ())


COMMANDS = dict(leaves())


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_has_help_examples_and_json(path: str) -> None:
    """A help page says what it does, shows it, and offers data for programs."""
    command = COMMANDS[path]

    assert command.help
    assert example_lines(command.epilog or "")
    assert any("--json" in param.opts for param in command.params)


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_says_what_it_is_for(path: str) -> None:
    """No option of a help page is without words."""
    silent = [
        param.name
        for param in COMMANDS[path].params
        if isinstance(param, TyperOption) and not param.hidden and not param.help
    ]

    assert silent == []


@pytest.mark.parametrize("path", ["", *COMMANDS])
def test_help_pages_fit_80_columns_without_colour(path: str) -> None:
    """NO_COLOR is obeyed also where colour is forced, and no line is wider than the terminal."""
    result = run_command(*path.split(), "--help", COLUMNS="80", NO_COLOR="1", FORCE_COLOR="1")

    assert result.returncode == 0, result.stderr
    assert "\x1b[3" not in result.stdout
    plain = re.sub(r"\x1b\[[0-9;]*m", "", result.stdout)
    assert max(map(len, plain.splitlines())) <= 80


def test_the_root_says_the_exit_codes_and_the_version() -> None:
    """Both are looked up most often."""
    pages = run_command("--help").stdout

    for line in ("0 done", "1 goal not reached", "3 Twilio is not", "130 interrupted"):
        assert line in pages
    assert run_command("--version").stdout == "taskrouter 0.1.0\n"


def test_a_terminal_without_unicode_gets_its_help_too() -> None:
    """What its encoding lacks is a question mark, not a traceback."""
    result = run_command("--help", PYTHONIOENCODING="ascii")

    assert result.returncode == 0, result.stderr
    assert "--workspace-sid" in result.stdout


def test_help_loads_nothing_heavy() -> None:
    """Completion starts the command at each Tab: no Pulumi, no SDK client, no schemas."""
    program = (
        "import sys, taskrouter_ops.cli\n"
        "heavy = {'pulumi', 'grpc', 'twilio.rest', 'jsonschema', 'playwright'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert result.stdout == "[]\n", result.stderr


COMPLETE = """
eval "$(_TASKROUTER_COMPLETE=source_bash taskrouter)"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
$(complete -p taskrouter | sed 's/.*-F \\([^ ]*\\) .*/\\1/') taskrouter
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("taskrouter", "do"), "doctor"),
        (("taskrouter", "batch", "re"), "resume"),
        (("taskrouter", "sync", "--dry"), "--dry-run"),
        (("taskrouter", "sync", "--sta"), "--stack"),
        (("taskrouter", "--prof"), "--profile"),
    ],
)
def test_bash_completes_commands_and_options(words: tuple[str, ...], offered: str) -> None:
    """A real bash, with the script the command prints; options of the root on either side."""
    bash = shutil.which("bash")
    assert bash
    result = subprocess.run(
        [bash, "--norc", "-c", COMPLETE, "bash", *words],
        env={**os.environ, "PATH": f"{SCRIPT.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )

    assert offered in result.stdout.split(), result.stderr


@pytest.mark.parametrize(("shell", "sign"), [("zsh", "#compdef taskrouter"), ("fish", "complete")])
def test_other_shells_get_a_script(shell: str, sign: str) -> None:
    """Zsh and fish are told how to ask as well."""
    result = subprocess.run(
        [SCRIPT], env={**os.environ, "_TASKROUTER_COMPLETE": f"source_{shell}"}, capture_output=True
    )

    assert result.stdout.decode().strip().startswith(sign)


def test_a_reader_that_goes_away_is_no_error(centre: Centre) -> None:
    """`taskrouter … | head -1` says nothing about it."""
    read, write = os.pipe()
    os.close(read)
    try:
        result = subprocess.run(
            [SCRIPT, "sync", "--dry-run"],
            cwd=ROOT,
            env={**os.environ, **centre.variables()},
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        os.close(write)

    assert result.stderr == ""
    assert result.returncode == 141


@pytest.mark.parametrize("json_form", [False, True], ids=["text", "json"])
def test_ctrl_c_is_one_line_and_130(centre: Centre, json_form: bool) -> None:
    """Whatever waits for an answer in other threads is not waited for."""
    with centre.emulator.fault(kind="api", path="/Workers", latency_ms=20_000):
        process = subprocess.Popen(
            [SCRIPT, "sync", "--dry-run", *(["--json"] if json_form else [])],
            cwd=ROOT,
            env={**os.environ, **centre.variables()},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            wait_for(
                lambda: [
                    r for r in centre.emulator.journal(kind="api") if "TaskQueues" in r["path"]
                ],
                what="the command to be waiting for the workers",
            )
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=15)
        finally:
            process.kill()

    assert process.returncode == 130
    assert out == ""
    assert err.count("\n") == 1
    if json_form:
        assert json.loads(err)["error"]["name"] == "Interrupted"
    else:
        assert err == "error: interrupted\n"


def test_shared_options_never_hide_a_commands_own() -> None:
    """A command that has an option of the same name keeps it."""
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)

    for command in commands_of(root):
        names = [opt for param in command.params for opt in param.opts if opt.startswith("-")]
        assert len(names) == len(set(names)), command.name
