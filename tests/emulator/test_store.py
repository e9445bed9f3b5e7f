"""The store: transactions, If-Match, order, disk, SIDs and the clock."""

from __future__ import annotations

import asyncio
import dataclasses
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from twilio_emulator.store import (
    Clock,
    Database,
    Record,
    SidSequence,
    Snapshot,
    StaleVersion,
    StateError,
    Store,
)
from twilio_emulator.store.collection import REMOVED_KEPT
from twilio_emulator.testing import start_emulator

from .conftest import TASKROUTER

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Note(Record):
    """A record for these tests."""

    KIND: ClassVar[str] = "test.note"

    text: str
    content: bytes = b""


def opened(path: Path | None = None, seed: int = 1) -> Store:
    """Open a store of notes."""
    database = Database(path / "notes.sqlite3") if path else None
    return Store(records=[Note], clock=Clock(START), seed=seed, database=database)


def note(store: Store, text: str, sid: str | None = None) -> Note:
    """Write a note."""
    now = store.clock.now()
    return store.put(
        Note(
            sid=sid or store.new_sid("NO"),
            account_sid="AC",
            date_created=now,
            date_updated=now,
            text=text,
            content=text.encode(),
        )
    )


def contents(store: Store) -> list[Note]:
    """List the notes in their order."""
    return list(store[Note])


def play(store: Store, steps: list[tuple[str, int, str]]) -> None:
    """Write, remove, and fail half-way."""
    for action, number, text in steps:
        known = store[Note].get(f"NO{number}")
        if action == "put":
            note(store, text, f"NO{number}")
        elif known is not None and action == "remove":
            store.remove(known)
        elif action == "fail":
            before = contents(store)
            with suppress(ZeroDivisionError), store.transaction():
                note(store, text, f"NO{number}")
                for item in before[:2]:
                    store.remove(item)
                raise ZeroDivisionError
            assert contents(store) == before


STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "remove", "fail"]), st.integers(0, 5), st.text(max_size=3)),
    max_size=12,
)


@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(steps=STEPS)
def test_what_is_on_disk_is_what_was_in_memory(
    steps: list[tuple[str, int, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any writes, removals and undone transactions read back as they were, in order."""
    path = tmp_path_factory.mktemp("store")
    store = opened(path)
    play(store, steps)
    written = contents(store)
    store.close()

    again = opened(path)

    assert contents(again) == written
    again.close()


@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(before=STEPS, after=STEPS, on_disk=st.booleans())
def test_a_restore_undoes_whatever_came_after(
    before: list[tuple[str, int, str]],
    after: list[tuple[str, int, str]],
    on_disk: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Records, order, SIDs and settings are those of the snapshot again, on disk as well."""
    path = tmp_path_factory.mktemp("store") if on_disk else None
    store = opened(path)
    play(store, before)
    store.keep_setting("chosen", [1])
    snapshot = Snapshot.load(store.snapshot(by="test").dump())
    kept, next_sid = contents(store), SidSequence(1, store.sids.counts).next("NO")
    play(store, after)
    store.keep_setting("chosen", None)

    store.restore(snapshot)

    assert (contents(store), store.setting("chosen")) == (kept, [1])
    assert store.snapshot(by="test") == snapshot
    store.close()
    if on_disk:
        store = opened(path)
        assert (contents(store), store.setting("chosen")) == (kept, [1])
    assert store.new_sid("NO") == next_sid
    store.close()


def test_a_snapshot_with_a_foreign_record_changes_nothing() -> None:
    """A record this store cannot read is refused before anything is given up."""
    store = opened()
    kept = note(store, "kept")
    good = store.snapshot()
    for foreign in (("test.other", 1, "{}"), ("test.note", 1, '{"colour":1}')):
        with pytest.raises(StateError, match=r"of another version|this version has not"):
            store.restore(dataclasses.replace(good, records=[foreign]))

    assert contents(store) == [kept]


def test_an_undone_transaction_takes_its_sids_back() -> None:
    """SIDs handed out in a transaction that failed are handed out again."""
    store = opened()
    with suppress(ZeroDivisionError), store.transaction():
        lost = store.new_sid("NO")
        raise ZeroDivisionError

    assert store.new_sid("NO") == lost


def test_sids_are_a_function_of_the_seed() -> None:
    """Two stores of one seed make the same SIDs, whatever happened to other prefixes."""
    one, two, other = opened(seed=7), opened(seed=7), opened(seed=8)
    one.new_sid("XX")

    assert [one.new_sid("NO") for _ in range(3)] == [two.new_sid("NO") for _ in range(3)]
    assert other.new_sid("NO") != opened(seed=7).new_sid("NO")


def test_a_reopened_store_goes_on_with_its_sids(tmp_path: Path) -> None:
    """A restart never hands out a SID twice."""
    store = opened(tmp_path)
    first = note(store, "a").sid
    store.close()

    again = opened(tmp_path)

    assert note(again, "b").sid != first
    again.close()


def test_a_stale_version_writes_nothing() -> None:
    """If-Match with another version than the present one changes nothing."""
    store = opened()
    first = note(store, "a")
    second = store.change(first, if_match="0", text="b")

    with pytest.raises(StaleVersion):
        store.change(second, if_match="0", text="c")

    assert contents(store) == [second]
    assert second.version == 1


def test_observers_and_callbacks_wait_for_the_commit() -> None:
    """Observers hear of committed changes only, then the after-commit callbacks run."""
    store, heard = opened(), []
    store.observe(Note, lambda old, new: heard.append((old and old.text, new and new.text)))
    with store.transaction():
        kept = note(store, "a")
        store.after_commit(lambda: heard.append("committed"))
        assert heard == []
    with suppress(ZeroDivisionError), store.transaction():
        store.remove(kept)
        store.after_commit(lambda: heard.append("never"))
        raise ZeroDivisionError

    assert heard == [(None, "a"), "committed"]


def test_what_follows_a_commit_fails_alone(caplog: pytest.LogCaptureFixture) -> None:
    """A failing observer or callback is logged; the others run, and the writer is not told off."""
    store = opened()
    seen: list[str] = []

    def failing(*_arguments: object) -> None:
        raise RuntimeError("not this one")

    store.observe(Note, failing)
    store.observe(Note, lambda _, new: seen.append(f"observed {new.text}"))
    with store.transaction():
        note(store, "kept")
        store.after_commit(failing)
        store.after_commit(lambda: seen.append("called"))

    assert seen == ["observed kept", "called"]
    assert [kept.text for kept in contents(store)] == ["kept"]
    assert caplog.text.count("not this one") >= 2


def test_removed_records_are_forgotten_in_the_end() -> None:
    """The place of a record stays known for a while after its removal, not for ever."""
    store = opened()
    kept, first = note(store, "kept"), note(store, "first")
    store.remove(first)
    assert store[Note].position(first.sid) == 1

    for _ in range(REMOVED_KEPT):
        store.remove(note(store, "passing"))

    assert store[Note].position(first.sid) is None
    assert store[Note].position(kept.sid) == 0
    assert store[Note].position(note(store, "new").sid) == REMOVED_KEPT + 2


def test_an_index_follows_every_write() -> None:
    """A look-up gives the records of a key in order of creation, also after changes."""
    store = opened()
    first, second = note(store, "a"), note(store, "a")
    by_text = store[Note].index("text", lambda item: item.text)
    store.change(first, text="b")

    assert [item.sid for item in by_text.get("a")] == [second.sid]
    assert [item.sid for item in by_text.get("b")] == [first.sid]


def test_a_second_process_cannot_open_the_file(tmp_path: Path) -> None:
    """Two stores on one file would each serve their own copy, so the second is refused."""
    store = opened(tmp_path)
    note(store, "a")

    with pytest.raises(sqlite3.OperationalError, match="locked"):
        opened(tmp_path)

    store.close()


def test_a_virtual_clock_wakes_sleepers_when_it_is_moved() -> None:
    """Sleeping on a virtual clock ends when the clock passes the moment, and not before."""

    async def story() -> list[str]:
        clock, woken = Clock(START), []

        async def sleeper(seconds: float) -> None:
            await clock.sleep(seconds)
            woken.append(f"{seconds:g}")

        tasks = [asyncio.create_task(sleeper(seconds)) for seconds in (30, 10)]
        await asyncio.sleep(0)
        clock.advance(10)
        await tasks[1]
        assert not tasks[0].done()
        clock.advance(20)
        await tasks[0]
        return woken

    assert asyncio.run(story()) == ["10", "30"]


def test_an_acknowledged_write_survives_kill(tmp_path: Path) -> None:
    """A worker update that was answered is there after SIGKILL and a restart."""
    with start_emulator(workers=2, data=tmp_path) as emulator:
        workspace = emulator.request("GET", TASKROUTER).json()["workspaces"][0]["url"]
        worker = emulator.request("GET", f"{workspace}/Workers").json()["workers"][1]["url"]
        emulator.request("POST", worker, data={"Attributes": '{"kept":1}'})
        emulator.kill()

    with start_emulator(workers=5, data=tmp_path) as emulator:
        found = emulator.request("GET", worker)
        assert found.json()["attributes"] == '{"kept":1}'
        assert found.headers["ETag"] == '"1"'
        assert len(emulator.request("GET", f"{workspace}/Workers").json()["workers"]) == 2
