"""Check a `taskrouter …` command line, as a page or a workflow has it, against the command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import typer

from taskrouter_ops.cli import app

INLINE = re.compile(r"`(taskrouter [^`]+)`")
_ENDS = {"|", "||", "&&", ";"}


def command_lines(text: str) -> Iterator[list[str]]:
    """Find the `taskrouter` commands in a shell text, as words; comments are left out."""
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        words = shlex.split(line.strip().removeprefix("$ "), comments=True)
        for is_end, part in groupby(words, lambda word: word in _ENDS):
            program, *arguments = part
            if not is_end and program == "taskrouter":
                yield arguments


def problems(words: list[str]) -> list[str]:
    """List what the command does not know: subcommands and options."""
    command: Any = typer.main.get_command(app)
    found, rest = [], list(words)
    while rest:
        word = rest.pop(0)
        if word.startswith("--"):
            name, equals, _ = word.partition("=")
            option = next((p for p in command.params if name in p.opts), None)
            if option is None and name != "--help":
                found.append(f"{command.name} has no {name}")
            elif option is not None and not option.is_flag and not equals:
                rest = rest[1:]
        elif hasattr(command, "commands"):
            if word not in command.commands:
                return [*found, f"{command.name} has no {word}"]
            command = command.commands[word]
    return found
