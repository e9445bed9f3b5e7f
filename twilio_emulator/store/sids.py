"""SIDs as a function of a seed and of how many of their kind came before."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping


class SidSequence:
    """Make SIDs: two letters and 32 hexadecimal characters.

    The same seed gives the same n-th SID of each prefix, whatever happens to other prefixes.
    """

    def __init__(self, seed: int, counts: Mapping[str, int] | None = None) -> None:
        self.seed = seed
        self.counts = dict(counts or {})

    def next(self, prefix: str) -> str:
        """Make the next SID of a prefix such as "WK"."""
        count = self.counts.get(prefix, 0)
        self.counts[prefix] = count + 1
        return prefix + _digest(f"{self.seed}:{prefix}:{count}")

    @staticmethod
    def derived(prefix: str, *parts: str) -> str:
        """Make a SID that depends on the parts alone, for what is not stored until changed."""
        return prefix + _digest(":".join(parts))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
