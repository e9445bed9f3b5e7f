"""Hold a merged definition against `schema.json`, in words a user can act on."""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from components.definition.problems import Problem, near
from components.definition.source import Entries, Located, Step, dotted, place_of, plain

SCHEMA_FILE = Path(__file__).parents[2] / "stacks" / "schema.json"

_WORDED_BY_SCHEMA = {"pattern", "not", "anyOf", "maxProperties"}
_PLAIN_NAMES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
}


@cache
def schema() -> dict[str, Any]:
    """Load the schema that editors and this program share."""
    loaded: dict[str, Any] = json.loads(SCHEMA_FILE.read_text("utf-8"))
    return loaded


def schema_problems(definition: Entries) -> Iterator[Problem]:
    """Yield everything in which the merged definition departs from the schema."""
    validator = Draft202012Validator(schema())
    for error in validator.iter_errors(plain(definition)):
        yield from _problems(definition, error)


def _problems(definition: Entries, error: ValidationError) -> Iterator[Problem]:
    path = tuple(error.absolute_path)
    schema_here: Any = error.schema
    instance: Any = error.instance
    if error.validator == "additionalProperties":
        for key, message in _unknown_keys(instance, schema_here.get("properties", {})):
            yield _problem(definition, (*path, key), message)
    elif "propertyNames" in error.absolute_schema_path:
        yield _problem(definition, (*path, str(instance)), _message(error, schema_here))
    else:
        yield _problem(definition, path, _message(error, schema_here))


def _problem(definition: Located, path: tuple[Step, ...], message: str) -> Problem:
    return Problem(place_of(definition, path), dotted(path), message)


def _unknown_keys(given: Iterable[str], known: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key in given:
        if key not in known:
            yield key, "is not a known key" + near(key, known)


def _message(error: ValidationError, schema_here: dict[str, Any]) -> str:
    asked: Any = error.validator_value
    if error.validator in _WORDED_BY_SCHEMA and "errorMessage" in schema_here:
        return str(schema_here["errorMessage"])
    if error.validator == "type":
        return f"must be {_either(_kinds(asked))}, not {_shown(error.instance)}"
    if error.validator == "enum":
        return _not_among([value for value in asked if value is not None], error.instance)
    if error.validator == "required":
        return error.message.replace("is a required property", "is missing")
    return error.message


def _kinds(value: str | list[str]) -> list[str]:
    names = [value] if isinstance(value, str) else value
    return [_PLAIN_NAMES[name] for name in names if name != "null"]


def _not_among(allowed: list[str], given: object) -> str:
    if len(allowed) > 10:
        return f"{_shown(given)} is not known" + near(str(given), allowed)
    return f"must be {_either(allowed)}, not {_shown(given)}"


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _shown(instance: object) -> str:
    """Show a value, cut so that a wrongly placed block does not fill the screen."""
    text = json.dumps(instance, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
