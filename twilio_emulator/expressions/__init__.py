"""TaskRouter's expressions: parsed once, evaluated often.

expression = parse('routing.skills HAS "sales" AND languages HAS "en"')
expression.matches({"routing": {"skills": ["sales"]}, "languages": ["en"]})   # True
expression.roots                                          # {"routing", "languages"}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from twilio_emulator import assumptions

from .evaluation import Test, compile_test, references
from .syntax import ExpressionError, parse_tree

__all__ = ["Expression", "ExpressionError", "parse"]


@dataclass(frozen=True)
class Expression:
    """A parsed expression; `roots` are the attributes its answer can depend on."""

    text: str
    roots: frozenset[str]
    _test: Test = field(repr=False, compare=False)

    def matches(self, scope: Mapping[str, Any]) -> bool:
        """Tell whether attributes fit."""
        return self._test(scope)


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Parse an expression; an empty one fits nothing.

    Raises: ExpressionError with the text and the place.
    """
    if len(text) > assumptions.EXPRESSION_LENGTH:
        raise ExpressionError(
            f"Invalid expression: {len(text)} characters, the limit is"
            f" {assumptions.EXPRESSION_LENGTH}"
        )
    if not text.strip():
        return Expression(text, frozenset(), lambda _scope: False)
    tree = parse_tree(text)
    return Expression(text, references(tree), compile_test(tree))
