"""What goes into one write of a task: deferred batches first, then every change that waits.

A change that fails (it does not apply, it would be too long, its function raised) fails alone;
a deferred batch that fails stops the write, because what was deferred comes first.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from taskrouter_ops.errors import NotApplicable
from taskrouter_ops.task_attributes import marks
from taskrouter_ops.task_attributes.change import Change, apply, is_repeatable
from taskrouter_ops.task_attributes.combining import Ticket
from taskrouter_ops.task_attributes.deferred import Batch
from twilio_client import AttributesInvalid
from twilio_client.attribute_json import (
    ATTRIBUTES_LIMIT,
    Attributes,
    attributes_text,
    json_text,
    same,
)

Function = Callable[[Attributes], Attributes]


@dataclass(eq=False)
class Update(Ticket):
    """One caller's change; None only flushes. `mark` stands for the id the caller gave."""

    change: Change | Function | None = None
    mark: str | None = None
    outcome: Literal["updated", "unchanged", "gone"] = "unchanged"
    text: str | None = None
    flushed: int = 0
    kept: int = 0


class BatchRefused(Exception):
    """A deferred batch does not apply to the attributes that are there."""


class Writing:
    """The change of one write; asked again with the fresh copy after each lost race."""

    def __init__(
        self,
        task_sid: str,
        updates: Sequence[Update],
        batches: Sequence[Batch],
        kept: Callable[[], Collection[str]],
    ) -> None:
        """Put deferred batches and updates together; they apply in this order.

        `kept` tells the ids of the batches that are still kept.
        """
        self._what = f"update Task {task_sid}"
        self._updates = updates
        self._batches = batches
        self._kept = kept
        self._shared_mark = marks.new_mark()
        self._marks: list[str] = []
        self.flushed = 0

    def change(self, attributes: Attributes) -> Attributes:
        """Return the attributes with everything applied, each update's outcome noted.

        Raises: BatchRefused.
        """
        attempt = _Attempt(attributes, self._what, self._shared_mark)
        self.flushed = sum(self._flush(attempt, batch) for batch in self._due(attempt))
        for update in self._updates:
            self._apply(attempt, update)
        self._marks = attempt.marks()
        return attempt.result()

    @property
    def repeatable(self) -> bool:
        """Whether the last attempt may be applied twice: it had merges only."""
        return not self._marks

    def was_applied(self, before: Attributes, now: Attributes) -> bool | None:
        """Tell from the marks whether the last attempt is in `now`.

        The marks of one write go together; a batch's or a caller's id alone may be somebody
        else's writing the same.
        """
        known = [_was_applied(mark, before, now) for mark in self._marks]
        if not known or False in known:
            return False
        return None if None in known else True

    def _due(self, attempt: _Attempt) -> list[Batch]:
        """Leave out what somebody else wrote and dropped since it was taken.

        Its mark may have given way before the attributes were read. Raises: DeferredError,
        TwilioError.
        """
        if all(attempt.holds(batch.id) for batch in self._batches):
            return list(self._batches)
        kept = self._kept()
        return [batch for batch in self._batches if batch.id in kept]

    def _flush(self, attempt: _Attempt, batch: Batch) -> int:
        if attempt.holds(batch.id):
            attempt.pin(batch.id)
            return 0
        try:
            changed = attempt.take(apply(batch.operations, attempt.current), batch.id)
        except Exception as error:
            raise BatchRefused from error
        if not changed:
            attempt.pass_by(batch.id)
        return len(batch.changes) if changed else 0

    def _apply(self, attempt: _Attempt, update: Update) -> None:
        update.error, update.outcome = None, "unchanged"
        if update.change is None or attempt.holds(update.mark):
            return
        repeatable = not callable(update.change) and is_repeatable(update.change)
        try:
            after = self._changed(update.change, attempt.current)
            if attempt.take(after, update.mark, repeatable=repeatable):
                update.outcome = "updated"
        except Exception as error:  # noqa: BLE001 - it is the caller's, who gets it
            update.error = error

    def _changed(self, change: Change | Function, attributes: Attributes) -> Attributes:
        if not callable(change):
            try:
                return apply(change, attributes)
            except NotApplicable as error:
                raise NotApplicable(
                    error.path, at=error.at, found=error.found, what=self._what
                ) from None
        after: Any = change(copy.deepcopy(attributes))
        if not isinstance(after, dict):
            raise AttributesInvalid(
                self._what,
                twilio_message=f"the function returned {type(after).__name__}, not an object",
            )
        # Operations hold JSON only; of a function that is found out here, before it is compared.
        attributes_text(after, what=self._what)
        return after


def _was_applied(mark: str, before: Attributes, now: Attributes) -> bool | None:
    present = marks.marks_in(now)
    known = marks.was_applied(mark, before=marks.marks_in(before), now=present)
    if known is None and not marks.marks_in(before) and _has_room(present, now):
        return False  # all marks there ever were are still there
    return known


def _has_room(present: Sequence[str], now: Attributes) -> bool:
    """Tell whether no mark can have given way: few are there, and half the room is free."""
    length = len(json_text(now))
    return len(present) < marks.KEPT_MARKS and length <= ATTRIBUTES_LIMIT // 2


class _Attempt:
    """One go at the attributes that are there: the changes so far, and the marks they need."""

    def __init__(self, attributes: Attributes, what: str, shared_mark: str) -> None:
        self._before = attributes
        self._what = what
        self._shared_mark = shared_mark
        self._present = marks.marks_in(attributes)
        self._own: list[str] = []
        self._idle: list[str] = []
        self._pinned: list[str] = []
        self._repeatable = False
        self._unrepeatable = False
        self.current = marks.without_marks(attributes)

    def holds(self, mark: str | None) -> bool:
        """Tell whether a change with this mark is in the attributes already."""
        return mark is not None and (mark in self._present or mark in self._own)

    def pin(self, mark: str) -> None:
        """Keep a mark that is there from giving way: its batch is not dropped yet."""
        self._pinned.append(mark)

    def pass_by(self, mark: str) -> None:
        """Mark a batch without effect as well, if anything is written.

        Left behind by a crash, it would otherwise be applied after what is written here.
        """
        self._idle.append(mark)

    def take(self, after: Attributes, mark: str | None, *, repeatable: bool = False) -> bool:
        """Go on with what a change made of the attributes, if it made anything of them.

        Raises: AttributesTooLong, AttributesInvalid; then nothing of it is taken.
        """
        after = marks.without_marks(after)
        if same(after, self.current):
            return False
        former = (self.current, list(self._own), self._repeatable, self._unrepeatable)
        self._note(mark, repeatable)
        self.current = after
        try:
            attributes_text(self.result(), what=self._what)
        except Exception:
            self.current, self._own, self._repeatable, self._unrepeatable = former
            raise
        return True

    def marks(self) -> list[str]:
        """Return the marks this write has to leave.

        A merge needs none by itself. Beside marked changes it does: theirs may come from
        somebody else who wrote the same, and do not say whether this write happened.
        """
        if not (self._own or self._repeatable or self._unrepeatable):
            return []
        own = [*self._idle, *self._own]
        shared = self._unrepeatable or (own and self._repeatable)
        return [*own, *([self._shared_mark] if shared else [])]

    def result(self) -> Attributes:
        """Return the attributes as they are to be written."""
        after = dict(self.current)
        if marks.APPLIED_CHANGES in self._before:
            after[marks.APPLIED_CHANGES] = self._before[marks.APPLIED_CHANGES]
        own = self.marks()
        return marks.with_marks(after, [*self._pinned, *own]) if own else after

    def _note(self, mark: str | None, repeatable: bool) -> None:
        if mark is not None:
            self._own.append(mark)
        elif repeatable:
            self._repeatable = True
        else:
            self._unrepeatable = True
