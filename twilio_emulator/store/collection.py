"""Records of one class in order of creation, with look-ups kept up to date on every write."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator, Mapping, ValuesView
from typing import Generic, TypeVar

from .record import Record

REMOVED_KEPT = 10_000
"""Removed records of one class whose place among the others is still known."""

R = TypeVar("R", bound=Record)


class Index(Generic[R]):
    """Records by a key worked out from each of them, in the order they came to it."""

    def __init__(self, key: Callable[[R], Hashable]) -> None:
        self._key = key
        self._groups: dict[Hashable, dict[str, R]] = {}

    def get(self, key: Hashable) -> list[R]:
        """List the records with this key."""
        return list(self._groups.get(key, {}).values())

    def first(self, key: Hashable) -> R | None:
        """Find the oldest record with this key."""
        return next(iter(self._groups.get(key, {}).values()), None)

    def count(self, key: Hashable) -> int:
        """Count the records with this key."""
        return len(self._groups.get(key, ()))

    def replace(self, old: R | None, new: R | None) -> None:
        """Follow one write; called by the collection only."""
        old_key = self._key(old) if old is not None else None
        new_key = self._key(new) if new is not None else None
        if old is not None and (new is None or old_key != new_key):
            group = self._groups[old_key]
            del group[old.sid]
            if not group:
                del self._groups[old_key]
        if new is not None:
            self._groups.setdefault(new_key, {})[new.sid] = new


class Collection(Generic[R]):
    """All records of one class.

    Records are put in by the store alone, inside a transaction.
    """

    def __init__(self, kind: type[R]) -> None:
        self.kind = kind
        self._records: dict[str, R] = {}
        self._positions: dict[str, int] = {}
        self._removed: deque[str] = deque()
        self._indexes: dict[str, Index[R]] = {}
        self._next_position = 0

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[R]:
        return iter(self._records.values())

    def get(self, sid: str) -> R | None:
        """Find a record by its SID."""
        return self._records.get(sid)

    def values(self) -> ValuesView[R]:
        """List the records in order of creation."""
        return self._records.values()

    def position(self, sid: str) -> int | None:
        """Tell when a record was created relative to others, the last removed ones included."""
        return self._positions.get(sid)

    def index(self, name: str, key: Callable[[R], Hashable]) -> Index[R]:
        """Return the look-up of this name, building it on first use.

        The same name always has to come with the same key.  Ask for it each time; do not keep it.
        """
        found = self._indexes.get(name)
        if found is None:
            found = self._indexes[name] = Index(key)
            for record in self._records.values():
                found.replace(None, record)
        return found

    def load(self, record: R, position: int) -> None:
        """Take in a record from disk, in order of position."""
        self._positions[record.sid] = position
        self._records[record.sid] = record
        self._next_position = position + 1

    def replace(self, sid: str, new: R | None) -> R | None:
        """Put, change or (with None) take out one record; return what was there."""
        old = self._records.get(sid)
        if new is not None:
            if old is None:
                self._positions[sid] = self._next_position
                self._next_position += 1
            self._records[sid] = new
        elif old is not None:
            del self._records[sid]
            self._remember_removed(sid)
        for index in self._indexes.values():
            index.replace(old, new)
        return old

    def _remember_removed(self, sid: str) -> None:
        """Keep the place of a removed record, so that a page that ended with it has a next one."""
        self._removed.append(sid)
        if len(self._removed) > REMOVED_KEPT:
            oldest = self._removed.popleft()
            if oldest not in self._records:
                self._positions.pop(oldest, None)

    def restore(self, before: Mapping[str, tuple[R | None, int | None]]) -> None:
        """Put back records and positions by SID, as they were before an undone transaction."""
        for sid, (record, position) in before.items():
            if record is None:
                self._records.pop(sid, None)
            else:
                self._records[sid] = record
            if position is None:
                self._positions.pop(sid, None)
            else:
                self._positions[sid] = position
        ordered = sorted(self._records.values(), key=lambda record: self._positions[record.sid])
        self._records = {record.sid: record for record in ordered}
        self._indexes.clear()
