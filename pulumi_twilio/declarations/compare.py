"""When two values mean the same, and where they differ. Pure.

Unset and empty equal Twilio's default, JSON compares by value, sets ignore order, assets compare by
their hash, and a value still unknown differs from every known one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

from pulumi_twilio.declarations.model import Declaration, Kind, Property
from pulumi_twilio.declarations.special import UNKNOWN, Asset

Values = dict[str, Any]

_PLAIN_KEY = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_ABSENT = object()
_EMPTY: tuple[Any, ...] = (None, "", {}, [])


class Change(Enum):
    """What happened to the value at a path."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True)
class Difference:
    """One difference: a property path such as `configuration.filters[1].timeout`."""

    path: str
    change: Change


def differs(each: Property, old: Any, new: Any) -> bool:
    """Tell whether a property's two values mean different things."""
    return next(differences(each, old, new), None) is not None


def differences(each: Property, old: Any, new: Any) -> Iterator[Difference]:
    """List the differences of one property, nested paths within JSON and maps."""
    if each.option or (each.unset_keeps and new is None):
        return
    if each.kind in (Kind.JSON, Kind.STRING_MAP) and _both_dicts(old, new):
        yield from _nested(each.name, old, new, each.numeric_text)
    elif not _equal(each, _meaning(each, old), _meaning(each, new)):
        yield Difference(each.name, _change(old, new))


def removed_and_restorable(
    declaration: Declaration, old_inputs: Values, state: Values, inputs: Values
) -> list[str]:
    """Name the inputs that were removed and whose former value state still knows."""
    return [
        each.name
        for each in declaration.properties
        if each.restored_from
        and old_inputs.get(each.name) is not None
        and inputs.get(each.name) is None
        and state.get(each.restored_from) is not None
    ]


def is_default(each: Property, value: Any) -> bool:
    """Tell whether a value means the same as leaving the property out."""
    return _equal(each, _meaning(each, value), _meaning(each, None))


def _meaning(each: Property, value: Any) -> Any:
    return each.default if value in _EMPTY else value


def _equal(each: Property, old: Any, new: Any) -> bool:
    if old is UNKNOWN or new is UNKNOWN:
        return False
    if each.kind is Kind.STRING_SET:
        return _members(old) == _members(new)
    if isinstance(old, Asset) and isinstance(new, Asset):
        return old.hash == new.hash
    return not any(_nested("", old, new, each.numeric_text))


def _members(value: Any) -> frozenset[Any]:
    return frozenset(value or ())


def _change(old: Any, new: Any) -> Change:
    if old in _EMPTY:
        return Change.ADD
    return Change.DELETE if new in _EMPTY else Change.UPDATE


def _both_dicts(old: Any, new: Any) -> bool:
    return isinstance(old, dict) and isinstance(new, dict)


def _nested(path: str, old: Any, new: Any, numeric_text: bool) -> Iterator[Difference]:
    if _both_dicts(old, new):
        for key in [*old, *(key for key in new if key not in old)]:
            pair = old.get(key, _ABSENT), new.get(key, _ABSENT)
            yield from _nested(_key_path(path, key), *pair, numeric_text)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            pair = _item(old, index), _item(new, index)
            yield from _nested(f"{path}[{index}]", *pair, numeric_text)
    elif old is _ABSENT:
        yield Difference(path, Change.ADD)
    elif new is _ABSENT:
        yield Difference(path, Change.DELETE)
    elif not _same_leaf(old, new, numeric_text):
        yield Difference(path, Change.UPDATE)


def _item(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else _ABSENT


def _key_path(path: str, key: str) -> str:
    if not _PLAIN_KEY.fullmatch(key):
        quoted = key.replace("\\", "\\\\").replace('"', '\\"')
        return f'{path}["{quoted}"]'
    return f"{path}.{key}" if path else key


def _same_leaf(old: Any, new: Any, numeric_text: bool) -> bool:
    if old is UNKNOWN or new is UNKNOWN:
        return False
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new
    if numeric_text and isinstance(old, str) != isinstance(new, str):
        numbers = _number(old), _number(new)
        if None not in numbers:
            return numbers[0] == numbers[1]
    return bool(old == new)


def _number(value: Any) -> Decimal | None:
    if not isinstance(value, (int, float, str)):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
