"""The SQLite file behind the store: one table of records, one of settings."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .record import Record

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
  kind TEXT NOT NULL, sid TEXT NOT NULL, position INTEGER NOT NULL, fields TEXT NOT NULL,
  PRIMARY KEY (kind, sid)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class Database:
    """Read everything once, then append each transaction's writes.

    A committed transaction survives the end of the process by any signal (write-ahead log,
    handed to the operating system before the commit returns).
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The server may run in another thread than the one that opened the store.
        self._connection = sqlite3.connect(
            path, isolation_level=None, timeout=1, check_same_thread=False
        )
        # One process per file: a second one would serve its own, ageing copy.
        self._connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)

    def records(self) -> Iterator[tuple[str, int, str]]:
        """Yield kind, position and fields of every record, in order of creation."""
        yield from self._connection.execute(
            "SELECT kind, position, fields FROM records ORDER BY position"
        )

    def settings(self) -> dict[str, object]:
        """Read all settings."""
        rows = self._connection.execute("SELECT name, value FROM settings")
        return {name: json.loads(value) for name, value in rows}

    def write(
        self,
        put: Iterable[tuple[Record, int]],
        removed: Iterable[Record],
        settings: Mapping[str, object],
    ) -> None:
        """Write one transaction: records with their positions, removals, settings."""
        with self.transaction() as connection:
            connection.executemany(
                "INSERT INTO records VALUES (?, ?, ?, ?)"
                " ON CONFLICT (kind, sid) DO UPDATE SET fields = excluded.fields,"
                " position = excluded.position",
                ((record.KIND, record.sid, position, record.dump()) for record, position in put),
            )
            connection.executemany(
                "DELETE FROM records WHERE kind = ? AND sid = ?",
                ((record.KIND, record.sid) for record in removed),
            )
            connection.executemany("INSERT OR REPLACE INTO settings VALUES (?, ?)", _rows(settings))

    def replace(
        self, records: Iterable[tuple[str, int, str]], settings: Mapping[str, object]
    ) -> None:
        """Hold these records (kind, position, fields) and settings and nothing else."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM records")
            connection.execute("DELETE FROM settings")
            connection.executemany(
                "INSERT INTO records VALUES (?, json_extract(?, '$.sid'), ?, ?)",
                ((kind, fields, position, fields) for kind, position, fields in records),
            )
            connection.executemany("INSERT INTO settings VALUES (?, ?)", _rows(settings))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write everything inside the block or nothing; an inner block joins the outer one."""
        if self._connection.in_transaction:
            yield self._connection
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # a full disk has SQLite roll back by itself
                self._connection.execute("ROLLBACK")
            raise


def _rows(settings: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    return ((name, json.dumps(value)) for name, value in settings.items())
