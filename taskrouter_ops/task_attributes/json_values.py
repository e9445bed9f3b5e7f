"""Values a change may bring: what JSON has, copied so that nobody else changes it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# Deep enough for any attributes, and far from where Python and Node give up.
DEEPEST = 100

_KEY_SHOWN = 64


def copied(value: object, place: str, problems: list[str], *, depth: int = 0) -> Any:
    """Copy a JSON value, noting at its place whatever JSON has no value for.

    Shape: tuples become lists, mappings dicts. What is noted names keys and types, no values.
    """
    if depth > DEEPEST:
        problems.append(f"{place}: is nested more than {DEEPEST} deep")
        return None
    if isinstance(value, Mapping):
        return dict(_copied_items(value, place, problems, depth))
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray)):
        return [
            copied(item, f"{place}[{number}]", problems, depth=depth + 1)
            for number, item in enumerate(value)
        ]
    problems.extend(f"{place}: {why}" for why in _scalar_problems(value))
    return value


def _copied_items(
    value: Mapping[Any, object], place: str, problems: list[str], depth: int
) -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        if isinstance(key, str) and _is_text(key):
            yield key, copied(item, f"{place}.{key[:_KEY_SHOWN]}", problems, depth=depth + 1)
        else:
            problems.append(f"{place}: has a key that is no text")


def _scalar_problems(value: object) -> Iterator[str]:
    if isinstance(value, float) and not math.isfinite(value):
        yield "is a number JSON does not have"
    elif isinstance(value, str) and not _is_text(value):
        yield "is no valid Unicode text"
    elif value is not None and not isinstance(value, (bool, int, float, str)):
        yield f"is of type {type(value).__name__}, which JSON does not have"


def _is_text(value: str) -> bool:
    """Tell whether text can be sent: half of a surrogate pair cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
