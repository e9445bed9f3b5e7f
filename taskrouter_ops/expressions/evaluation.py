"""Turn an expression into a function that answers for attributes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias

from lark import Lark, Token, Transformer

from taskrouter_ops.expressions.answers import NOTHING, UNDECIDED, Answer, chained, not_, yes
from taskrouter_ops.expressions.comparisons import RELATIONS, Relation
from taskrouter_ops.expressions.syntax import GRAMMAR, check_expression

Test: TypeAlias = Callable[[Mapping[str, Any]], Answer]
Value: TypeAlias = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Expression:
    """A parsed expression; `roots` are the attributes its answer depends on."""

    text: str
    roots: frozenset[str]
    _test: Test = field(repr=False, compare=False)

    def answer(self, attributes: Mapping[str, Any]) -> Answer:
        """Evaluate over attributes (a parsed JSON object). Never raises."""
        return self._test(attributes)


def parse_expression(text: str) -> Expression:
    """Parse an expression that `check_expression` accepts.

    Raises: ValueError with what is wrong with it.
    """
    if problem := check_expression(text):
        raise ValueError(str(problem))
    builder = _Builder()
    try:
        test = builder.transform(_parser().parse(text))
    except RecursionError:
        raise ValueError("it nests too deeply") from None
    return Expression(text, frozenset(builder.roots), test)


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", lexer="contextual")


class _Builder(Transformer[Token, Any]):
    """Turn the tree of one expression into a function, from the leaves up."""

    def __init__(self) -> None:
        super().__init__()
        self.roots: set[str] = set()

    def start(self, parts: Sequence[Any]) -> Test:
        return _connected(parts[0])

    def either(self, parts: Sequence[Any]) -> list[Any]:
        """Return tests and the words between them, flat."""
        return [piece for part in parts for piece in (part if isinstance(part, list) else ["OR"])]

    def both(self, parts: Sequence[Any]) -> list[Any]:
        return ["AND" if isinstance(part, Token) else part for part in parts]

    def one(self, parts: Sequence[Any]) -> Test:
        first = parts[0]
        if len(parts) == 1:
            return _connected(first) if isinstance(first, list) else _bare(first)
        if isinstance(first, Token):
            return _negated(parts[1])
        words = " ".join(str(word).upper() for word in parts[1:-1])
        return _compared(first, RELATIONS[words], parts[-1])

    def operand(self, parts: Sequence[Any]) -> Value:
        return parts[0] if callable(parts[0]) else _constant(parts[0])

    def array(self, parts: Sequence[Any]) -> Value:
        return _constant([part for part in parts if part is not None])

    def constant(self, parts: Sequence[Any]) -> Any:
        return parts[0]

    def reference(self, parts: Sequence[Token]) -> Value:
        path = [int(part) if part.type == "INDEX" else str(part) for part in parts]
        self.roots.add(str(path[0]))
        return lambda attributes: _found(attributes, path)

    def TRUTH(self, token: Token) -> bool:  # noqa: N802 - terminals go by their names
        return token.lower() == "true"

    def NULL(self, token: Token) -> _Null:  # noqa: N802
        del token
        return _NULL

    def NUMBER(self, token: Token) -> int | float:  # noqa: N802
        return float(token) if "." in token else int(token)

    def STRING(self, token: Token) -> str:  # noqa: N802
        return re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.DOTALL)


class _Null:
    """A written null; None is what an empty array leaves in the tree."""


_NULL = _Null()


def _constant(value: Any) -> Value:
    if isinstance(value, list):
        value = [None if item is _NULL else item for item in value]
    value = None if value is _NULL else value
    return lambda _attributes: value


def _found(attributes: Any, path: Sequence[str | int]) -> Any:
    found: Any = attributes
    for step in path:
        if isinstance(step, str):
            found = found.get(step) if isinstance(found, Mapping) else None
        else:
            found = found[step] if isinstance(found, list) and step < len(found) else None
    return found


def _negated(test: Test) -> Test:
    return lambda attributes: not_(test(attributes))


def _connected(pieces: Sequence[Any]) -> Test:
    tests: Sequence[Test] = pieces[::2]
    words: Sequence[str] = pieces[1::2]
    if not words:
        return tests[0]
    return lambda attributes: chained([test(attributes) for test in tests], words)


def _bare(value: Any) -> Test:
    """Read a reference standing alone, as in `workers.available`: only true and false are clear."""
    read = value if callable(value) else _constant(value)

    def answer(attributes: Mapping[str, Any]) -> Answer:
        found = read(attributes)
        if found is None:
            return NOTHING
        return yes(found) if isinstance(found, bool) else UNDECIDED

    return answer


def _compared(left: Value, relation: Relation, right: Value) -> Test:
    return lambda attributes: relation(left(attributes), right(attributes))
