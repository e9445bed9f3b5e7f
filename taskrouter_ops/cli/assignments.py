"""`name=text`, `name:=JSON` and dotted paths, as the commands of tasks take them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import typer

from twilio_client.attribute_json import parse_json

_ASSIGNMENT = re.compile(r"(?P<path>[^=]*?)(?P<sign>:?=)(?P<value>.*)", re.DOTALL)
_DOT = re.compile(r"(?<!\\)\.")


def path_of(text: str) -> tuple[str, ...]:
    r"""Split a dotted path; a dot that is part of a key is written `\.`.

    Raises: typer.BadParameter for a path with an empty key.
    """
    keys = tuple(key.replace("\\.", ".") for key in _DOT.split(text))
    if not all(keys):
        raise typer.BadParameter(f"{text!r}: a path is keys with dots between them")
    return keys


def patch_of(assignments: Iterable[str]) -> dict[str, Any]:
    """Make a merge patch of assignments. Raises: typer.BadParameter naming the wrong one."""
    patch: dict[str, Any] = {}
    for text in assignments:
        found = _ASSIGNMENT.fullmatch(text)
        if found is None:
            raise typer.BadParameter(f"{text!r} is neither name=text nor name:=JSON")
        value = found["value"]
        put(patch, path_of(found["path"]), json_of(value) if found["sign"] == ":=" else value)
    return patch


def put(patch: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    """Set a value in a patch. Raises: typer.BadParameter where two say different things."""
    *way, last = path
    inner: Any = patch
    for key in way:
        inner = inner.setdefault(key, {})
        if not isinstance(inner, dict):
            break
    if not isinstance(inner, dict) or last in inner:
        raise typer.BadParameter(f"{'.'.join(path)!r} is set twice")
    inner[last] = value


def json_of(text: str) -> Any:
    """Parse a value. Raises: typer.BadParameter."""
    try:
        return parse_json(text)
    except (ValueError, RecursionError) as error:
        raise typer.BadParameter(f"{text!r} is not JSON ({error})") from None


def patch_in(file: str) -> dict[str, Any]:
    """Read a merge patch from a file, "-" for standard input. Raises: typer.BadParameter."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{file} is no UTF-8 text") from None
    try:
        patch = parse_json(text)
    except (ValueError, RecursionError) as error:
        raise typer.BadParameter(f"{file} is not JSON ({error})") from None
    if not isinstance(patch, dict):
        raise typer.BadParameter(f"{file} is no JSON object")
    return patch


def without(attributes: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """Return the attributes without what is at a path; nothing is made on the way to it."""
    key, *rest = path
    if key not in attributes:
        return attributes
    if not rest:
        return {name: value for name, value in attributes.items() if name != key}
    inner = attributes[key]
    if not isinstance(inner, dict):
        return attributes
    return {**attributes, key: without(inner, tuple(rest))}


def at(attributes: object, path: tuple[str, ...]) -> Any:
    """Return what is at a path. Raises: KeyError."""
    for key in path:
        if not isinstance(attributes, dict):
            raise KeyError(key)
        attributes = attributes[key]
    return attributes
