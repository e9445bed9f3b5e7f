"""Values that are no plain JSON: secrets, values not known yet, and file contents."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final


class Unknown:
    """A value that only the update will show; previews carry it in place of the value."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Secret:
    """A value kept encrypted; its representation never shows it."""

    value: Any = field(repr=False)


@dataclass(frozen=True)
class Asset:
    """A file's content: from a path, a text or a URI, with its SHA-256 hash (hexadecimal)."""

    hash: str
    text: str | None = field(default=None, repr=False)
    path: str | None = None
    uri: str | None = None

    @staticmethod
    def of_text(text: str) -> Asset:
        """Make the asset of a text, hashed as the engine does."""
        return Asset(hashlib.sha256(text.encode()).hexdigest(), text=text)

    def content(self) -> bytes:
        """Read the content. Paths are relative to the program's directory.

        Raises: OSError where the file cannot be read; ValueError for a URI, which the
        provider does not fetch.
        """
        if self.text is not None:
            return self.text.encode()
        if self.path is not None:
            return Path(self.path).read_bytes()
        raise ValueError(f"content from a URI ({self.uri}) is not supported: use a file or a text")


def reveal(tree: Any) -> Any:
    """Take all secret wrappers off a value."""
    if isinstance(tree, Secret):
        return reveal(tree.value)
    if isinstance(tree, dict):
        return {key: reveal(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [reveal(value) for value in tree]
    return tree


def has_secret(tree: Any) -> bool:
    """Tell whether a value is or contains a secret."""
    if isinstance(tree, dict):
        return any(has_secret(value) for value in tree.values())
    if isinstance(tree, list):
        return any(has_secret(value) for value in tree)
    return isinstance(tree, Secret)


def has_unknown(tree: Any) -> bool:
    """Tell whether a value is or contains something not known yet."""
    if isinstance(tree, dict):
        return any(has_unknown(value) for value in tree.values())
    if isinstance(tree, list):
        return any(has_unknown(value) for value in tree)
    return tree is UNKNOWN or (isinstance(tree, Secret) and has_unknown(tree.value))
