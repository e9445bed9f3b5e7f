"""Write docs/taskrouter.md from the commands themselves, or check that it is up to date."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from taskrouter_ops.cli.application import app
from taskrouter_ops.cli.output import EXIT_CODES

PAGE = Path(__file__).parents[2] / "docs" / "taskrouter.md"
REWRITE = "python -m taskrouter_ops.cli.reference"

INTRODUCTION = Path(__file__).with_suffix(".md")


def page() -> str:
    """Return the page's text."""
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)  # noqa: S101 # a group by its declaration
    codes = "\n".join(f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items())
    introduction = INTRODUCTION.read_text(encoding="utf-8").replace("<exit codes>", codes)
    parts = [introduction, _options(root)]
    parts += [_section(path, command) for path, command in _commands(root, ("taskrouter",))]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _commands(
    group: TyperGroup, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], TyperGroup | TyperCommand]]:
    for name, command in group.commands.items():
        if command.hidden or not isinstance(command, (TyperGroup, TyperCommand)):
            continue
        yield (*path, name), command
        if isinstance(command, TyperGroup):
            yield from _commands(command, (*path, name))


def _section(path: Sequence[str], command: TyperGroup | TyperCommand) -> str:
    title = f"{'#' * len(path)} {' '.join(path)}\n\n{_text(command.help)}"
    if isinstance(command, TyperGroup):
        return title
    context = typer.Context(command, info_name=" ".join(path))
    usage = " ".join([*path, *command.collect_usage_pieces(context)])
    tables = [_arguments(command), _options(command), _examples(command.epilog or "")]
    return "\n\n".join([title, f"`{usage}`", *filter(None, tables)])


def _arguments(command: TyperCommand) -> str:
    found = [p for p in command.params if isinstance(p, TyperArgument) and not p.hidden]
    rows = [f"| `{p.metavar or p.display_name_raw}` | {_meaning(p)} |" for p in found]
    return "\n".join(["| argument | meaning |", "| --- | --- |", *rows]) if rows else ""


def _options(command: TyperGroup | TyperCommand) -> str:
    found = [p for p in command.params if isinstance(p, TyperOption) and not p.hidden]
    rows = [f"| {_spelling(p, command)} | {_meaning(p)} |" for p in found]
    return "\n".join(["| option | meaning |", "| --- | --- |", *rows]) if rows else ""


def _spelling(option: TyperOption, command: TyperGroup | TyperCommand) -> str:
    value = "" if option.is_flag else option.display_type_rich(typer.Context(command)) or ""
    names = ", ".join(f"`{f'{name} {value}'.strip()}`" for name in option.opts)
    negative = "".join(f", `{name}`" for name in option.secondary_opts)
    return (names + negative).replace("|", "\\|")


def _meaning(param: TyperOption | TyperArgument) -> str:
    parts = [_text(param.help)]
    if param.required:
        parts.append("Required.")
    if variable := param.envvar:
        parts.append(f"Variable: `{variable if isinstance(variable, str) else variable[0]}`.")
    if (default := _default(param)) is not None:
        parts.append(f"Default: `{default}`.")
    return " ".join(filter(None, parts)).replace("\n", " ").replace("|", "\\|")


def _default(param: TyperOption | TyperArgument) -> str | None:
    if isinstance(param.show_default, str):
        return param.show_default
    default: Any = param.default
    if callable(default) or default in (None, False, "", (), []):
        return None
    return ", ".join(map(str, default)) if isinstance(default, (list, tuple)) else str(default)


def _examples(epilog: str) -> str:
    lines = example_lines(epilog)
    return "\n".join(["```console", *(f"$ {line}" for line in lines), "```"]) if lines else ""


def example_lines(epilog: str) -> list[str]:
    """Return the command lines of a help page's end."""
    found = re.split(r"\n|·|Examples?:", epilog.replace("\\[", "["))
    return [line.strip() for line in found if line.strip().startswith("taskrouter ")]


def _text(text: str | None) -> str:
    cleaned = inspect.cleandoc(text or "").replace("\b\n", "").replace("\f", "")
    return re.sub(r"\[/?(bold|dim|italic)\]", "", cleaned)


def main(arguments: Sequence[str]) -> int:
    """Write the page, or with `--check` tell whether it is out of date."""
    text = page()
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    if "--check" in arguments:
        sys.stderr.write(f"docs/{PAGE.name} is out of date: run {REWRITE}\n")
        return 1
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(f"wrote docs/{PAGE.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
