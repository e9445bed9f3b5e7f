"""The pages say what the commands say: the reference, and every command line on every page."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import typer
from typer.core import TyperGroup

from taskrouter_ops.cli import app, reference
from taskrouter_ops.cli.output import EXIT_CODES
from taskrouter_ops.cli.settings import VARIABLES
from tests.ops.conftest import ROOT
from tests.ops.test_cli_shell import COMMANDS
from twilio_emulator.cli import app as emulator_app

PROGRAMS = {"taskrouter": app, "twilio-emulator": emulator_app}
STARTS = tuple(f"{name} " for name in PROGRAMS)
# What ends one command of a shell line.
OPERATORS = frozenset({"|", "||", "&&", ";", "&", ">", ">>", "<", "2>"})
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "docs" / "examples").rglob("*.y*ml")),
]


class Line(NamedTuple):
    """A command line and where it stands."""

    place: str
    text: str


def command_lines() -> Iterator[Line]:
    """Find the lines of shells in all pages: after `$ `, or `run:` of a workflow."""
    for page in PAGES:
        text = re.sub(r"\\\n\s*", " ", page.read_text(encoding="utf-8"))
        for number, line in enumerate(text.splitlines(), 1):
            command = re.sub(r"^\s*(- )?(\$ |run: )?", "", line)
            shell = line.lstrip().startswith(("$ ", "run: ", "- run: "))
            if shell or (page.suffix != ".md" and command.startswith(STARTS)):
                for part in commands_in(command):
                    yield Line(f"{page.relative_to(ROOT)}:{number}", shlex.join(part))


def commands_in(line: str) -> Iterator[list[str]]:
    """Cut a shell line into its commands of our programs, without variables set before them."""
    reader = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    reader.whitespace_split = True
    words: list[str] = []
    for word in [*reader, ";"]:
        if word in OPERATORS:
            if words and words[0] in PROGRAMS:
                yield words
            words = []
        elif words or not re.fullmatch(r"[A-Z_]+=.*", word):
            words.append(word)


def inline_commands() -> Iterator[Line]:
    """Find what the pages' sentences name in backticks."""
    for page in PAGES:
        for span in re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8")):
            usage = re.search(r"[\[\]{}<>|]|\.\.\.", span)
            if span.startswith(STARTS) and not usage:
                yield Line(str(page.relative_to(ROOT)), span)


def parse(line: str) -> None:
    """Parse a command line as the command would, without running anything.

    Raises: typer.TyperException for what the command would refuse.
    """
    program, *words = shlex.split(line, comments=True)
    if any(word.endswith("-completion") for word in words):
        return  # parsing it would install it
    words = [_value(word) for word in words if word != "…"]
    command = typer.main.get_command(PROGRAMS[program])
    try:
        context = command.make_context(program, words)
        while isinstance(group := context.command, TyperGroup):
            if not (rest := [*context._protected_args, *context.args]):
                return
            name, found, rest = group.resolve_command(context, rest)
            assert found is not None
            context = found.make_context(name, rest, parent=context)
    except typer.Exit:
        return  # --help and --version end there


def _value(word: str) -> str:
    """Put a whole SID into the place of one that is cut short."""
    return re.sub(r"\b([A-Z]{2})…", rf"\g<1>{'0' * 32}", word)


def test_the_reference_page_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """What `make check` asks."""
    assert reference.main(["--check"]) == 0, capsys.readouterr().err


def test_an_outdated_page_is_told_and_rewritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The check names the command that writes it; writing it twice writes once."""
    page = tmp_path / "taskrouter.md"
    page.write_text("old")
    monkeypatch.setattr(reference, "PAGE", page)

    assert reference.main(["--check"]) == 1
    assert "python -m taskrouter_ops.cli.reference" in capsys.readouterr().err
    assert reference.main([]) == 0
    assert reference.main([]) == 0
    assert capsys.readouterr().out == "wrote docs/taskrouter.md\n"
    assert page.read_text() == reference.page()


def test_the_reference_has_everything() -> None:
    """Every command, option, variable and exit code."""
    page = reference.page()

    for path, command in COMMANDS.items():
        assert re.search(rf"^#+ taskrouter {path}$", page, re.MULTILINE), path
        for param in command.params:
            if not getattr(param, "hidden", False):
                assert all(f"`{opt}" in page for opt in param.opts if opt.startswith("-"))
    for word in (*VARIABLES.values(), "TASKROUTER_PROFILE", "TASKROUTER_STACK", "TWILIO_BASE_URL"):
        assert f"`{word}`" in page
    for code, meaning in EXIT_CODES.items():
        assert f"| {code} | {meaning} |" in page


def test_every_command_line_of_the_pages_is_one_the_commands_take() -> None:
    """Nobody types what a page says and is told that there is no such option."""
    lines = [*command_lines(), *(Line("help", e) for e in examples())]
    wrong = []
    for place, text in lines:
        try:
            parse(text)
        except typer.TyperException as error:
            # What a shell variable holds is not known here.
            if not ("$" in text and type(error).__name__ == "BadParameter"):
                wrong.append(f"{place}: {text}: {error.format_message()}")

    assert wrong == []
    assert len(lines) > 30


def examples() -> Iterator[str]:
    """Go through the examples of all help pages."""
    for command in COMMANDS.values():
        yield from reference.example_lines(command.epilog or "")


def test_every_command_the_pages_name_exists() -> None:
    """A sentence may leave an argument out, but names no command or option that is not there."""
    wrong = []
    for place, text in inline_commands():
        try:
            parse(text)
        except typer.TyperException as error:
            if type(error).__name__ not in ("MissingParameter", "NoArgsIsHelpError"):
                wrong.append(f"{place}: {text}: {error.format_message()}")

    assert wrong == []


@pytest.mark.parametrize(
    "line",
    [
        "taskrouter no-such-command",
        "taskrouter sync --no-such-option",
        "taskrouter batch status a b",
        "taskrouter --stack",
        "twilio-emulator serve --no-such-option",
    ],
)
def test_a_wrong_line_would_be_found(line: str) -> None:
    """The check itself refuses what the commands refuse."""
    with pytest.raises(typer.TyperException):
        parse(line)
