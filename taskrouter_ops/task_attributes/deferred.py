"""Changes kept for a task until its next write: the rules, and what a store of them offers.

The rules are pure functions over one task's JSON document, the same for every store and for the
functions: docs/task-attributes.md, Deferred changes. None changes the document it is given; one
that has nothing to change gives that very document back.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from taskrouter_ops.errors import DeferredTooLong, DeferredUnreadable, InvalidChange
from taskrouter_ops.task_attributes.change import (
    Change,
    change_from_json,
    change_to_json,
    fold,
)
from taskrouter_ops.task_attributes.marks import new_mark
from twilio_client.attribute_json import json_text

# The longest a task may live, so that what is remembered of its changes outlives it.
# Source: TaskRouter Task resource, Timeout.
KEPT_SECONDS = 1_209_600
# Sync takes 16 KiB, and limits documents from 10 KiB on to 2 writes a second.
# Source: Sync limits page.
DOCUMENT_BYTES = 10 * 1024
REMEMBERED = 50

_CHANGE_ID = re.compile(r"[A-Za-z0-9-]{1,36}")

Document = dict[str, Any]
"""`{"task_sid", "batches": [{"id", "sealed", "changes", "operations"}, …], "done": [id, …]}`"""


@dataclass(frozen=True)
class Batch:
    """Deferred changes that are written together: the mark, the folded change, the ids in it."""

    id: str
    operations: Change
    changes: tuple[str, ...]


class DeferredChanges(Protocol):
    """Keeps deferred changes per task; safe to share between threads.

    Raises (every method): DeferredError, and what the store's own docstring names.
    """

    def defer(self, task_sid: str, change: Change, change_id: str | None = None) -> None:
        """Keep one more change; once it returns, the change is in the next batch taken.

        Shape: `change_id` is `[A-Za-z0-9-]{1,36}`; a change whose id is kept, or was flushed,
        is not kept again, so a call that gives one is always safe to repeat.
        Raises: DeferredTooLong beyond 10 KiB; InvalidChange for an id that is none.
        """

    def take(self, task_sid: str) -> list[Batch]:
        """Seal what is kept and return it, oldest first; it stays kept until it is dropped.

        What is deferred from now on goes into a batch of its own. Safe to repeat.
        """

    def drop(self, task_sid: str, batch_ids: Collection[str]) -> None:
        """Forget batches that were written, remembering the ids of their changes.

        Safe to repeat.
        """

    def kept(self, task_sid: str) -> int:
        """Return how many changes are kept for a task."""

    def discard(self, task_sid: str) -> int:
        """Throw away what is kept for a task; return how many changes that was.

        What cannot be read goes as well, and counts 0. Safe to repeat.
        """

    def tasks(self) -> list[str]:
        """Return the SIDs of the tasks for which changes are kept, sorted.

        A task whose changes cannot be read is among them.
        """


def empty_document(task_sid: str) -> Document:
    """Return the document of a task for which nothing was deferred yet."""
    return {"task_sid": task_sid, "batches": [], "done": []}


def new_change_id() -> str:
    """Make an id for a deferred change nobody gave one: 16 characters at random."""
    return new_mark() + new_mark()


def checked_change_id(change_id: str | None) -> str:
    """Return the id, a new one for None. Raises: InvalidChange for one that is no id."""
    if change_id is None:
        return new_change_id()
    if not isinstance(change_id, str) or not _CHANGE_ID.fullmatch(change_id):
        raise InvalidChange(["id: must be 1 to 36 of A-Z, a-z, 0-9 and -"])
    return change_id


def defer(document: Document, change: Change, change_id: str) -> Document:
    """Add a change to the open batch, or to a new one; a known id changes nothing.

    Raises: DeferredTooLong; DeferredUnreadable.
    """
    if change_id in document["done"] or any(
        change_id in batch["changes"] for batch in document["batches"]
    ):
        return document
    sealed = [batch for batch in document["batches"] if batch["sealed"]]
    opened = [batch for batch in document["batches"] if not batch["sealed"]]
    before = opened[-1] if opened else _new_batch()
    operations = fold(_operations(document, before), change)
    grown = {
        **before,
        "changes": [*before["changes"], change_id],
        "operations": change_to_json(operations),
    }
    return _guarded({**document, "batches": [*sealed, grown]})


def seal(document: Document) -> Document:
    """Close the open batch, so that what is deferred from now on goes into another."""
    if all(batch["sealed"] for batch in document["batches"]):
        return document
    return {**document, "batches": [{**batch, "sealed": True} for batch in document["batches"]]}


def batches_in(document: Document) -> list[Batch]:
    """Return all batches, oldest first. Raises: DeferredUnreadable."""
    return [
        Batch(batch["id"], _operations(document, batch), tuple(batch["changes"]))
        for batch in document["batches"]
    ]


def drop(document: Document, batch_ids: Collection[str]) -> Document:
    """Take batches out and remember the newest 50 ids of changes that were in such."""
    dropped = [batch for batch in document["batches"] if batch["id"] in batch_ids]
    if not dropped:
        return document
    kept = [batch for batch in document["batches"] if batch["id"] not in batch_ids]
    done = [*document["done"], *(change for batch in dropped for change in batch["changes"])]
    return {**document, "batches": kept, "done": done[-REMEMBERED:]}


def discard(task_sid: str, data: object) -> tuple[Document, int]:
    """Take all batches out; return also how many changes that were.

    The changes are remembered, so that a repeated request does not revive one. What cannot be
    read goes as well; its changes cannot be counted.
    """
    try:
        document = checked_document(task_sid, data)
    except DeferredUnreadable:
        return empty_document(task_sid), 0
    return drop(document, [batch["id"] for batch in document["batches"]]), kept_in(document)


def holds_changes(task_sid: str, data: object) -> bool:
    """Tell whether a document keeps changes; one that cannot be read may."""
    try:
        return kept_in(checked_document(task_sid, data)) > 0
    except DeferredUnreadable:
        return True


def kept_in(document: Document) -> int:
    """Count the changes that are kept."""
    return sum(len(batch["changes"]) for batch in document["batches"])


def checked_document(task_sid: str, data: object) -> Document:
    """Return what a store read, once it has the agreed shape. Raises: DeferredUnreadable."""
    if not isinstance(data, dict):
        raise DeferredUnreadable(task_sid, ["it is no object"])
    problems = list(_problems(task_sid, data))
    if problems:
        raise DeferredUnreadable(task_sid, problems)
    return data


def _problems(task_sid: str, data: Document) -> Iterator[str]:
    if data.get("task_sid") != task_sid:
        yield "task_sid: is not this task's"
    if not _are_texts(data.get("done")):
        yield "done: must be a list of ids"
    batches = data.get("batches")
    if not isinstance(batches, list):
        yield "batches: must be a list"
        return
    for number, batch in enumerate(batches):
        if not _is_batch(batch):
            yield f"batches[{number}]: must have id, sealed, changes and operations"


def _is_batch(batch: object) -> bool:
    return (
        isinstance(batch, dict)
        and isinstance(batch.get("id"), str)
        and isinstance(batch.get("sealed"), bool)
        and isinstance(batch.get("operations"), list)
        and _are_texts(batch.get("changes"))
    )


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _operations(document: Document, batch: Mapping[str, Any]) -> Change:
    try:
        return change_from_json(batch["operations"], place=f"batch {batch['id']}")
    except InvalidChange as error:
        raise DeferredUnreadable(document["task_sid"], error.problems) from error


def _new_batch() -> dict[str, Any]:
    return {"id": new_mark(), "sealed": False, "changes": [], "operations": []}


def _guarded(document: Document) -> Document:
    length = len(json_text(document).encode())
    if length > DOCUMENT_BYTES:
        raise DeferredTooLong(document["task_sid"], length, DOCUMENT_BYTES)
    return document
