"""What two values and an operator come to.

Values are parsed JSON; None is NULL, that is a missing key as well as a written null.
Source: the pages named in `answers`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, TypeAlias

from taskrouter_ops.expressions.answers import (
    MATCH,
    MISMATCH,
    NOTHING,
    UNDECIDED,
    Answer,
    any_of,
    not_,
    yes,
)

# Beyond this, numbers that differ are the same number to a JSON reader that uses doubles.
LARGEST_EXACT_NUMBER = 2**53

Relation: TypeAlias = Callable[[Any, Any], Answer]


def _same(left: Any, right: Any) -> Answer:
    """Compare two values that are no arrays."""
    if left is None and right is None:
        return MATCH
    if left is None or right is None:
        there_is_an_object = isinstance(left, dict) or isinstance(right, dict)
        return UNDECIDED if there_is_an_object else NOTHING
    if isinstance(left, str) and isinstance(right, str):
        alike = left.casefold() == right.casefold()
        return UNDECIDED if alike and left != right else yes(left == right)
    if isinstance(left, bool) and isinstance(right, bool):
        return yes(left is right)
    if _are_exact(left, right):
        return yes(left == right)
    return UNDECIDED


def _are_exact(*values: Any) -> bool:
    return all(
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) <= LARGEST_EXACT_NUMBER
        for value in values
    )


def _equal(left: Any, right: Any) -> Answer:
    if isinstance(left, list) or isinstance(right, list):
        return _scalar_operator_on_array(left, right)
    return _same(left, right)


def _unequal(left: Any, right: Any) -> Answer:
    if isinstance(left, list) or isinstance(right, list):
        return _scalar_operator_on_array(left, right)
    same = _same(left, right)
    if same is not NOTHING:
        return not_(same)
    # `x != null` asks whether x is there; `x != 'a'` without x has no documented answer.
    return UNDECIDED


def _scalar_operator_on_array(left: Any, right: Any) -> Answer:
    # The rule says false, an official example asks an array `!= null`: one of them is wrong.
    return UNDECIDED if left is None or right is None else MISMATCH


def _ordering(compare: Callable[[Any, Any], bool]) -> Relation:
    def relation(left: Any, right: Any) -> Answer:
        if isinstance(left, list) or isinstance(right, list):
            return _scalar_operator_on_array(left, right)
        if _are_exact(left, right):
            return yes(compare(left, right))
        if isinstance(left, str) and isinstance(right, str):
            either_case = compare(left.casefold(), right.casefold())
            return yes(either_case) if compare(left, right) is either_case else UNDECIDED
        return UNDECIDED

    return relation


def _has(left: Any, right: Any) -> Answer:
    if isinstance(right, list | dict) or isinstance(left, dict):
        return UNDECIDED
    if isinstance(left, list):
        return any_of(_element(item, right) for item in left)
    return NOTHING if left is None or right is None else MISMATCH


def _element(item: Any, wanted: Any) -> Answer:
    if isinstance(item, list | dict):
        return MISMATCH if wanted is not None else UNDECIDED
    # null in an array, or looked for in one, has no documented answer either way.
    return UNDECIDED if item is None and wanted is None else _same(item, wanted)


def _in(left: Any, right: Any) -> Answer:
    return _has(right, left)


def _not_in(left: Any, right: Any) -> Answer:
    if isinstance(right, list) and left is not None:
        return not_(_has(right, left))
    both_scalar = not isinstance(left, list | dict) and not isinstance(right, list | dict)
    # Source: an array operator on two scalars is false, whichever way round it asks.
    return MISMATCH if both_scalar and None not in (left, right) else UNDECIDED


def _contains(left: Any, right: Any) -> Answer:
    if isinstance(left, list) or isinstance(right, list):
        return _scalar_operator_on_array(left, right)
    if left is None or right is None:
        return NOTHING
    if not (isinstance(left, str) and isinstance(right, str)):
        return UNDECIDED
    if right in left:
        return MATCH
    return UNDECIDED if right.casefold() in left.casefold() else MISMATCH


RELATIONS: dict[str, Relation] = {
    "==": _equal,
    "=": _equal,
    "!=": _unequal,
    ">": _ordering(operator.gt),
    ">=": _ordering(operator.ge),
    "<": _ordering(operator.lt),
    "<=": _ordering(operator.le),
    "HAS": _has,
    ">-": _has,
    "IN": _in,
    "<-": _in,
    "NOT IN": _not_in,
    "CONTAINS": _contains,
}
