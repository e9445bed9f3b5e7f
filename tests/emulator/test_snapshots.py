"""Snapshots: all state at one moment, gone back to, passed on, and started from."""

from __future__ import annotations

import gzip
import json
import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from twilio_emulator.control import ControlError
from twilio_emulator.store import Snapshot, StateError
from twilio_emulator.testing import RunningEmulator, start_emulator, wait_for

from .conftest import TASKROUTER
from .running import running

START = "2026-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    """Run an emulator whose clock stands still."""
    with start_emulator(workers=3, start=START) as started:
        yield started


def make(emulator: RunningEmulator, name: str) -> dict[str, Any]:
    """Create a workspace."""
    answer = emulator.request("POST", TASKROUTER, data={"FriendlyName": name})
    assert answer.status_code == 201
    return dict(answer.json())


def names(emulator: RunningEmulator) -> list[str]:
    """List the workspaces' names."""
    found = emulator.request("GET", TASKROUTER).json()["workspaces"]
    return [item["friendly_name"] for item in found]


def test_a_restore_goes_back_in_state_sids_and_time(emulator: RunningEmulator) -> None:
    """After a restore what follows happens as it did the first time, SIDs and dates included."""
    make(emulator, "kept")
    taken = emulator.take_snapshot("before")
    first = make(emulator, "lost")
    emulator.advance(3600)
    make(emulator, "lost as well")

    back = emulator.restore("before")

    assert back == taken
    assert "kept" in names(emulator)
    assert "lost" not in names(emulator)
    assert make(emulator, "lost") == first


def test_snapshots_are_listed_replaced_and_deleted(emulator: RunningEmulator) -> None:
    """A name has one snapshot at a time; what is not there is refused with what is."""
    emulator.take_snapshot("one")
    make(emulator, "more")
    emulator.take_snapshot("one")
    listed = {item["name"]: item for item in emulator.snapshots()}

    assert listed["one"]["records"] == sum(emulator.status()["counts"].values())
    emulator.delete_snapshot("one")
    assert "one" not in [item["name"] for item in emulator.snapshots()]
    with pytest.raises(ControlError, match="there is no snapshot 'one'"):
        emulator.restore("one")
    with pytest.raises(ControlError, match="cannot name a snapshot"):
        emulator.take_snapshot("../one")


def test_a_reset_keeps_snapshots(emulator: RunningEmulator) -> None:
    """Going back to the sample account leaves snapshots to go back to."""
    make(emulator, "worth keeping")
    emulator.take_snapshot("kept")
    emulator.reset()

    assert "worth keeping" not in names(emulator)
    emulator.restore("kept")
    assert "worth keeping" in names(emulator)


@pytest.mark.parametrize(
    "content", [b"", b"no gzip", gzip.compress(b"{}"), gzip.compress(b'{"format": 99}')]
)
def test_what_is_no_snapshot_is_refused(emulator: RunningEmulator, content: bytes) -> None:
    """A file that is none of ours is refused, and nothing has changed."""
    before = emulator.status()["counts"]

    with pytest.raises(ControlError, match="cannot be used"):
        emulator.upload_snapshot("foreign", content)

    assert emulator.status()["counts"] == before
    assert "foreign" not in [item["name"] for item in emulator.snapshots()]


def _flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :]


def _edited(content: bytes, **head: Any) -> bytes:
    first, _, rest = gzip.decompress(content).partition(b"\n")
    return gzip.compress(json.dumps({**json.loads(first), **head}).encode() + b"\n" + rest)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: _flipped(content, 12),
        lambda content: _flipped(content, 100),
        lambda content: _edited(content, about={}),
        lambda content: _edited(content, about=[]),
        lambda content: _edited(content, about={"moment": 1e300, "ahead": 0.0}),
        lambda content: _edited(content, about={"moment": "noon", "ahead": 0.0}),
        lambda content: _edited(content, about={"moment": 1.7e9, "ahead": 1e300}),
        lambda content: _edited(content, settings=None),
        lambda content: _edited(content, seed=float("inf")),
        lambda content: _edited(content, counts={"WK": "many"}),
        lambda content: gzip.compress(
            gzip.decompress(content) + b"\n" + gzip.decompress(content).split(b"\n")[1]
        ),
    ],
)
def test_a_spoiled_snapshot_changes_nothing(
    emulator: RunningEmulator, spoil: Callable[[bytes], bytes]
) -> None:
    """A snapshot that was spoiled on its way is refused before anything is replaced."""
    emulator.take_snapshot("sound")
    before = emulator.status()["counts"]

    with pytest.raises(ControlError, match="cannot be used"):
        emulator.upload_snapshot("spoiled", spoil(emulator.download_snapshot("sound")))

    assert emulator.status()["counts"] == before
    assert "spoiled" not in [item["name"] for item in emulator.snapshots()]


def test_a_spoiled_file_among_the_snapshots_is_named(tmp_path: Path) -> None:
    """Where a file among those kept is broken, the list says which, and it can be deleted."""
    with start_emulator(workers=1, data=tmp_path) as started:
        started.take_snapshot("sound")
        (tmp_path / "snapshots" / "broken.snapshot").write_bytes(b"junk")
        with pytest.raises(ControlError, match="broken: it is no snapshot"):
            started.snapshots()

        started.delete_snapshot("broken")

        assert [item["name"] for item in started.snapshots()] == ["sound"]


def test_records_of_another_version_are_refused(emulator: RunningEmulator) -> None:
    """A snapshot with a kind of record this version has not is named and refused."""
    emulator.take_snapshot("ours")
    ours = Snapshot.load(emulator.download_snapshot("ours"))
    theirs = Snapshot(
        ours.seed, ours.counts, ours.settings, [*ours.records, ("fax", 9, "{}")], ours.about
    )

    with pytest.raises(ControlError, match="'fax' records"):
        emulator.upload_snapshot("theirs", theirs.dump())


def test_a_snapshot_reads_back_as_it_was_written(emulator: RunningEmulator) -> None:
    """Written and read it is equal, and equal state gives equal bytes."""
    emulator.take_snapshot("bytes")
    content = emulator.download_snapshot("bytes")

    assert Snapshot.load(content).dump() == content
    with pytest.raises(StateError):
        Snapshot.load(content[:-20])


def test_a_colleague_starts_from_the_file(emulator: RunningEmulator, tmp_path: Path) -> None:
    """An emulator started from a snapshot's file goes on where it was taken, on its own."""
    emulator.reset()
    make(emulator, "passed on")
    emulator.advance(60)
    emulator.take_snapshot("passed-on")
    file = tmp_path / "centre.snapshot"
    file.write_bytes(emulator.download_snapshot("passed-on"))
    here = make(emulator, "next")

    with start_emulator(start=START, snapshot=file) as colleague:
        assert "passed on" in names(colleague)
        assert make(colleague, "next") == here


def test_snapshots_survive_a_restart_where_state_is_kept(tmp_path: Path) -> None:
    """With a data directory snapshots are files only their owner can read; time goes on too."""
    with start_emulator(workers=1, data=tmp_path, start=START) as first:
        make(first, "in the snapshot")
        first.take_snapshot("kept")
        make(first, "after it")
        first.advance(120)
        first.kill()
    (file,) = (tmp_path / "snapshots").iterdir()
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600  # noqa: PTH116

    with start_emulator(workers=1, data=tmp_path, start=START) as second:
        assert second.clock()["time"] == "2026-01-01T00:02:00+00:00"
        second.restore("kept")
        assert second.clock()["time"] == "2026-01-01T00:00:00+00:00"
        second.kill()

    with start_emulator(workers=1, data=tmp_path, start=START) as third:
        assert "in the snapshot" in names(third)
        assert "after it" not in names(third)


def test_state_that_is_kept_is_not_replaced_at_the_start(tmp_path: Path) -> None:
    """--snapshot is for an empty directory; one with state in it is left alone."""
    with start_emulator(workers=1, data=tmp_path / "data") as first:
        first.take_snapshot("s")
        (tmp_path / "s").write_bytes(first.download_snapshot("s"))
        make(first, "not to be lost")

    with (
        pytest.raises(RuntimeError, match="did not start"),
        start_emulator(data=tmp_path / "data", snapshot=tmp_path / "s"),
    ):
        pass

    with start_emulator(data=tmp_path / "data") as again:
        assert "not to be lost" in names(again)


def test_a_running_clock_never_stands_before_the_snapshot(emulator: RunningEmulator) -> None:
    """Restored where the clock runs, time goes on from the snapshot's moment or later."""
    emulator.reset()
    emulator.reset(clock="2090-01-01T00:00:00Z")
    emulator.take_snapshot("future")
    emulator.reset(clock="running")
    assert emulator.clock()["time"] < "2090"

    emulator.restore("future")

    assert emulator.clock()["time"].startswith("2090-01-01T00:00")
    assert emulator.clock()["virtual"] is False
    emulator.reset()


def test_functions_are_restored_with_their_code_and_variables() -> None:
    """After a restore a function runs what was deployed then, with the variables of then."""
    code = "exports.handler = (c, e, done) => done(null, {state: c.STATE, file: '%s'});"
    with running() as started:
        deployed = started.deploy("centre", {"/where": code % "first"}, {"STATE": "old"})
        assert deployed.call("/where").json() == {"state": "old", "file": "first"}
        started.emulator.take_snapshot("first")
        version = started.upload(deployed.service, "/where", code % "second")
        build = started.build(deployed.service, FunctionVersions=[version["sid"]])
        deployed.activate(build["sid"])
        deployed.set_variable("OTHER", "x")
        assert deployed.call("/where").json()["file"] == "second"

        started.emulator.restore("first")

        assert deployed.call("/where").json() == {"state": "old", "file": "first"}


def test_a_restore_ends_the_functions_under_way() -> None:
    """A function that runs while the state changes under it is ended, and its caller told."""
    code = "exports.handler = (c, e, done) => { console.log('on'); setTimeout(done, 60000); };"
    with running() as started:
        deployed = started.deploy("centre", {"/endless": code})
        started.emulator.take_snapshot("now")
        answers: list[int] = []
        caller = threading.Thread(
            target=lambda: answers.append(deployed.call("/endless").status_code)
        )
        caller.start()
        wait_for(lambda: _node_processes(started.emulator.process.pid), what="the function")
        started.emulator.restore("now")
        caller.join(20)

        assert answers == [500]
        wait_for(lambda: not _node_processes(started.emulator.process.pid), what="the end of Node")


def _node_processes(parent: int) -> list[int]:
    """List the Node processes an emulator has started."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            name = (folder / "comm").read_text().strip()
        except OSError:
            continue
        if int(fields[1]) == parent and name in ("node", "MainThread") and fields[0] != "Z":
            found.append(int(folder.name))
    return found
