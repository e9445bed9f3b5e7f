"""Deferred changes in a file: what a crash, other users of the machine and a bad file do."""

from __future__ import annotations

import signal
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from taskrouter_ops.errors import DeferredFileError, DeferredUnreadable
from taskrouter_ops.task_attributes import DeferredChanges, SqliteDeferredChanges
from tests.ops.task_attributes.conftest import OTHER_TASK, TASK, Kept
from tests.ops.task_attributes.test_deferred import adding, written

BURST = 4

NO_OPERATION = (
    f'{{"task_sid":"{TASK}","done":[],"batches":[{{"id":"x","sealed":true,"changes":["c"],'
    '"operations":[{"secret":1}]}]}'
)


@pytest.fixture
def path(kept_in_sqlite: Kept) -> Path:
    """Give the file's path; the store is made, with nothing in it."""
    return Path(kept_in_sqlite.arguments[0])


def killed(running: list[subprocess.Popen[str]], *, after: int) -> list[list[int]]:
    """Kill processes once each said that so many changes are kept; return all they said."""
    said = []
    for process in running:
        assert process.stdout is not None
        said.append([int(process.stdout.readline()) for _ in range(after)])
    for process in running:
        process.send_signal(signal.SIGKILL)
    for process, numbers in zip(running, said, strict=True):
        numbers.extend(int(line) for line in process.communicate()[0].splitlines() if line)
        assert process.returncode == -signal.SIGKILL
    return said


def everything(store: DeferredChanges) -> list[str]:
    """Return the values kept for all tasks, in their order."""
    return [value for task_sid in store.tasks() for value in written(store.take(task_sid))]


def mode(path: Path) -> int:
    """Return who may do what with a file."""
    return stat.S_IMODE(path.stat().st_mode)


def replaced(path: Path, text: str) -> None:
    """Write what somebody else left there as a task's document."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT OR REPLACE INTO deferred_changes VALUES (?, ?, 1, 0)", (TASK, text)
        )


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the file as a writer that does not end."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


def test_a_change_survives_the_process_that_deferred_it(kept_in_sqlite: Kept) -> None:
    """Killed after its only `defer` returned, a process has lost nothing."""
    process = kept_in_sqlite.process(TASK, "lone", 1)
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.communicate()

    assert written(kept_in_sqlite.reopen().take(TASK)) == ["lone-0"]


def test_a_burst_cut_off_in_the_middle_loses_no_acknowledged_change(kept_in_sqlite: Kept) -> None:
    """Four processes killed while they defer: all they said is kept is kept, in order, once."""
    running = [kept_in_sqlite.process(TASK, f"p{name}", 1_000_000) for name in range(BURST)]

    said = killed(running, after=25)

    found = everything(kept_in_sqlite.reopen())
    for name, acknowledged in enumerate(said):
        mine = [value for value in found if value.startswith(f"p{name}-")]
        assert mine == [f"p{name}-{number}" for number in range(len(mine))]
        assert len(acknowledged) <= len(mine) <= len(acknowledged) + 1
    kept_in_sqlite.store.defer(TASK, adding("later"))
    assert "later" in written(kept_in_sqlite.store.take(TASK))


def test_processes_that_make_the_file_at_once_agree_on_it(
    kept_in_sqlite: Kept, tmp_path: Path
) -> None:
    """The first to come makes it, whoever that is; nobody's change gets lost on the way."""
    path = tmp_path / "new" / "deferred.sqlite"
    others = replace(kept_in_sqlite, arguments=[str(path)])

    running = [others.process(TASK, f"p{name}", 1) for name in range(BURST)]
    for process in running:
        process.communicate(timeout=60)
        assert process.returncode == 0

    found = written(SqliteDeferredChanges(path).take(TASK))
    assert sorted(found) == [f"p{name}-0" for name in range(BURST)]


def test_only_the_owner_may_read_it(kept_in_sqlite: Kept, path: Path) -> None:
    """The file, the log beside it and a new folder hold customers' data."""
    kept_in_sqlite.store.defer(TASK, adding(1))
    with locked(path):
        beside = {found.name: mode(found) for found in path.parent.iterdir()}

    assert set(beside.values()) == {0o600}
    assert f"{path.name}-wal" in beside
    assert mode(path.parent) == 0o700


def test_a_file_that_was_open_to_others_is_closed_to_them(path: Path) -> None:
    """A file with wider rights is narrowed when it is opened, what it keeps stays."""
    SqliteDeferredChanges(path).defer(TASK, adding(1))
    path.chmod(0o644)

    store = SqliteDeferredChanges(path)

    assert mode(path) == 0o600
    assert written(store.take(TASK)) == [1]


def test_a_file_that_is_in_use_for_too_long_is_named(path: Path) -> None:
    """Nothing was kept, the error says that a repeat is safe, and the repeat works."""
    store = SqliteDeferredChanges(path, busy_seconds=0.05)

    with locked(path), pytest.raises(DeferredFileError, match="locked") as caught:
        store.defer(TASK, adding(1))

    assert str(path) in str(caught.value)
    assert caught.value.retry_safe
    store.defer(TASK, adding(1))
    assert written(store.take(TASK)) == [1]


def test_readers_do_not_wait_for_a_writer(path: Path) -> None:
    """How much is kept can be asked while somebody writes."""
    store = SqliteDeferredChanges(path, busy_seconds=0.05)
    store.defer(TASK, adding(1))

    with locked(path):
        assert store.kept(TASK) == 1
        assert store.tasks() == [TASK]


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    """A mistaken path is an error that names it, and the file stays as it is."""
    path = tmp_path / "notes.txt"
    path.write_text("These are somebody's notes, and no database at all." * 20)
    before = path.read_text()

    with pytest.raises(DeferredFileError, match="not a database") as caught:
        SqliteDeferredChanges(path)

    assert str(path) in str(caught.value)
    assert path.read_text() == before


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    """No traceback of SQLite's own."""
    with pytest.raises(DeferredFileError, match="unable to open"):
        SqliteDeferredChanges(tmp_path)


def test_what_is_no_store_keeps_its_mode(tmp_path: Path) -> None:
    """A mistyped path names somebody else's file or folder: it stays as open as it was."""
    folder, file = tmp_path / "folder", tmp_path / "notes.txt"
    folder.mkdir()
    file.write_text("this is no database, and long enough for SQLite to say so" * 20)
    folder.chmod(0o755)
    file.chmod(0o644)

    for path in (folder, file):
        with pytest.raises(DeferredFileError):
            SqliteDeferredChanges(path)

    assert (mode(folder), mode(file)) == (0o755, 0o644)


def test_a_path_through_a_file_is_refused(tmp_path: Path) -> None:
    """The system's own words are in the error."""
    (tmp_path / "file").write_text("")

    with pytest.raises(DeferredFileError, match=r"[Nn]ot a directory|[Ff]ile exists"):
        SqliteDeferredChanges(tmp_path / "file" / "deferred.sqlite")


def test_a_file_that_went_away_does_not_come_back_empty(path: Path) -> None:
    """A store whose file was deleted says so instead of keeping changes in another."""
    store = SqliteDeferredChanges(path)
    path.unlink()

    with pytest.raises(DeferredFileError, match="unable to open"):
        store.defer(TASK, adding(1))

    assert not path.exists()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("no JSON", "it is no object"),
        ("[]", "it is no object"),
        ("{}", "batches: must be a list"),
        (f'{{"task_sid":"{TASK}","done":[],"batches":[{{"id":"x"}}]}}', r"batches\[0\]: must have"),
        (f'{{"task_sid":"{OTHER_TASK}","done":[],"batches":[]}}', "task_sid: is not this task's"),
        (NO_OPERATION, r"batch x\[0\]: must be one of"),
    ],
    ids=["no JSON", "a list", "nothing", "no batch", "another task", "no operation"],
)
def test_what_cannot_be_read_is_left_until_it_is_discarded(
    path: Path, text: str, problem: str
) -> None:
    """The error names what is wrong, not the content; discarding makes the task usable again."""
    store = SqliteDeferredChanges(path)
    replaced(path, text)

    with pytest.raises(DeferredUnreadable, match=problem) as caught:
        store.take(TASK)

    assert "secret" not in str(caught.value)
    store.discard(TASK)
    store.defer(TASK, adding(1))
    assert written(store.take(TASK)) == [1]


def test_the_file_forgets_tasks_that_ended_long_ago(path: Path) -> None:
    """What was flushed two weeks ago goes; what is kept stays however old it is."""
    now = [0.0]
    store = SqliteDeferredChanges(path, now=lambda: now[0])
    store.defer(TASK, adding(1), "one")
    store.drop(TASK, [batch.id for batch in store.take(TASK)])
    store.defer(OTHER_TASK, adding(2))
    now[0] = 1_209_601.0

    store.defer("WT" + "c" * 32, adding(3))

    store.defer(TASK, adding(1), "one")
    assert store.kept(TASK) == 1
    assert store.kept(OTHER_TASK) == 1
