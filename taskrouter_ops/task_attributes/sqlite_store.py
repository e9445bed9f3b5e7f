"""Deferred changes in an SQLite file: they survive the process, however it ends."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from taskrouter_ops.errors import DeferredFileError
from taskrouter_ops.task_attributes import deferred
from taskrouter_ops.task_attributes.deferred import Document
from taskrouter_ops.task_attributes.document_store import DocumentStore, Rule
from twilio_client import AttributesUnreadable
from twilio_client.attribute_json import json_text, read_attributes

BUSY_SECONDS = 30.0

_TABLE = """
CREATE TABLE IF NOT EXISTS deferred_changes (
    task_sid TEXT PRIMARY KEY,
    document TEXT NOT NULL,
    kept INTEGER NOT NULL,
    changed_at REAL NOT NULL
)
"""

# What SQLite says before anything is written.
_UNTOUCHED = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
}

# Closing a file ends this process's locks on it: no file is made while another thread opens it.
_MAKING = threading.Lock()


class SqliteDeferredChanges(DocumentStore):
    """Keeps deferred changes in a file, for the threads and processes of one machine.

    A change whose `defer` returned is on the disk. The file is readable by its owner only: it
    holds customers' data. It must not lie on a network file system (Source: SQLite, WAL page).

    Raises (every method): DeferredFileError, whose `retry_safe` tells; DeferredUnreadable.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        busy_seconds: float = BUSY_SECONDS,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Open the file, making it and its folder where there is none.

        Units: `busy_seconds` bounds the wait for others who use the file; `now` in seconds.
        """
        self._path = Path(path).absolute()
        self._busy_seconds = busy_seconds
        self._now = now
        with self._failures():
            self._make()

    def kept(self, task_sid: str) -> int:
        """Return how many changes are kept for a task."""
        with self._connection() as connection:
            return deferred.kept_in(_document(connection, task_sid))

    def discard(self, task_sid: str) -> int:
        """Throw away what is kept for a task; return how many changes that was."""
        with self._transaction() as connection:
            data = _data(connection, task_sid)
            emptied, thrown = deferred.discard(task_sid, data)
            if emptied is not data:
                self._write(connection, task_sid, emptied)
            return thrown

    def tasks(self) -> list[str]:
        """Return the SIDs of the tasks for which changes are kept, sorted."""
        query = "SELECT task_sid FROM deferred_changes WHERE kept > 0 ORDER BY task_sid"
        with self._connection() as connection:
            return [str(sid) for (sid,) in connection.execute(query)]

    def _amend(self, task_sid: str, rule: Rule, *, repeatable: bool = True) -> Document:
        del repeatable  # a transaction is there as a whole or not at all
        with self._transaction() as connection:
            present = _document(connection, task_sid)
            after = rule(present)
            if after is not present:
                self._write(connection, task_sid, after)
            return after

    def _write(self, connection: sqlite3.Connection, task_sid: str, document: Document) -> None:
        now = self._now()
        connection.execute(
            "INSERT OR REPLACE INTO deferred_changes VALUES (?, ?, ?, ?)",
            (task_sid, json_text(document), deferred.kept_in(document), now),
        )
        connection.execute(
            "DELETE FROM deferred_changes WHERE kept = 0 AND changed_at < ?",
            (now - deferred.KEPT_SECONDS,),
        )

    def _make(self) -> None:
        with _MAKING:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                self._path.touch(mode=0o600, exist_ok=False)
            except FileExistsError:
                self._close_to_others()
            with self._connection() as connection:
                _until_free(connection, "PRAGMA journal_mode = WAL", self._busy_seconds)
                connection.execute(_TABLE)

    def _close_to_others(self) -> None:
        """Leave the file to its owner; what is no SQLite file is somebody else's, and stays."""
        with self._connection() as connection:
            connection.execute("PRAGMA schema_version")
        if self._path.stat().st_mode & 0o077:
            self._path.chmod(0o600)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the file's write lock for a block: it is written as a whole or not at all."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Open the file for a block: a connection may be used by one thread and no fork."""
        # Never made here: a file that went away must not come back empty and readable by all.
        address = f"{self._path.as_uri()}?mode=rw"
        with (
            self._failures(),
            closing(
                sqlite3.connect(address, uri=True, timeout=self._busy_seconds, isolation_level=None)
            ) as connection,
        ):
            connection.execute("PRAGMA synchronous = FULL")
            yield connection

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            untouched = _code(error) in _UNTOUCHED
            raise DeferredFileError(self._path, str(error), retry_safe=untouched) from error
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise DeferredFileError(self._path, why, retry_safe=True) from error


def _document(connection: sqlite3.Connection, task_sid: str) -> Document:
    return deferred.checked_document(task_sid, _data(connection, task_sid))


def _data(connection: sqlite3.Connection, task_sid: str) -> object:
    """Return what the file has for a task: an empty document for none, None for no JSON."""
    query = "SELECT document FROM deferred_changes WHERE task_sid = ?"
    row = connection.execute(query, (task_sid,)).fetchone()
    if row is None:
        return deferred.empty_document(task_sid)
    try:
        return read_attributes(row[0])
    except AttributesUnreadable:
        return None


def _code(error: sqlite3.Error) -> int:
    """Return SQLite's primary error code, -1 where Python's module found the error itself."""
    return getattr(error, "sqlite_errorcode", -1) & 0xFF


def _until_free(connection: sqlite3.Connection, statement: str, seconds: float) -> None:
    """Run a statement for which SQLite does not wait by itself while others use the file."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            connection.execute(statement)
        except sqlite3.OperationalError as error:
            if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
