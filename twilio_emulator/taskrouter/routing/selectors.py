"""What an expression says a worker's attribute has to be, to find workers by it.

`worker.region == task.region AND ...` can only fit workers of that region: those are looked up
and the whole expression is tested on them alone.  A selector may name too many workers, never too
few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from twilio_emulator import assumptions
from twilio_emulator.expressions.evaluation import reader
from twilio_emulator.expressions.syntax import (
    Comparison,
    Conjunction,
    Node,
    Operand,
    Reference,
    parse_tree,
)

from .scope import FIELDS

Path: TypeAlias = tuple[str | int, ...]
Read: TypeAlias = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Selector:
    """An attribute of workers, and what reads its wanted value from `{"task": attributes}`."""

    path: Path
    wanted: Operand

    def values(self, scope: Mapping[str, Any]) -> list[Any] | None:
        """List the values one of which the attribute is or has; None where that cannot be said."""
        wanted = self.wanted
        read = reader(wanted.path)(scope) if isinstance(wanted, Reference) else wanted.value
        if read is None or isinstance(read, dict):
            return None
        return list(scalars(read))


def scalars(value: Any) -> Iterator[Any]:
    """Yield a value, or what is in an array, as far as it can be looked up."""
    items: Iterable[Any] = value if isinstance(value, list | tuple) else (value,)
    found = (item for item in items if isinstance(item, str | int | float))
    if assumptions.STRINGS_COMPARE_CASE_SENSITIVELY:
        return found
    return (item.casefold() if isinstance(item, str) else item for item in found)


@lru_cache(maxsize=4096)
def selectors(text: str) -> tuple[Selector, ...]:
    """List the selectors of an expression: those of the parts that all have to hold."""
    if not text.strip():
        return ()
    tree = parse_tree(text)
    parts = tree.parts if isinstance(tree, Conjunction) else (tree,)
    return tuple(found for part in parts for found in _selectors(part))


def _selectors(node: Node) -> Iterator[Selector]:
    if not isinstance(node, Comparison) or node.operator not in ("==", "HAS", "IN"):
        return
    for one, other in ((node.left, node.right), (node.right, node.left)):
        is_known = not isinstance(other, Reference) or other.path[0] == "task"
        if isinstance(one, Reference) and is_known and _is_attribute(one.path):
            yield Selector(one.path[1:], other)


def _is_attribute(path: Path) -> bool:
    return path[0] == "worker" and len(path) > 1 and path[1] not in FIELDS
