"""The group all commands are in: options on either side of a command, errors, interruption."""

from __future__ import annotations

import copy
import io
import os
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from taskrouter_ops.cli.output import (
    INTERRUPTED,
    WRONG_USAGE,
    choose_error_form,
    errors_in_one_line,
    fail,
)

COMPLETING = "_TASKROUTER_COMPLETE"
NOT_SHARED = frozenset({"version"})
# What Python makes of bytes in an argument that are no text: it cannot be sent or written.
_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")


class Root(TyperGroup):
    """The `taskrouter` command itself.

    Its options may stand behind a subcommand as well: each subcommand takes them too, without
    naming them on its help page, and the last word wins.
    """

    def __init__(self, **attributes: Any) -> None:
        """Put the commands together and give each of them the shared options."""
        super().__init__(**attributes)
        self._own_process = False
        shared = [
            param
            for param in self.params
            if isinstance(param, TyperOption) and param.name not in NOT_SHARED
        ]
        for command in commands_of(self):
            _without_flag_types(command)
            _share(shared, command)

    def get_params(self, ctx: Any) -> Any:
        """Return the options; those for completion are added after the group was made."""
        _without_flag_types(self)
        return super().get_params(ctx)

    def main(self, args: Sequence[str] | None = None, *others: Any, **more: Any) -> Any:
        """Run as a program: every end is an exit code, and an error one line or JSON."""
        self._own_process = args is None
        if self._own_process:
            _print_on_any_terminal()
        arguments = list(sys.argv[1:] if args is None else args)
        as_json = choose_error_form(arguments)
        if odd := [each for each in arguments if _HALF_A_CHARACTER.search(each)]:
            return sys.exit(_wrong(f"{odd[0]!r} is no text in {sys.getfilesystemencoding()}"))
        if not as_json:
            return super().main(arguments, *others, **more)
        try:
            code = super().main(arguments, *others, **{**more, "standalone_mode": False})
        except typer.TyperException as error:
            code = _usage_error(error)
        return sys.exit(code or 0)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            with errors_in_one_line():
                return super().invoke(ctx)
        except typer.Exit as end:
            if end.exit_code == INTERRUPTED and self._own_process:
                _end_now()
            raise


def commands_of(group: TyperGroup) -> Iterator[TyperGroup | TyperCommand]:
    """Go through a group and everything below it."""
    yield group
    for command in group.commands.values():
        if isinstance(command, TyperGroup):
            yield from commands_of(command)
        elif isinstance(command, TyperCommand):
            yield command


def _share(shared: Sequence[TyperOption], command: TyperGroup | TyperCommand) -> None:
    """Let a command take the options it has none of its own for."""
    if isinstance(command, TyperGroup):
        return
    own = {opt for param in command.params for opt in param.opts}
    command.params += [_behind_the_command(o) for o in shared if not own & set(o.opts)]


def _behind_the_command(option: TyperOption) -> TyperOption:
    option = copy.copy(option)
    option.envvar = None  # read once, by the root
    option.expose_value = False
    option.callback = _take
    # Help pages would be three times as long; a shell that asks for completions gets them.
    option.hidden = COMPLETING not in os.environ
    return option


def _take(ctx: Any, param: Any, value: Any) -> Any:
    root = ctx.find_root()
    if value is not None and root.obj is not None:
        root.obj = root.obj.given(param.name, value)
    return value


def _without_flag_types(command: TyperGroup | TyperCommand) -> None:
    """Take `<bool>` off the help page: a flag takes no value."""
    for param in (*command.params, command.get_help_option(typer.Context(command))):
        if isinstance(param, TyperOption) and param.is_flag and param.metavar is None:
            param.metavar = ""


def _usage_error(error: typer.TyperException) -> int:
    return _wrong(error.format_message())


def _wrong(message: str) -> int:
    try:
        fail(message, WRONG_USAGE)
    except typer.Exit as end:
        return end.exit_code


def _print_on_any_terminal() -> None:
    """Put `?` for what the terminal's encoding lacks, instead of failing on it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _end_now() -> None:
    """End the process without waiting for requests that are on their way in other threads."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERRUPTED)
