"""Read an expression into a tree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from lark import Lark, Token, Transformer, UnexpectedInput, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken

Scalar: TypeAlias = "str | int | float | bool | None"


class ExpressionError(ValueError):
    """An expression that does not parse, with the place."""


@dataclass(frozen=True)
class Constant:
    """A literal; arrays are tuples of scalars."""

    value: Scalar | tuple[Scalar, ...]


@dataclass(frozen=True)
class Reference:
    """A path into the attributes: names, and numbers for places in arrays."""

    path: tuple[str | int, ...]


Operand: TypeAlias = "Constant | Reference"


@dataclass(frozen=True)
class Comparison:
    """Two operands and an operator in its one spelling (`==`, `HAS`, `NOT IN`, ...)."""

    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True)
class Truth:
    """An operand standing alone, such as `workers.available`."""

    operand: Operand


@dataclass(frozen=True)
class Negation:
    """NOT."""

    inner: Node


@dataclass(frozen=True)
class Conjunction:
    """AND."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Disjunction:
    """OR."""

    parts: tuple[Node, ...]


Node: TypeAlias = "Comparison | Truth | Negation | Conjunction | Disjunction"

_ALIASES = {"=": "==", ">-": "HAS", "<-": "IN"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_STEP = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*|\[([0-9]+)\]")


def parse_tree(text: str) -> Node:
    """Parse an expression.

    Raises: ExpressionError.
    Source: TaskRouter expression syntax page; AND before OR is assumed.
    """
    try:
        return _TreeBuilder().transform(_PARSER.parse(text))  # type: ignore[no-any-return]
    except UnexpectedInput as error:
        raise ExpressionError(_reason(text, error)) from None
    except RecursionError:
        # Reading takes more of the stack than evaluating: what can be read can be evaluated.
        raise ExpressionError(f"Invalid expression '{text[:40]}...': it nests too deeply") from None


def _reason(text: str, error: UnexpectedInput) -> str:
    if isinstance(error, UnexpectedEOF) or (
        isinstance(error, UnexpectedToken) and error.token.type == "$END"
    ):
        return f"Invalid expression '{text}': it ends too early"
    at = error.pos_in_stream or 0
    found = text[at : at + 12].split()[0] if text[at : at + 12].split() else "nothing"
    hint = ""
    if isinstance(error, UnexpectedCharacters) and text[at] == "-":
        hint = " (names cannot contain hyphens)"
    return f"Invalid expression '{text}': unexpected '{found}' at character {at + 1}{hint}"


@v_args(inline=True)
class _TreeBuilder(Transformer[Token, Any]):
    def start(self, node: Node) -> Node:
        return node

    def disjunction(self, *parts: Node) -> Node:
        return Disjunction(parts)

    def conjunction(self, *parts: Node) -> Node:
        return Conjunction(parts)

    def negation(self, inner: Node) -> Node:
        return Negation(inner)

    def comparison(self, left: Operand, operator: Token, right: Operand) -> Node:
        spelled = " ".join(operator.upper().split())
        return Comparison(_ALIASES.get(spelled, spelled), left, right)

    def truth(self, operand: Operand) -> Node:
        return Truth(operand)

    def reference(self, token: Token) -> Reference:
        steps = _STEP.finditer(token)
        return Reference(tuple(int(step[1]) if step[1] else step[0] for step in steps))

    def array(self, *items: Constant | None) -> Constant:
        return Constant(tuple(item.value for item in items if item is not None))  # type: ignore[misc]

    def string(self, token: Token) -> Constant:
        return Constant(_ESCAPE.sub(r"\1", token[1:-1]))

    def number(self, token: Token) -> Constant:
        return Constant(int(token) if re.fullmatch(r"-?[0-9]+", token) else float(token))

    def true(self) -> Constant:
        return Constant(value=True)

    def false(self) -> Constant:
        return Constant(value=False)

    def null(self) -> Constant:
        return Constant(None)


_PARSER = Lark((Path(__file__).parent / "grammar.lark").read_text(), parser="lalr")
