"""Deferred changes: the same behaviour whatever keeps them, in memory, in a file or in Sync."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from taskrouter_ops.errors import DeferredTooLong, InvalidChange
from taskrouter_ops.task_attributes import (
    Append,
    Batch,
    Change,
    DeferredChanges,
    MemoryDeferredChanges,
    apply,
    as_change,
    change_to_json,
    fold,
)
from taskrouter_ops.task_attributes import deferred as rules
from tests.ops.task_attributes.conftest import OTHER_TASK, TASK, Kept
from twilio_client.attribute_json import json_text

THREADS = 8
PROCESSES = 3


def adding(value: Any) -> Change:
    """Append one value: whatever is lost, doubled or out of order shows."""
    return (Append(("n",), [value]),)


def written(batches: list[Batch]) -> list[Any]:
    """Return the values batches add, in the order they are written in."""
    attributes: dict[str, Any] = {}
    for batch in batches:
        attributes = apply(batch.operations, attributes)
    values: list[Any] = attributes.get("n", [])
    return values


def flush(store: DeferredChanges, task_sid: str = TASK) -> list[Any]:
    """Take what is kept, as a write would that succeeds, and drop it."""
    batches = store.take(task_sid)
    store.drop(task_sid, [batch.id for batch in batches])
    return written(batches)


def test_nothing_is_kept_at_first(kept: Kept) -> None:
    """A task nobody deferred anything for has no batches, and is no task with changes."""
    assert kept.store.take(TASK) == []
    assert kept.store.kept(TASK) == 0
    assert kept.store.discard(TASK) == 0
    assert kept.store.tasks() == []
    kept.store.drop(TASK, ["none"])


def test_changes_are_folded_in_their_order(kept: Kept) -> None:
    """What is deferred one after the other is one batch with the effect of all."""
    changes = [as_change({"a": {"b": 1}}), adding(1), adding(2), as_change({"a": {"c": None}})]
    for change in changes:
        kept.store.defer(TASK, change)

    (batch,) = kept.reopen().take(TASK)

    together: Change = ()
    for change in changes:
        together = fold(together, change)
    assert change_to_json(batch.operations) == change_to_json(together)
    assert len(batch.changes) == 4
    assert kept.store.kept(TASK) == 4


def test_what_is_deferred_during_a_flush_is_kept_for_the_next(kept: Kept) -> None:
    """A taken batch is closed: dropping it leaves what came since."""
    kept.store.defer(TASK, adding("before"))
    taken = kept.store.take(TASK)
    kept.store.defer(TASK, adding("during"))
    kept.store.defer(TASK, adding("too"))

    kept.store.drop(TASK, [batch.id for batch in taken])

    assert written(taken) == ["before"]
    assert kept.store.kept(TASK) == 2
    assert flush(kept.reopen()) == ["during", "too"]


def test_two_takers_get_the_same_batches(kept: Kept) -> None:
    """Two flushes at once write the same ids, so the second finds its work done."""
    kept.store.defer(TASK, adding(1))

    first, second = kept.store.take(TASK), kept.reopen().take(TASK)

    assert first == second
    assert len(first) == 1


def test_a_failed_flush_leaves_everything_in_order(kept: Kept) -> None:
    """What was taken and not dropped comes again with its id, before what is newer."""
    kept.store.defer(TASK, adding(1))
    failed = kept.store.take(TASK)
    kept.store.defer(TASK, adding(2))

    again = kept.store.take(TASK)

    assert again[:1] == failed
    assert written(again) == [1, 2]
    assert kept.store.kept(TASK) == 2


def test_dropping_is_by_id_and_may_be_repeated(kept: Kept) -> None:
    """Only the batches named go, in whatever order they were written, and only once."""
    for value in (1, 2, 3):
        kept.store.defer(TASK, adding(value))
        kept.store.take(TASK)
    first, second, third = kept.store.take(TASK)

    kept.store.drop(TASK, [second.id])
    kept.store.drop(TASK, [second.id, "unknown"])
    kept.store.drop(TASK, [])

    assert kept.store.take(TASK) == [first, third]


def test_the_same_change_counts_once(kept: Kept) -> None:
    """A repeated request is recognised: while it is open, sealed, and after it was flushed."""
    for _ in range(2):
        kept.store.defer(TASK, adding(1), "request-1")
    kept.store.take(TASK)
    kept.store.defer(TASK, adding(1), "request-1")
    assert kept.store.kept(TASK) == 1
    assert flush(kept.store) == [1]

    kept.reopen().defer(TASK, adding(1), "request-1")

    assert kept.store.kept(TASK) == 0
    assert kept.store.take(TASK) == []


def test_the_same_id_at_two_tasks_is_two_changes(kept: Kept) -> None:
    """Ids belong to a task, and tasks do not see each other's changes."""
    kept.store.defer(TASK, adding(1), "request-1")
    kept.store.defer(OTHER_TASK, adding(2), "request-1")

    assert kept.store.tasks() == [TASK, OTHER_TASK]
    assert flush(kept.store) == [1]
    assert kept.store.tasks() == [OTHER_TASK]
    assert flush(kept.store, OTHER_TASK) == [2]


def test_a_change_that_does_not_fit_is_refused_and_the_others_stay(kept: Kept) -> None:
    """Beyond 10 KiB the error names task and size, shows no content, and loses nothing."""
    kept.store.defer(TASK, as_change({"a": "x" * 6000}), "first")

    with pytest.raises(DeferredTooLong, match=f"of {TASK} would be [0-9]+ bytes") as caught:
        kept.store.defer(TASK, as_change({"b": "é" * 3000}), "second")

    assert not caught.value.retry_safe
    assert "é" not in str(caught.value)
    kept.store.defer(TASK, as_change({"c": 1}), "third")
    (batch,) = kept.store.take(TASK)
    assert batch.changes == ("first", "third")
    kept.store.drop(TASK, [batch.id])
    kept.store.defer(TASK, as_change({"b": "é" * 3000}), "second")
    assert kept.store.kept(TASK) == 1


def test_discarding_counts_what_it_throws_away(kept: Kept) -> None:
    """Everything goes, sealed or open; a repeated request does not revive it."""
    kept.store.defer(TASK, adding(1), "one")
    kept.store.take(TASK)
    kept.store.defer(TASK, adding(2), "two")

    assert kept.store.discard(TASK) == 2

    kept.store.defer(TASK, adding(1), "one")
    assert kept.store.kept(TASK) == 0
    kept.store.defer(TASK, adding(3), "three")
    assert flush(kept.store) == [3]


def test_values_come_back_as_they_went_in(kept: Kept) -> None:
    """Text of any script, large integers and floats survive being kept."""
    patch = {"Grüße \U0001f600": "\u2028\u0000\"'\\", "n": [2**60 + 1, 0.1, 1e300, True, None]}

    kept.store.defer(TASK, as_change(patch))

    (batch,) = kept.reopen().take(TASK)
    assert json_text(change_to_json(batch.operations)) == json_text([{"merge": patch}])


@pytest.mark.parametrize("change_id", ["", "x" * 37, "no spaces", "é", "a\n"], ids=repr)
def test_an_id_that_is_none_is_refused(kept_in_memory: Kept, change_id: str) -> None:
    """Ids are 1 to 36 of letters, digits and hyphens."""
    with pytest.raises(InvalidChange, match="id: must be 1 to 36"):
        kept_in_memory.store.defer(TASK, adding(1), change_id)


@pytest.fixture
def restless_threads(kept: Kept) -> Iterator[None]:
    """Let threads interrupt each other all the time where nothing else makes them take turns."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6 if kept.kind == "memory" else usual)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("restless_threads")
def test_threads_at_once_lose_and_double_nothing(kept: Kept) -> None:
    """Eight threads defer while a ninth flushes: each change is written exactly once."""
    deferred = threading.Event()
    flushed: list[Any] = []

    def defer(name: int) -> None:
        store = kept.reopen()
        for number in range(5):
            store.defer(TASK, adding(f"{name}-{number}"))

    def flushing() -> None:
        while not deferred.is_set():
            flushed.extend(flush(kept.store))

    with ThreadPoolExecutor(THREADS + 1) as pool:
        flusher = pool.submit(flushing)
        ends = [pool.submit(defer, name) for name in range(THREADS)]
        wait(ends)
        deferred.set()
        for done in [*ends, flusher]:
            done.result()
    flushed.extend(flush(kept.store))

    for name in range(THREADS):
        mine = [value for value in flushed if value.startswith(f"{name}-")]
        assert mine == [f"{name}-{number}" for number in range(5)]
    assert len(flushed) == THREADS * 5


@pytest.mark.parametrize("kept", ["sqlite", "sync"], indirect=True)
def test_processes_at_once_lose_and_double_nothing(kept: Kept) -> None:
    """Three processes and this one defer for one task: each change is kept exactly once."""
    names = [f"process{number}" for number in range(PROCESSES)]
    running = [kept.process(TASK, name, 8) for name in names]
    for number in range(8):
        kept.store.defer(TASK, adding(f"here-{number}"))
    for process in running:
        process.communicate(timeout=120)
        assert process.returncode == 0

    found = flush(kept.store)

    expected = [f"{name}-{number}" for name in [*names, "here"] for number in range(8)]
    assert sorted(found) == sorted(expected)


def test_memory_forgets_tasks_that_ended_long_ago() -> None:
    """A process that lives for years does not keep every task it saw; what is kept stays."""
    now = [0.0]
    store = MemoryDeferredChanges(now=lambda: now[0])
    store.defer(TASK, adding(1), "one")
    flush(store)
    store.defer(OTHER_TASK, adding(2), "two")

    now[0] = rules.KEPT_SECONDS - 1.0
    store.defer(TASK, adding(1), "one")
    assert store.kept(TASK) == 0
    now[0] = 3.0 * rules.KEPT_SECONDS
    store.defer("WT" + "c" * 32, adding(3))
    store.defer(TASK, adding(1), "one")

    assert store.kept(TASK) == 1
    assert store.kept(OTHER_TASK) == 1


def test_the_document_is_the_agreed_one() -> None:
    """Fields, order and flags are those the functions read and write."""
    document = rules.defer(rules.empty_document(TASK), adding(1), "x1")
    document = rules.defer(rules.seal(document), as_change({"a": None}), "x2")
    first, second = (batch["id"] for batch in document["batches"])

    assert document == {
        "task_sid": TASK,
        "batches": [
            {
                "id": first,
                "sealed": True,
                "changes": ["x1"],
                "operations": [{"append": {"path": ["n"], "values": [1]}}],
            },
            {
                "id": second,
                "sealed": False,
                "changes": ["x2"],
                "operations": [{"merge": {"a": None}}],
            },
        ],
        "done": [],
    }
    assert rules.drop(document, [first])["done"] == ["x1"]
    assert first != second
    assert len(first) == 8


def test_the_newest_fifty_flushed_ids_are_remembered() -> None:
    """The memory of what was flushed does not grow with the work."""
    document = rules.empty_document(TASK)
    for number in range(60):
        document = rules.defer(document, adding(number), f"c{number}")
        document = rules.discard(TASK, document)[0]

    assert document["done"] == [f"c{number}" for number in range(10, 60)]


class Flushes(RuleBasedStateMachine):
    """Any order of deferring, taking, writing, failing and dropping against one task.

    The task has the list `n` and the ids of the batches written to it, as in the agreement.
    """

    def __init__(self) -> None:
        super().__init__()
        self.document = rules.empty_document(TASK)
        self.deferred: list[int] = []
        self.taken: list[list[Batch]] = []
        self.task: dict[str, Any] = {"n": []}
        self.marks: set[str] = set()

    @rule(repeated=st.booleans())
    def defer(self, repeated: bool) -> None:
        """Defer a new change, or one that was deferred before."""
        number = len(self.deferred) - 1 if repeated and self.deferred else len(self.deferred)
        if number == len(self.deferred):
            self.deferred.append(number)
        self.document = rules.defer(self.document, adding(number), f"c{number}")

    @rule()
    def take(self) -> None:
        """Begin a flush; several may be under way."""
        self.document = rules.seal(self.document)
        self.taken.append(rules.batches_in(self.document))

    @rule(dropped=st.booleans())
    def write(self, dropped: bool) -> None:
        """End the oldest flush: the write succeeds, the drop after it may never come."""
        if not self.taken:
            return
        batches = self.taken.pop(0)
        for batch in batches:
            if batch.id not in self.marks:
                self.task = apply(batch.operations, self.task)
                self.marks.add(batch.id)
        if dropped:
            self.document = rules.drop(self.document, [batch.id for batch in batches])

    @invariant()
    def nothing_is_lost_doubled_or_out_of_order(self) -> None:
        """What is written and what is kept is all that was deferred."""
        task = self.task
        for batch in rules.batches_in(self.document):
            if batch.id not in self.marks:
                task = apply(batch.operations, task)
        assert task["n"] == self.deferred

    @invariant()
    def it_can_be_kept_as_json(self) -> None:
        """The document is JSON of the agreed shape at every step."""
        assert rules.checked_document(TASK, json.loads(json_text(self.document))) == self.document


TestFlushes = Flushes.TestCase
TestFlushes.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
