"""Deferred changes: written first, in the next write of their task, once, whatever happens."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from taskrouter_ops.errors import DeferredBusy, FlushFailed
from taskrouter_ops.task_attributes import (
    Append,
    Batch,
    MemoryDeferredChanges,
    Merge,
    SqliteDeferredChanges,
)
from tests.ops.task_attributes.conftest import ROOT, Kept
from tests.ops.task_attributes.desk import Desk, at_once
from twilio_client import AttributesTooLong

POSTS = {"method": "POST", "path": "/Tasks/WT"}


def test_deferred_changes_go_with_the_next_update(desk: Desk, kept: Kept) -> None:
    """In order, before it, in one write; deferring itself sends nothing to the task."""
    task, service = desk.task(n=[0]), desk.service(deferred=kept.store)

    for change in (Append(("n",), [1]), {"a": {"x": 1}}, Append(("n",), [2]), {"a": {"x": 2}}):
        done = service.update_task_attributes(task, change, True)
        assert (done.outcome, done.attributes) == ("deferred", None)
    assert desk.requests(task) == []
    assert service.deferred_tasks() == {task: 4}

    done = service.update_task_attributes(task, [Append(("n",), [3]), Merge({"a": {"y": 1}})])

    assert (done.outcome, done.flushed) == ("updated", 4)
    assert done.attributes == {"n": [0, 1, 2, 3], "a": {"x": 2, "y": 1}}
    assert len(desk.requests(task)) == 2
    assert service.deferred_tasks() == {}


def test_a_flush_writes_once_and_then_sends_nothing(desk: Desk, kept: Kept) -> None:
    """Without anything deferred there is nothing to say to Twilio."""
    task, service = desk.task(), desk.service(deferred=kept.store)
    service.update_task_attributes(task, {"a": 1}, deferred=True)

    first = service.flush(task)
    desk.emulator.clear_journal()
    again = service.flush(task)

    assert (first.outcome, first.flushed, first.attributes) == ("updated", 1, {"a": 1})
    assert (again.outcome, again.flushed, again.attributes) == ("unchanged", 0, None)
    assert desk.requests(task) == []


def test_what_is_deferred_during_a_flush_is_kept_for_the_next(desk: Desk, kept: Kept) -> None:
    """It comes between taking and dropping: it is neither written nor dropped."""
    task, service = desk.task(), desk.service(deferred=kept.store)
    service.update_task_attributes(task, Append(("n",), [1]), deferred=True)

    def meanwhile(attributes: dict[str, Any]) -> dict[str, Any]:
        service.update_task_attributes(task, Append(("n",), [3]), deferred=True)
        return {**attributes, "n": [*attributes["n"], 2]}

    service.update_task_attributes(task, meanwhile)

    assert desk.attributes(task) == {"n": [1, 2]}
    assert service.deferred_tasks() == {task: 1}
    assert service.flush(task).attributes == {"n": [1, 2, 3]}


def test_what_another_flushed_after_it_was_taken_is_not_written_again(desk: Desk) -> None:
    """Its mark may be gone by then: 24 later ones have taken its place."""
    task, store = desk.task(), MemoryDeferredChanges()
    other = desk.service(deferred=store)
    other.update_task_attributes(task, Append(("n",), [1]), deferred=True)

    class Slow(MemoryDeferredChanges):
        def __init__(self) -> None:
            self.taken = 0

        def take(self, task_sid: str) -> list[Batch]:
            found, self.taken = store.take(task_sid), self.taken + 1
            if self.taken == 1:
                for number in range(25):
                    other.update_task_attributes(task, Append(("m",), [number]))
            return found

        def drop(self, task_sid: str, batch_ids: Collection[str]) -> None:
            store.drop(task_sid, batch_ids)

    desk.service(deferred=Slow()).update_task_attributes(task, {"last": True})

    assert desk.attributes(task) == {"n": [1], "m": list(range(25)), "last": True}


@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"status": 429}, {"drop": True}], ids=["503", "429", "drop"]
)
def test_a_failed_flush_keeps_everything_and_says_so(
    desk: Desk, kept: Kept, fault: dict[str, Any]
) -> None:
    """The error names the task, what Twilio answered, how many are kept and what to do."""
    task, service = desk.task(), desk.service(deferred=kept.store, deadline_seconds=1.5)
    for number in range(3):
        service.update_task_attributes(task, Append(("n",), [number]), deferred=True)

    with desk.emulator.fault(**POSTS, **fault), pytest.raises(FlushFailed) as caught:
        service.update_task_attributes(task, {"new": 1})

    text = str(caught.value)
    assert task in text
    assert "all 3 deferred changes are kept" in text
    assert str(fault.get("status", "no answer")) in text
    assert caught.value.retry_safe is ("status" in fault)
    assert caught.value.kept == 3
    assert service.deferred_tasks() == {task: 3}
    assert desk.service(deferred=kept.store).flush(task).attributes == {"n": [0, 1, 2]}


def test_deferred_changes_that_do_not_apply_are_kept_until_discarded(
    desk: Desk, kept: Kept
) -> None:
    """What was to go with them is not written either: it would come before them."""
    task, service = desk.task(name="Ann"), desk.service(deferred=kept.store)
    service.update_task_attributes(task, Append(("name",), [1]), deferred=True)

    with pytest.raises(FlushFailed, match=r"cannot append to name.*correct.*or discard") as caught:
        service.update_task_attributes(task, {"a": 1})

    assert not caught.value.retry_safe
    assert desk.attributes(task) == {"name": "Ann"}
    assert service.discard_deferred(task) == 1
    assert service.update_task_attributes(task, {"a": 1}).outcome == "updated"


def test_deferred_changes_that_are_too_long_are_kept(desk: Desk, kept: Kept) -> None:
    """Nothing is sent."""
    task, service = desk.task(), desk.service(deferred=kept.store)
    service.update_task_attributes(task, {"note": "x" * 4090}, deferred=True)

    with pytest.raises(FlushFailed, match="Twilio's limit is 4096"):
        service.flush(task)

    assert desk.requests(task, "POST") == []
    assert service.deferred_tasks() == {task: 1}


def test_deferred_changes_of_a_task_that_is_gone_are_kept(desk: Desk, kept: Kept) -> None:
    """A wrong workspace answers 404 too."""
    task, service = "WT" + "0" * 32, desk.service(deferred=kept.store)
    service.update_task_attributes(task, {"a": 1}, deferred=True)

    done = service.flush(task)

    assert (done.outcome, done.kept) == ("gone", 1)
    assert service.deferred_tasks() == {task: 1}
    assert service.discard_deferred(task) == 1


@pytest.mark.parametrize("how", [{"status": 500}, {"drop": True}], ids=["500", "drop"])
def test_a_flush_whose_answer_was_lost_is_not_repeated(
    desk: Desk, kept: Kept, how: dict[str, Any]
) -> None:
    """The batch's id is in the attributes."""
    task, service = desk.task(), desk.service(deferred=kept.store)
    service.update_task_attributes(task, Append(("n",), [1]), deferred=True)
    desk.emulator.add_fault(**POSTS, **how, after=True, count=1)

    assert service.flush(task).outcome == "updated"
    assert service.flush(task).outcome == "unchanged"
    assert desk.attributes(task) == {"n": [1]}


def test_a_flush_that_was_written_but_not_dropped_is_recognised(
    desk: Desk, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store fails behind the write: the update is done, and the next write drops them."""
    task, service = desk.task(), desk.service(deferred=kept.store)
    service.update_task_attributes(task, Append(("n",), [1]), deferred=True)

    def failing(*_: object) -> None:
        raise DeferredBusy(task, 1)

    with monkeypatch.context() as patched:
        patched.setattr(kept.store, "drop", failing)
        assert service.update_task_attributes(task, {"a": 1}).outcome == "updated"
    assert service.deferred_tasks() == {task: 1}

    done = service.update_task_attributes(task, {"b": 1})

    assert (done.outcome, done.flushed) == ("updated", 0)
    assert done.attributes == {"n": [1], "a": 1, "b": 1}
    assert service.deferred_tasks() == {}


def test_what_changed_nothing_does_not_come_after_later_changes(
    desk: Desk, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch without effect that is not dropped is recognised too, by the mark of its write."""
    task, service = desk.task(status="a"), desk.service(deferred=kept.store)
    service.update_task_attributes(task, {"status": "a"}, deferred=True)
    with monkeypatch.context() as patched:
        patched.setattr(kept.store, "drop", lambda *_: 1 / 0)
        assert service.update_task_attributes(task, {"status": "b"}).outcome == "updated"

    assert service.update_task_attributes(task, {"other": 1}).attributes == {
        "status": "b",
        "other": 1,
    }
    assert service.deferred_tasks() == {}


def test_the_mark_of_a_batch_that_is_not_dropped_does_not_give_way(
    desk: Desk, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no room is left, other ids give way, and the batch stays known."""
    task, service = desk.task(n=[], long="x" * 4036), desk.service(deferred=kept.store)
    service.update_task_attributes(task, Append(("n",), [1]), deferred=True)
    monkeypatch.setattr(kept.store, "drop", lambda *_: 1 / 0)
    assert service.flush(task).outcome == "updated"

    with pytest.raises(AttributesTooLong):
        service.update_task_attributes(task, Append(("n",), [2]))
    service.update_task_attributes(task, [Merge({"long": "x"}), Append(("n",), [2])])

    assert desk.attributes(task)["n"] == [1, 2]


def test_many_flush_at_once_while_others_defer(desk: Desk, kept: Kept) -> None:
    """Services that share a store: each deferred change is written exactly once."""
    task = desk.task()
    services = [desk.service(deferred=kept.reopen(), deadline_seconds=60) for _ in range(3)]

    def busy(number: int) -> None:
        service = services[number % 3]
        for turn in range(4):
            append = Append(("n",), [number * 10 + turn])
            service.update_task_attributes(task, append, deferred=True)
            if number % 2:
                service.flush(task)

    at_once(partial(busy, number) for number in range(6))
    services[0].flush(task)

    wanted = {number * 10 + turn for number in range(6) for turn in range(4)}
    assert Counter(desk.attributes(task)["n"]) == dict.fromkeys(wanted, 1)
    assert services[0].deferred_tasks() == {}


def test_what_had_no_effect_and_could_not_be_dropped_is_no_success(
    desk: Desk, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was written, so nothing marks it: it would come after what others write next."""
    task, service = desk.task(status="a"), desk.service(deferred=kept.store)
    service.update_task_attributes(task, {"status": "a"}, deferred=True)

    def failing(*_: object) -> None:
        raise DeferredBusy(task, 1)

    with monkeypatch.context() as patched:
        patched.setattr(kept.store, "drop", failing)
        with pytest.raises(FlushFailed, match="kept") as caught:
            service.flush(task)

    assert caught.value.retry_safe
    assert service.flush(task).outcome == "unchanged"
    assert service.deferred_tasks() == {}


def test_a_change_deferred_with_an_id_is_written_once(desk: Desk, kept: Kept) -> None:
    """Deferring it again, also after the flush, does nothing."""
    task, service = desk.task(), desk.service(deferred=kept.store)
    defer = partial(
        service.update_task_attributes, task, Append(("n",), [1]), True, change_id="call-1"
    )

    defer()
    defer()
    service.flush(task)
    defer()

    assert service.flush(task).outcome == "unchanged"
    assert desk.attributes(task) == {"n": [1]}


def test_a_function_cannot_be_deferred(desk: Desk) -> None:
    """It could not be kept anywhere."""
    with pytest.raises(TypeError, match="cannot be deferred"):
        desk.service().update_task_attributes("WT" + "0" * 32, lambda a: a, deferred=True)


DEFERRING_FOR_EVER = """
import sys, pathlib
from taskrouter_ops.task_attributes import Append, SqliteDeferredChanges
store, number = SqliteDeferredChanges(pathlib.Path(sys.argv[1])), 0
while True:
    store.defer(sys.argv[2], (Append(("n",), [number]),))
    print(number, flush=True)
    number += 1
"""


def test_kill_9_between_defer_and_flush_loses_nothing(desk: Desk, tmp_path: Path) -> None:
    """What a killed process had deferred, a later one writes, once."""
    task, file = desk.task(), tmp_path / "deferred.sqlite"
    child = subprocess.Popen(
        [sys.executable, "-c", DEFERRING_FOR_EVER, str(file), task],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    acknowledged = [int(child.stdout.readline()) for _ in range(25)]
    child.kill()
    acknowledged += [int(line) for line in child.stdout.read().split()]
    child.stdout.close()
    child.wait()

    first = desk.service(deferred=SqliteDeferredChanges(file)).flush(task)
    again = desk.service(deferred=SqliteDeferredChanges(file)).flush(task)

    written = desk.attributes(task)["n"]
    # The last one may be on the disk without its acknowledgement having got out.
    assert written in (acknowledged, [*acknowledged, len(acknowledged)])
    assert (first.outcome, again.outcome) == ("updated", "unchanged")
    assert len(desk.requests(task, "POST")) == 1


def test_kill_9_during_a_flush_is_made_good_by_the_next(desk: Desk, tmp_path: Path) -> None:
    """The write arrived, dropping did not happen: the mark tells the next process."""
    task, file = desk.task(), tmp_path / "deferred.sqlite"
    desk.service(deferred=SqliteDeferredChanges(file)).update_task_attributes(
        task, Append(("n",), [1]), deferred=True
    )
    flushing = (
        "import os, signal, sys\n"
        "from taskrouter_ops.cli import app\n"
        "from taskrouter_ops.task_attributes import SqliteDeferredChanges as Store\n"
        "Store.drop = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "app(sys.argv[1:])\n"
    )
    arguments = ["task", "flush", task, "--deferred-store", str(file)]
    environ = {**desk.emulator.environment(), "TWILIO_FLEX_WORKSPACE_SID": desk.workspace_sid}

    killed = subprocess.run([sys.executable, "-c", flushing, *arguments], cwd=ROOT, env=environ)
    after = desk.service(deferred=SqliteDeferredChanges(file))

    assert killed.returncode == -9
    assert desk.attributes(task) == {"n": [1]}
    assert after.deferred_tasks() == {task: 1}
    assert after.flush(task).outcome == "unchanged"
    assert (desk.attributes(task), after.deferred_tasks()) == ({"n": [1]}, {})
