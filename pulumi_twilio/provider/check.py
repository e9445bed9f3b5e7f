"""Check what a program asks for, before Twilio hears of it. Pure.

All failures are found at once, each with its property path. Values not known yet pass.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from pulumi_twilio.declarations.call import Values
from pulumi_twilio.declarations.model import Failure, Kind, Property
from pulumi_twilio.declarations.special import UNKNOWN, Asset, Secret, has_secret, reveal

EXACT_BELOW = 2**53

_ARTICLES = {
    Kind.STRING: "a string",
    Kind.INTEGER: "a whole number",
    Kind.BOOLEAN: "true or false",
    Kind.JSON: "an object",
    Kind.STRING_MAP: "a map of strings",
    Kind.STRING_SET: "a list of strings",
    Kind.ASSET: "an asset (pulumi.FileAsset or pulumi.StringAsset)",
}


def normalised(properties: Sequence[Property], given: Values) -> Values:
    """Bring values into the one form state keeps; secrets stay secrets.

    JSON text becomes the object it stands for, a set is sorted, an empty optional string is
    left out, and a property declared secret is wrapped.
    """
    known = {each.name: each for each in properties}
    values = {
        name: _normalised(known[name], value) if name in known else value
        for name, value in given.items()
    }
    return {
        name: value
        for name, value in values.items()
        if value is not None and not (reveal(value) == "" and _may_be_empty(known, name))
    }


def _may_be_empty(known: dict[str, Property], name: str) -> bool:
    return name in known and not known[name].required and not known[name].secret


def _normalised(each: Property, tree: Any) -> Any:
    plain = reveal(tree)
    value = _one_form(each, plain)
    changed = value is not plain and value != plain
    secret = each.secret or (changed and has_secret(tree))
    result = value if changed else tree
    return Secret(reveal(result)) if secret else result


def _one_form(each: Property, value: Any) -> Any:
    if each.kind is Kind.JSON and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    if each.kind is Kind.STRING_SET and isinstance(value, list):
        known = {item for item in value if isinstance(item, str)}
        return [*sorted(known), *(item for item in value if not isinstance(item, str))]
    return value


def failures(
    properties: Sequence[Property],
    values: Values,
    further: Callable[[Values], list[Failure]] | None = None,
    *,
    imported: bool = False,
) -> list[Failure]:
    """List everything that is wrong with the values (plain, without secret wrappers).

    Values just imported lack what Twilio never gives back; that is no failure.
    """
    found = [*_unknown_names(properties, values)]
    for each in properties:
        value = values.get(each.name)
        if value is None or (value == "" and each.required):
            if each.required and not (imported and each.write_only):
                found.append(Failure(each.name, "is required"))
        elif value is not UNKNOWN:
            found += _failures_of(each, value)
    if further is not None and not found:
        found += further(values)
    return found


def _unknown_names(properties: Sequence[Property], values: Values) -> Iterator[Failure]:
    names = [each.name for each in properties]
    for name in values:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
            yield Failure(name, f"is not a property of this resource; {hint}")


def _failures_of(each: Property, value: Any) -> Iterator[Failure]:
    if not _has_kind(each.kind, value):
        yield Failure(each.name, f"must be {_ARTICLES[each.kind]}")
        return
    if each.kind is Kind.INTEGER:
        yield from _number_failures(each, value)
    elif each.kind is Kind.STRING:
        yield from _text_failures(each, each.name, value)
    elif each.kind is Kind.JSON:
        yield from _inexact_numbers(each.name, value)
    elif each.kind is Kind.STRING_SET:
        for index, item in enumerate(value):
            if item is not UNKNOWN:
                yield from _text_failures(each, f"{each.name}[{index}]", item)
    elif each.kind is Kind.STRING_MAP:
        yield from _map_failures(each.name, value)


def _has_kind(kind: Kind, value: Any) -> bool:
    if kind is Kind.INTEGER:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind is Kind.STRING_SET:
        return isinstance(value, list) and all(
            isinstance(item, str) or item is UNKNOWN for item in value
        )
    types = {
        Kind.STRING: str,
        Kind.BOOLEAN: bool,
        Kind.JSON: dict,
        Kind.STRING_MAP: dict,
        Kind.ASSET: Asset,
    }
    return isinstance(value, types[kind])


def _map_failures(path: str, value: dict[str, Any]) -> Iterator[Failure]:
    for key, item in value.items():
        if not isinstance(item, str) and item is not UNKNOWN:
            yield Failure(f"{path}.{key}", "must be a string")


def _inexact_numbers(path: str, tree: Any) -> Iterator[Failure]:
    """Find whole numbers that the engine's doubles would change on the way to Twilio."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _inexact_numbers(f"{path}.{key}", value)
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from _inexact_numbers(f"{path}[{index}]", value)
    elif isinstance(tree, int) and abs(tree) >= EXACT_BELOW:
        reason = f"{tree} is beyond 2^53, where Pulumi's numbers are not exact: write it as text"
        yield Failure(path, reason)


def _number_failures(each: Property, value: int) -> Iterator[Failure]:
    if each.minimum is not None and value < each.minimum:
        yield Failure(each.name, f"{value} is less than the minimum of {each.minimum}")
    if each.maximum is not None and value > each.maximum:
        yield Failure(each.name, f"{value} is greater than the maximum of {each.maximum}")


def _text_failures(each: Property, path: str, value: str) -> Iterator[Failure]:
    shown = "the value" if each.secret else repr(value)
    if each.max_length is not None and len(value) > each.max_length:
        length = f"{len(value)} characters, Twilio's limit is {each.max_length}"
        yield Failure(path, f"is too long: {length}")
    if each.choices and value not in each.choices:
        yield Failure(path, f"{shown} is not one of {_shortened(value, each.choices)}")
    if each.sid_prefixes and not _is_sid(value, each.sid_prefixes):
        prefixes = " or ".join(each.sid_prefixes)
        yield Failure(path, f"{shown} is not a SID ({prefixes} and 32 hexadecimal digits)")
    if each.url and not _is_url(value):
        yield Failure(path, f"{shown} is not an http(s) URL")
    if each.pattern is not None and not re.fullmatch(each.pattern, value):
        yield Failure(path, f"{shown} {each.pattern_hint}")


def _shortened(value: str, choices: tuple[str, ...]) -> str:
    if len(choices) <= 10:
        return ", ".join(choices)
    near = difflib.get_close_matches(value, choices, n=3) or choices[:3]
    return f"the {len(choices)} allowed ones; close to it: {', '.join(near)}"


def _is_sid(value: str, prefixes: tuple[str, ...]) -> bool:
    return re.fullmatch(rf"({'|'.join(prefixes)})[0-9a-fA-F]{{32}}", value) is not None


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and " " not in value
