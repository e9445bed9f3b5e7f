"""The store itself: collections, transactions and the If-Match decision."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar, cast

from .clock import Clock
from .collection import Collection
from .database import Database
from .record import Record
from .sids import SidSequence
from .snapshot import Snapshot, StateError
from .transaction import StaleVersion, Transaction

R = TypeVar("R", bound=Record)

_log = logging.getLogger(__name__)

_SIDS = "sids"
_JOINED = nullcontext()  # an inner block is part of the outermost one


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
        self._collections: dict[type[Record], Collection[Any]] = {k: Collection(k) for k in records}
        self._kinds = {kind.KIND: kind for kind in records}
        self._transaction: Transaction | None = None
        self._observers: dict[type[Record], list[Callable[[Any, Any], None]]] = {}
        self._settings: dict[str, object] = {}
        if database is not None:
            self._load(database.records())
            self._take(database.settings())

    def __getitem__(self, kind: type[R]) -> Collection[R]:
        return self._collections[kind]

    def __iter__(self) -> Iterator[Collection[Any]]:
        return iter(self._collections.values())

    def new_sid(self, prefix: str) -> str:
        """Make the next SID of a prefix."""
        return self.sids.next(prefix)

    def transaction(self) -> AbstractContextManager[None]:
        """Make everything written inside one transaction, or undo it all.

        Raises: whatever the block or the database raised; nothing was written then.
        """
        if self._transaction is not None:
            return _JOINED
        self._transaction = Transaction(dict(self.sids.counts), self._end)
        return self._transaction

    def _end(self, current: Transaction, error: BaseException | None) -> None:
        try:
            if error is not None:
                self._undo(current)
                return
            self._commit(current)
        except BaseException:
            self._undo(current)
            raise
        finally:
            self._transaction = None
        self._tell(current)
        for callback in current.after_commit:
            _carry_out(callback)

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

        It is called after the commit and before the `after_commit` callbacks; `cleared` ends it.
        """
        self._observers.setdefault(kind, []).append(observer)

    def setting(self, name: str) -> object:
        """Read a setting kept beside the records, None where it was never written."""
        return self._settings.get(name)

    def keep_setting(self, name: str, value: object) -> None:
        """Write a setting (a JSON value) with the present transaction."""
        with self.transaction():
            assert self._transaction is not None  # noqa: S101 - the block above opened it
            self._transaction.settings[name] = value

    def snapshot(self, **about: Any) -> Snapshot:
        """Return all there is, between two transactions, with notes of the caller's."""
        assert self._transaction is None  # noqa: S101 - half a transaction is no state
        records = [
            (items.kind.KIND, cast("int", items.position(record.sid)), record.dump())
            for items in self
            for record in items
        ]
        records.sort(key=lambda row: row[1])
        return Snapshot(
            self.sids.seed, dict(self.sids.counts), dict(self._settings), records, about
        )

    def check(self, snapshot: Snapshot) -> None:
        """Find out whether `restore` would take a snapshot.

        Raises: StateError when another version wrote it, or it holds a record twice.
        """
        seen: set[tuple[str, str]] = set()
        for kind, _, fields in snapshot.records:
            key = kind, self._read(kind, fields).sid
            if key in seen:
                raise StateError(f"it holds {key[1]} twice")
            seen.add(key)

    def restore(self, snapshot: Snapshot) -> None:
        """Hold what a snapshot holds and nothing else; on disk all of it or nothing.

        Observers are forgotten, as by `cleared`.  Raises: StateError, and nothing has changed.
        """
        self.check(snapshot)
        sids = _sids_setting(SidSequence(snapshot.seed, snapshot.counts))
        settings = {**snapshot.settings, **sids}
        if self._database is not None:
            self._database.replace(snapshot.records, settings)
        self._forget(snapshot.seed)
        self._load(snapshot.records)
        self._take(settings)

    @contextmanager
    def cleared(self, seed: int) -> Iterator[None]:
        """Forget every record and setting, start the SIDs again, and let the block fill the store.

        On disk and in memory all of it or nothing; observers are forgotten either way.  Raises:
        whatever the block or the database raised.
        """
        before = dict(self._collections), self.sids, self._kept_counts, self._settings
        database = nullcontext() if self._database is None else self._database.transaction()
        try:
            with database:
                if self._database is not None:
                    self._database.replace((), {})
                self._forget(seed)
                yield
        except BaseException:
            self.forget_observers()
            self._collections, self.sids, self._kept_counts, self._settings = before
            raise

    def forget_observers(self) -> None:
        """Call nobody any more; for those who derived something to make it anew."""
        self._observers.clear()

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

    def _commit(self, current: Transaction) -> None:
        if self._database is not None:
            self._write(self._database, current)
        self._settings |= current.settings

    def _write(self, database: Database, current: Transaction) -> None:
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
            settings |= _sids_setting(self.sids)
        if put or removed or settings:
            database.write(put, removed, settings)
            self._kept_counts = dict(self.sids.counts)

    def _undo(self, current: Transaction) -> None:
        for kind, before in current.before.items():
            self._collections[kind].restore(before)
        self.sids.counts = current.counts

    def _tell(self, current: Transaction) -> None:
        for collection, _, old, new in self._changes(current):
            if old is None and new is None:
                continue  # made and removed within the transaction: nobody has seen it
            for observer in tuple(self._observers.get(collection.kind, ())):
                _carry_out(observer, old, new)

    def _changes(
        self, current: Transaction
    ) -> Iterator[tuple[Collection[Any], str, Record | None, Record | None]]:
        for kind, before in current.before.items():
            collection = self._collections[kind]
            for sid, (old, _) in before.items():
                yield collection, sid, old, collection.get(sid)

    def _forget(self, seed: int) -> None:
        self.forget_observers()
        for kind in self._collections:
            self._collections[kind] = Collection(kind)
        self.sids = SidSequence(seed)
        self._kept_counts = {}
        self._settings = {}

    def _load(self, records: Iterable[tuple[str, int, str]]) -> None:
        for kind, position, fields in records:
            record = self._read(kind, fields)
            self._collections[type(record)].load(record, position)

    def _read(self, kind_name: str, fields: str) -> Record:
        kind = self._kinds.get(kind_name)
        if kind is None:
            raise StateError(f"it holds '{kind_name}' records, which this version has not")
        try:
            return kind.load(fields)
        except (TypeError, ValueError, KeyError) as error:
            raise StateError(f"it holds a '{kind_name}' of another version ({error})") from error

    def _take(self, settings: Mapping[str, object]) -> None:
        self._settings = {name: value for name, value in settings.items() if name != _SIDS}
        kept = cast("dict[str, Any] | None", settings.get(_SIDS))
        if kept is not None:
            self.sids = SidSequence(kept["seed"], kept["counts"])
            self._kept_counts = dict(self.sids.counts)


def _carry_out(act: Callable[..., None], *arguments: object) -> None:
    """Act on what is committed: a failure undoes nothing and must not keep others from acting."""
    try:
        act(*arguments)
    except Exception:  # noqa: BLE001 - whoever wrote is told that it is written, which is so
        _log.exception("a write was kept, but what was to follow it failed")


def _sids_setting(sids: SidSequence) -> dict[str, object]:
    return {_SIDS: {"seed": sids.seed, "counts": dict(sids.counts)}}
