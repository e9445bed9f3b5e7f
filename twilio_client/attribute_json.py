"""Attributes as the JSON text Twilio keeps: read without losing anything, written as guarded.

What a change did not touch is written back with the value it had, also where Python would
round it: a number no float holds exactly keeps its digits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from twilio_client.errors import AttributesInvalid, AttributesTooLong, AttributesUnreadable

Attributes = dict[str, Any]

# Source: TaskRouter limits page: workers and tasks alike, whitespace included.
ATTRIBUTES_LIMIT = 4096

_SCALARS = (str, int, float, bool, type(None))
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class ExactNumber(float):
    """A number that no float holds exactly; it is written back as it was read."""

    def __new__(cls, text: str | float) -> ExactNumber:
        """Keep the digits beside the nearest float."""
        number = super().__new__(cls, text)
        number.text = str(text)
        return number

    text: str


def parse_attributes(text: object) -> Attributes:
    """Parse attributes to look something up; whatever is no JSON object is {}.

    For reading only: writing back what this gives destroys attributes that are no object.
    """
    try:
        return read_attributes(text)
    except AttributesUnreadable:
        return {}


def read_attributes(text: object, *, what: str = "") -> Attributes:
    """Parse the JSON text Twilio keeps, in order to change it; absent or empty text is {}.

    Raises: AttributesUnreadable for anything but a JSON object; a retry does not help.
    """
    if text is None or (isinstance(text, str) and not text.strip()):
        return {}
    try:
        parsed = parse_json(str(text))
    except RecursionError:
        raise _unreadable(what, "they are nested too deeply") from None
    except ValueError:
        # The parser's own words quote the text.
        raise _unreadable(what, "they are no JSON") from None
    if not isinstance(parsed, dict):
        raise _unreadable(what, f"they are a JSON {type_name(parsed)}")
    return parsed


def parse_json(text: str) -> Any:
    """Parse JSON, keeping every number's value. Raises: ValueError, RecursionError."""
    return json.loads(text, parse_float=_number, parse_constant=_refuse_constant)


def attributes_text(attributes: Mapping[str, Any], *, what: str = "") -> str:
    """Write attributes as compact JSON, within Twilio's 4096 characters.

    Raises: AttributesTooLong naming the length, AttributesInvalid for what JSON has no value
    for; nothing was sent in either case.
    """
    what = what or "write attributes"
    if not isinstance(attributes, Mapping):
        raise AttributesInvalid(what, twilio_message=f"{type(attributes).__name__} is no object")
    try:
        text = json_text(attributes)
    except (TypeError, ValueError, RecursionError) as error:
        raise AttributesInvalid(what, twilio_message=_reason(error)) from None
    if len(text) > ATTRIBUTES_LIMIT:
        raise AttributesTooLong(
            what,
            twilio_message=(
                f"attributes would be {len(text)} characters, Twilio's limit is {ATTRIBUTES_LIMIT}"
            ),
            advice="shorten them",
        )
    return text


def same(one: object, other: object) -> bool:
    """Compare as JSON does: 1 equals 1.0, true does not equal 1, key order does not matter."""
    if one is other:
        return True
    if type(one) is type(other) and isinstance(one, (str, int)):
        return one == other
    if type_name(one) != type_name(other):
        return False
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, ExactNumber) or isinstance(other, ExactNumber):
        return _decimal(one) == _decimal(other)
    return one == other


def type_name(value: object) -> str:
    """Return what JSON calls a value: null, boolean, number, string, array or object."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, Mapping) else "array"


def json_text(value: object) -> str:
    """Write JSON as it is sent and measured: compact, non-ASCII unescaped, numbers as read.

    Raises: TypeError, ValueError or RecursionError for what JSON has no value for.
    """
    return _LONE_SURROGATE.sub(_escaped, _written(value))


def _number(text: str) -> float:
    number = float(text)
    try:
        exact = Decimal(text) == Decimal(repr(number))
    except ArithmeticError:
        raise ValueError("a number's exponent is too large") from None
    return number if exact else ExactNumber(text)


def _decimal(value: object) -> Decimal:
    return Decimal(value.text if isinstance(value, ExactNumber) else repr(value))


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _unreadable(what: str, why: str) -> AttributesUnreadable:
    return AttributesUnreadable(what or "read attributes", twilio_message=why)


def _written(value: object) -> str:
    if _is_plain(value):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    if isinstance(value, ExactNumber):
        return value.text
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_key(key)}:{_written(value[key])}" for key in value) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_written, value)) + "]"
    raise TypeError(f"type {type(value).__name__} is none that JSON has")


def _is_plain(value: object) -> bool:
    """Tell whether the standard encoder, which is many times faster, writes it the same."""
    if isinstance(value, dict):
        return all(isinstance(key, str) for key in value) and all(map(_is_plain, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return not isinstance(value, ExactNumber) and isinstance(value, _SCALARS)


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a key of type {type(key).__name__} is no text")
    return json.dumps(key, ensure_ascii=False)


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "they are nested too deeply"
    return "a number JSON does not have" if isinstance(error, ValueError) else str(error)
