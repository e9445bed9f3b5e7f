"""Between Python's property names and the schema's. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

_CAMEL_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_FIRST_PART = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*")


def snake_case(name: str) -> str:
    """Write a camelCase name in snake_case."""
    return _CAMEL_HUMP.sub("_", name).lower()


def schema_path(path: str, names: Mapping[str, str]) -> str:
    """Write a property path with the schema's name of its first part.

    Only the first part is a property; what follows are keys of the user's own values.
    """
    return _FIRST_PART.sub(lambda match: names.get(match[0], match[0]), path)
