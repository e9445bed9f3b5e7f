"""Check expressions by where they stand: each place may name other things."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from taskrouter_ops.expressions.syntax import check_expression

_STRINGS = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"")
_REFERENCES = re.compile(r"(?<![\w$.])[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*")
_WORDS = {"and", "or", "not", "in", "has", "contains", "true", "false", "null"}
_TAUTOLOGY = re.compile(r"\s*(1\s*==?\s*1|true)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Scope:
    """What the names of one kind of expression may begin with.

    `roots` empty: bare attribute names, but none of the prefixes of the other kinds.
    """

    what: str
    roots: tuple[str, ...] = ()


TARGET_WORKERS = Scope("a queue's targetWorkers names worker attributes without a prefix")
FILTER = Scope("a filter's expression names task attributes without a prefix")
TARGET = Scope("a target's expression names begin with task. or worker.", ("task", "worker"))
SKIP_IF = Scope("skipIf knows workers.available, workers.unavailable and workers.WA…", ("workers",))

_PREFIXES = {"task", "worker", "workers"}


def expression_problems(text: str, scope: Scope) -> Iterator[str]:
    """Yield what is wrong with an expression at its place: its syntax, else its names."""
    problem = check_expression(text)
    if problem is not None:
        yield f"{problem} in: {text}"
        return
    for name in references(text):
        root, _, rest = name.partition(".")
        misplaced = root not in scope.roots if scope.roots else rest and root in _PREFIXES
        if misplaced:
            yield f"'{name}' is out of place: {scope.what}"


def references(text: str) -> list[str]:
    """List the attribute names of an expression, in order, without its strings and keywords."""
    found = _REFERENCES.findall(_STRINGS.sub("''", text))
    return [name for name in found if name.lower() not in _WORDS]


def matches_everything(text: str) -> bool:
    """Whether an expression is literally always true, such as `1==1`."""
    return _TAUTOLOGY.fullmatch(text) is not None
