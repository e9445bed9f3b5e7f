"""The store itself: collections, transactions and the If-Match decision."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from .clock import Clock
from .collection import Collection
from .database import Database
from .record import Record
from .sids import SidSequence

R = TypeVar("R", bound=Record)


class StaleVersion(Exception):
    """The record has moved on from the version the caller knew."""

    def __init__(self, record: Record, expected: str) -> None:
        super().__init__(f"{record.sid} is at version {record.version}, not {expected}")
        self.record = record
        self.expected = expected


class StateError(Exception):
    """What is on disk was written by another version."""


@dataclasses.dataclass
class _Transaction:
    """What one transaction has written, and how to take it back."""

    before: dict[type[Record], dict[str, tuple[Any, int | None]]]  # record and position by SID
    counts: dict[str, int]
    after_commit: list[Callable[[], None]]
    settings: dict[str, object]


class Store:
    """Hold all records; see the package's docstring for the rules."""

    def __init__(
        self,
        *,
        records: Sequence[type[Record]],
        clock: Clock,
        seed: int = 1,
        database: Database | None = None,
    ) -> None:
        self.clock = clock
        self.sids = SidSequence(seed)
        self._database = database
        self._kept_counts: dict[str, int] = {}
        self._collections = {kind: Collection(kind) for kind in records}
        self._transaction: _Transaction | None = None
        self._observers: dict[type[Record], list[Callable[[Any, Any], None]]] = {}
        if database is not None:
            self._load(database)

    def __getitem__(self, kind: type[R]) -> Collection[R]:
        return cast("Collection[R]", self._collections[kind])

    def __iter__(self) -> Iterator[Collection[Any]]:
        return iter(self._collections.values())

    def new_sid(self, prefix: str) -> str:
        """Make the next SID of a prefix."""
        return self.sids.next(prefix)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything written inside one transaction, or undo it all.

        Raises: whatever the block or the database raised; nothing was written then.
        """
        if self._transaction is not None:
            yield
            return
        current = self._transaction = _Transaction({}, dict(self.sids.counts), [], {})
        try:
            yield
            self._commit(current)
        except BaseException:
            self._undo(current)
            raise
        finally:
            self._transaction = None
        self._tell(current)
        for callback in current.after_commit:
            callback()

    def put(self, record: R) -> R:
        """Write a record, new or changed, and return it."""
        with self.transaction():
            self._replace(type(record), record.sid, record)
        return record

    def remove(self, record: Record) -> None:
        """Take a record out."""
        with self.transaction():
            self._replace(type(record), record.sid, None)

    def change(self, record: R, *, if_match: str | None = None, **fields: Any) -> R:
        """Write the next version of a record with some fields changed.

        Raises: StaleVersion when `if_match` names another version than the present one.
        """
        self.check_version(record, if_match)
        return self.put(
            dataclasses.replace(
                record, **fields, version=record.version + 1, date_updated=self.clock.now()
            )
        )

    def check_version(self, record: Record, if_match: str | None) -> None:
        """Decide If-Match against the stored version.

        Raises: StaleVersion.
        """
        current = self[type(record)].get(record.sid)
        present = record if current is None else current
        if if_match is not None and if_match != str(present.version):
            raise StaleVersion(present, if_match)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Run `callback` once the present transaction is on disk (at once when there is none)."""
        if self._transaction is None:
            callback()
        else:
            self._transaction.after_commit.append(callback)

    def observe(self, kind: type[R], observer: Callable[[R | None, R | None], None]) -> None:
        """Call `observer(old, new)` for each record of a class that a transaction has changed.

        It is called after the commit and before the `after_commit` callbacks; `clear` ends it.
        """
        self._observers.setdefault(kind, []).append(observer)

    def setting(self, name: str) -> object:
        """Read a setting kept beside the records."""
        return None if self._database is None else self._database.setting(name)

    def keep_setting(self, name: str, value: object) -> None:
        """Write a setting with the present transaction."""
        with self.transaction():
            assert self._transaction is not None  # noqa: S101 - the block above opened it
            self._transaction.settings[name] = value

    def clear(self, seed: int) -> None:
        """Forget every record and observer and start the SIDs again."""
        self._observers.clear()
        for kind in self._collections:
            self._collections[kind] = Collection(kind)
        self.sids = SidSequence(seed)
        self._kept_counts = {}
        if self._database is not None:
            self._database.clear()

    def close(self) -> None:
        """Close the database."""
        if self._database is not None:
            self._database.close()

    def _replace(self, kind: type[Record], sid: str, new: Record | None) -> None:
        collection = self._collections[kind]
        if self._transaction is not None:
            known = self._transaction.before.setdefault(kind, {})
            known.setdefault(sid, (collection.get(sid), collection.position(sid)))
        collection.replace(sid, new)

    def _commit(self, current: _Transaction) -> None:
        if self._database is None:
            return
        put: list[tuple[Record, int]] = []
        removed: list[Record] = []
        for collection, sid, old, new in self._changes(current):
            if new is not None:
                put.append((new, cast("int", collection.position(sid))))
            elif old is not None:
                removed.append(old)
        settings = dict(current.settings)
        # Not only those of this transaction: a SID may be asked for before it begins.
        if self.sids.counts != self._kept_counts:
            settings["sids"] = {"seed": self.sids.seed, "counts": self.sids.counts}
        if put or removed or settings:
            self._database.write(put, removed, settings)
            self._kept_counts = dict(self.sids.counts)

    def _undo(self, current: _Transaction) -> None:
        for kind, before in current.before.items():
            self._collections[kind].restore(before)
        self.sids.counts = current.counts

    def _tell(self, current: _Transaction) -> None:
        for collection, _, old, new in self._changes(current):
            for observer in self._observers.get(collection.kind, ()):
                observer(old, new)

    def _changes(
        self, current: _Transaction
    ) -> Iterator[tuple[Collection[Any], str, Record | None, Record | None]]:
        for kind, before in current.before.items():
            collection = self._collections[kind]
            for sid, (old, _) in before.items():
                yield collection, sid, old, collection.get(sid)

    def _load(self, database: Database) -> None:
        kinds = {kind.KIND: kind for kind in self._collections}
        for kind_name, position, fields in database.records():
            kind = kinds.get(kind_name)
            if kind is None:
                raise StateError(f"it holds '{kind_name}' records, which this version has not")
            self._collections[kind].load(kind.load(fields), position)
        kept = cast("dict[str, Any] | None", database.setting("sids"))
        if kept is not None:
            self.sids = SidSequence(kept["seed"], kept["counts"])
            self._kept_counts = dict(self.sids.counts)
