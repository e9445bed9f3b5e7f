"""Check a document against a JSON Schema and tell everything that is wrong with it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema import FormatChecker, ValidationError

_LONGEST_VALUE = 80


def problems(schema: Mapping[str, Any], document: object, name: str) -> list[str]:
    """List what is wrong, one line each, in the order of their places.

    Shape: `count: 'x' is not of type 'integer'`; `name` stands for the document itself.
    """
    from jsonschema import Draft202012Validator  # on demand: start-up is quicker without it

    validator = Draft202012Validator(schema, format_checker=_formats())
    found = sorted(_leaves(validator.iter_errors(document)), key=_key)
    return list(dict.fromkeys(_line(error, name) for error in found))


@functools.cache
def _formats() -> FormatChecker:
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=["regex"])
    checker.checks("date-time", raises=ValueError)(_is_moment)
    return checker


def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value) is not None


def place(path: Iterable[str | int]) -> str:
    """Write a place inside a document: `tasks[2].attributes`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _key(error: ValidationError) -> tuple[tuple[str, int], ...]:
    parts = error.absolute_path
    return tuple(("", part) if isinstance(part, int) else (str(part), 0) for part in parts)


def _leaves(errors: Iterable[ValidationError]) -> Iterator[ValidationError]:
    for error in errors:
        if error.context and error.validator in ("if", "allOf", "then"):
            yield from _leaves(error.context)
        else:
            yield error


def _line(error: ValidationError, name: str) -> str:
    where = place(error.absolute_path) or name
    instance: Any = error.instance
    if error.validator == "additionalProperties" and isinstance(instance, Mapping):
        schema: Any = error.schema
        known = sorted(schema.get("properties", ()))
        unknown = sorted(set(instance) - set(known))
        return f"{where}: unknown {', '.join(unknown)} (known: {', '.join(known)})"
    if error.validator == "format" and error.validator_value == "regex":
        return f"{where}: {instance!r} is not a regular expression: {_reason(instance)}"
    if error.validator == "required":
        return f"{where}: {error.message.replace(' is a required property', ' is missing')}"
    if error.validator == "enum":
        allowed: Any = error.validator_value
        choices = ", ".join(str(choice) for choice in allowed if choice is not None)
        return f"{where}: {str(instance)[:_LONGEST_VALUE]!r} is not one of {choices}"
    shown = repr(instance)
    if len(shown) > _LONGEST_VALUE:
        return f"{where}: {error.message.replace(shown, shown[:_LONGEST_VALUE] + '…')}"
    return f"{where}: {error.message}"


def _reason(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as reason:
        return str(reason)
    return "it cannot be compiled"
