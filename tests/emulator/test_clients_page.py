"""docs/clients.md: every block on it runs."""

from __future__ import annotations

import os
import re
import shlex
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from twilio_emulator.testing import RunningEmulator

from .clients.programs import go_command, node_folder, run, told_by_env

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
USUAL_PORT = "4010"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block and the heading above it."""

    heading: str
    language: str
    text: str


def blocks() -> Iterator[Block]:
    """Read the page's blocks."""
    page = PAGE.read_text("utf-8")
    for match in _BLOCK.finditer(page):
        headings = re.findall(r"^#+ (.+)$", page[: match.start()], re.MULTILINE)
        yield Block(headings[-1], match[1], match[2])


@pytest.fixture
def command(tmp_path: Path) -> Path:
    """Put the `twilio-emulator` command of this tree into a folder of its own."""
    script = tmp_path / "bin" / "twilio-emulator"
    script.parent.mkdir()
    root = shlex.quote(str(PAGE.parents[1].absolute()))
    module = f"PYTHONPATH={root} exec {shlex.quote(sys.executable)} -m twilio_emulator"
    script.write_text(f'#!/bin/sh\n{module} "$@"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return script.parent


@pytest.mark.parametrize(
    "block", list(blocks()), ids=lambda block: f"{block.heading}-{block.language}"
)
def test_the_block_runs(
    emulator: RunningEmulator, block: Block, command: Path, tmp_path: Path
) -> None:
    """A block ends well as it stands there, but for the port."""
    variables = {
        "PATH": f"{command}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "TWILIO_EMULATOR_PORT": str(emulator.port),
    }
    if block.language == "sh":
        variables["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    else:
        variables |= told_by_env(emulator.port, tmp_path)
    port = _free_port() if "serve" in block.text else emulator.port
    text = block.text.replace(USUAL_PORT, str(port))

    assert run(_program(block.language, text, tmp_path), variables, tmp_path) or "unset" in text


def _program(language: str, text: str, folder: Path) -> list[str]:
    """Write a program into a folder and return what runs it."""
    if language == "sh":
        return ["bash", "-ec", text]
    if language == "python":
        return [sys.executable, "-c", text]
    if language == "js":
        (folder / "node_modules").mkdir()
        library = node_folder() / "node_modules" / "twilio6"
        (folder / "node_modules" / "twilio").symlink_to(library.absolute())
        return ["node", "-e", text]
    assert language == "go", language
    (folder / "main.go").write_text(text)
    return [*go_command(), "run", "main.go"]


def _free_port() -> int:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
