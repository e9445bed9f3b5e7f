"""Compile OpenAPI 3.0 schemas into checks.

Twilio's documents declare no field of an answer as required and forbid none besides.  Here every
declared field has to be there and no other may be: SDKs and providers are made from the same
documents and read exactly those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias

from jsonschema import Draft202012Validator, FormatChecker

Schema: TypeAlias = Mapping[str, Any]
Check: TypeAlias = Callable[[Any], Iterator[tuple[str, str]]]
"""Yields place (`.workers[].sid`) and fault of everything wrong with a value."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
_ADDRESS = re.compile(r"(https?://|/2010-04-01/)[^\s]+")  # the 2010 API's are relative
_KEPT = ("type", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "format")
_formats = FormatChecker(formats=())


def resolved(schema: Schema, schemas: Schema) -> dict[str, Any]:
    """Follow a reference, keeping what is written beside it."""
    if "$ref" not in schema:
        return dict(schema)
    target = resolved(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    return {**target, **{name: value for name, value in schema.items() if name != "$ref"}}


def asked(schema: Schema, schemas: Schema) -> dict[str, Any]:
    """Rewrite the schema of something sent as JSON Schema 2020-12.

    Dates are left to the emulator: Twilio takes more forms of them than it writes.
    """
    return _rewritten(schema, schemas, closed=False)


def promised(schema: Schema, schemas: Schema) -> dict[str, Any]:
    """Rewrite the schema of an answer: all its fields and no others."""
    return _rewritten(schema, schemas, closed=True)


def compiled(schema: Schema) -> Check:
    """Make the check of a rewritten schema."""
    validator = Draft202012Validator(dict(schema), format_checker=_formats)

    def check(value: Any) -> Iterator[tuple[str, str]]:
        for error in validator.iter_errors(value):
            place = "".join(
                "[]" if isinstance(part, int) else f".{part}" for part in error.absolute_path
            )
            yield place, _words(error.validator, error.message)

    return check


def _rewritten(schema: Schema, schemas: Schema, *, closed: bool) -> dict[str, Any]:
    source = resolved(schema, schemas)
    written: dict[str, Any] = {name: source[name] for name in _KEPT if name in source}
    if not closed and written.get("format") == "date-time":
        del written["format"]
    if "properties" in source:
        parts = source["properties"].items()
        written["properties"] = {
            name: _rewritten(part, schemas, closed=closed) for name, part in parts
        }
        written["required"] = list(written["properties"]) if closed else source.get("required", [])
        written["additionalProperties"] = not closed
    if "items" in source:
        written["items"] = _rewritten(source["items"], schemas, closed=closed)
    return _nullable(written) if source.get("nullable") else written


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    if "type" in schema:
        schema["type"] = [schema["type"], "null"]
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    return schema


def _words(keyword: object, message: str) -> str:
    if keyword == "required":
        return "missing " + message.removesuffix(" is a required property")
    if keyword == "additionalProperties":
        return "undeclared " + message.partition("(")[2].partition(" ")[0].strip("',")
    return message if len(message) < 200 else f"{message[:120]} ... {message[-60:]}"


@_formats.checks("date-time")
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or _MOMENT.fullmatch(value) is not None


@_formats.checks("date-time-rfc-2822", raises=ValueError)
def _is_mail_date(value: object) -> bool:
    return not isinstance(value, str) or parsedate_to_datetime(value) is not None


@_formats.checks("uri")
def _is_address(value: object) -> bool:
    return not isinstance(value, str) or _ADDRESS.fullmatch(value) is not None


@_formats.checks("uri-map")
def _is_map_of_addresses(value: object) -> bool:
    return not isinstance(value, dict) or all(
        isinstance(item, str) and _is_address(item) for item in value.values()
    )
