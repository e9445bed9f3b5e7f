"""Versions as programs print them."""

from __future__ import annotations

import re
from typing import NamedTuple


class Version(NamedTuple):
    """A version by its three numbers; what follows them is not compared."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        """Return it as people write it."""
        return ".".join(map(str, self))


def parse_version(text: str) -> Version | None:
    """Return the first version in a program's answer (`v20.1.2`, `go1.26`), None without one."""
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    if found is None:
        return None
    return Version(int(found[1]), int(found[2]), int(found[3] or 0))
