"""One transaction: what it has written, the block that ends it, and what a writer may meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .record import Record


class StaleVersion(Exception):
    """The record has moved on from the version the caller knew."""

    def __init__(self, record: Record, expected: str) -> None:
        super().__init__(f"{record.sid} is at version {record.version}, not {expected}")
        self.record = record
        self.expected = expected


class Transaction:
    """What one transaction has written, and how to take it back: the block that does it.

    No generator makes the block: every request opens one, and that would take thrice as long.
    """

    __slots__ = ("_end", "after_commit", "before", "counts", "settings")

    def __init__(
        self, counts: dict[str, int], end: Callable[[Transaction, BaseException | None], None]
    ) -> None:
        self.before: dict[type[Record], dict[str, tuple[Any, int | None]]] = {}  # and position
        self.counts = counts
        self.after_commit: list[Callable[[], None]] = []
        self.settings: dict[str, object] = {}
        self._end = end

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Write everything, or take it back."""
        self._end(self, error)
