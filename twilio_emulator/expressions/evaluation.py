"""Turn a tree into a function that says yes or no to a set of attributes.

A function per node is made once and called often (15,000 workers x 250 queues), so what can be
decided beforehand, such as the type of a literal, is decided when it is made.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from twilio_emulator import assumptions

from .syntax import (
    Comparison,
    Conjunction,
    Constant,
    Disjunction,
    Negation,
    Node,
    Operand,
    Reference,
    Truth,
)

Scope: TypeAlias = Mapping[str, Any]
Test: TypeAlias = Callable[[Scope], bool]
Value: TypeAlias = Callable[[Scope], Any]
Relation: TypeAlias = Callable[[Any, Any], bool]


def compile_test(node: Node) -> Test:
    """Make the function of a tree; it never raises, whatever the attributes are."""
    match node:
        case Disjunction(parts):
            return _any([compile_test(part) for part in parts])
        case Conjunction(parts):
            return _all([compile_test(part) for part in parts])
        case Negation(inner):
            test = compile_test(inner)
            return lambda scope: not test(scope)
        case Truth(operand):
            value = _value(operand)
            return lambda scope: value(scope) is True
        case Comparison():
            return _comparison(node)


def references(node: Node) -> frozenset[str]:
    """List the first names of all references: the attributes the answer can depend on."""
    match node:
        case Disjunction(parts) | Conjunction(parts):
            return frozenset().union(*(references(part) for part in parts))
        case Negation(inner):
            return references(inner)
        case Truth(operand):
            return _roots(operand)
        case Comparison(_, left, right):
            return _roots(left) | _roots(right)


def _roots(operand: Operand) -> frozenset[str]:
    return frozenset({str(operand.path[0])} if isinstance(operand, Reference) else ())


def _any(tests: list[Test]) -> Test:
    def test(scope: Scope) -> bool:
        for part in tests:  # noqa: SIM110 - a generator would double the cost
            if part(scope):
                return True
        return False

    return test


def _all(tests: list[Test]) -> Test:
    def test(scope: Scope) -> bool:
        for part in tests:  # noqa: SIM110 - a generator would double the cost
            if not part(scope):
                return False
        return True

    return test


def _comparison(node: Comparison) -> Test:
    left, right = _value(node.left), _value(node.right)
    if not assumptions.STRINGS_COMPARE_CASE_SENSITIVELY:
        left, right = _folded(left), _folded(right)
    relation = _RELATIONS[node.operator]
    return lambda scope: relation(left(scope), right(scope))


def _value(operand: Operand) -> Value:
    if isinstance(operand, Constant):
        constant = list(operand.value) if isinstance(operand.value, tuple) else operand.value
        return lambda _scope: constant
    if len(operand.path) == 1:
        name = str(operand.path[0])
        return lambda scope: scope.get(name)
    return reader(operand.path)


def _folded(value: Value) -> Value:
    def folded(scope: Scope) -> Any:
        found = value(scope)
        if isinstance(found, list):
            return [item.casefold() if isinstance(item, str) else item for item in found]
        return found.casefold() if isinstance(found, str) else found

    return folded


def reader(path: tuple[str | int, ...]) -> Value:
    """Make the function that reads what a reference names; None where there is nothing."""
    first, rest = str(path[0]), path[1:]

    def value(scope: Scope) -> Any:
        found = scope.get(first)
        for step in rest:
            if isinstance(step, str):
                if not isinstance(found, Mapping):
                    return None
                found = found.get(step)
            else:
                if not isinstance(found, list) or step >= len(found):
                    return None
                found = found[step]
        return found

    return value


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, list | dict)


def _same(left: Any, right: Any) -> bool:
    """Tell whether two scalars are equal: same JSON type and value."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def _equal(left: Any, right: Any) -> bool:
    return _is_scalar(left) and _is_scalar(right) and _same(left, right)


def _unequal(left: Any, right: Any) -> bool:
    if not (_is_scalar(left) and _is_scalar(right)) or _same(left, right):
        return False
    present = left is not None and right is not None
    # `x != null` asks whether x is there, so a value always differs from a written null.
    return present or assumptions.MISSING_DIFFERS_FROM_VALUES


def _ordering(compare: Callable[[Any, Any], bool]) -> Relation:
    def relation(left: Any, right: Any) -> bool:
        numbers = _is_number(left) and _is_number(right)
        strings = isinstance(left, str) and isinstance(right, str)
        return (numbers or strings) and compare(left, right)

    return relation


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _has(left: Any, right: Any) -> bool:
    if not isinstance(left, list) or not _is_scalar(right) or right is None:
        return False
    if isinstance(right, str):
        return right in left
    return any(_same(item, right) for item in left if _is_scalar(item))


def _in(left: Any, right: Any) -> bool:
    return _has(right, left)


def _not_in(left: Any, right: Any) -> bool:
    if not isinstance(right, list) or not _is_scalar(left):
        return False
    if left is None:
        return assumptions.MISSING_IS_NOT_IN_ARRAYS
    return not _has(right, left)


def _contains(left: Any, right: Any) -> bool:
    return isinstance(left, str) and isinstance(right, str) and right in left


_RELATIONS: dict[str, Relation] = {
    "==": _equal,
    "!=": _unequal,
    ">": _ordering(operator.gt),
    ">=": _ordering(operator.ge),
    "<": _ordering(operator.lt),
    "<=": _ordering(operator.le),
    "HAS": _has,
    "IN": _in,
    "NOT IN": _not_in,
    "CONTAINS": _contains,
}
