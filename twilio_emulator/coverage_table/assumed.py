"""Read `twilio_emulator.assumptions`: its constants with values, sentences and sections."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

from twilio_emulator import assumptions as declared

_SECTION = re.compile(r"# --- (?P<title>.+?) -+")


@dataclass(frozen=True)
class Assumption:
    """One constant of the module."""

    section: str
    name: str
    value: object
    sentence: str


class Unexplained(Exception):
    """A constant without a string below it that says what is assumed."""


def assumptions(module: ModuleType = declared) -> tuple[Assumption, ...]:
    """List the constants in their order.

    Raises: Unexplained for one without a sentence.
    """
    return tuple(_read(module))


def _read(module: ModuleType) -> Iterator[Assumption]:
    source = inspect.getsource(module)
    sections = _sections(source)
    body = ast.parse(source).body
    for number, statement in enumerate(body):
        name = _constant(statement)
        if name is None:
            continue
        sentence = _sentence(body[number + 1]) if number + 1 < len(body) else None
        if sentence is None:
            raise Unexplained(f"{module.__name__}.{name} has no string below it")
        section = max(line for line in sections if line < statement.lineno)
        yield Assumption(sections[section], name, getattr(module, name), sentence)


def _sections(source: str) -> dict[int, str]:
    lines = enumerate(source.splitlines(), start=1)
    titles = {number: match["title"] for number, line in lines if (match := _SECTION.match(line))}
    return {0: "anywhere", **titles}


def _constant(statement: ast.stmt) -> str | None:
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target: ast.expr = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign):
        target = statement.target
    else:
        return None
    return target.id if isinstance(target, ast.Name) and target.id.isupper() else None


def _sentence(statement: ast.stmt) -> str | None:
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Constant):
        return None
    text = statement.value.value
    return " ".join(text.split()) if isinstance(text, str) else None
