"""One write for everything that waits: while a thread writes a task, others queue behind it.

The first to come leads: it writes, for itself and for all who queued meanwhile, then hands over
to the next in line together with the copy its write ended in, which saves that one the read. No
thread leads twice, so none works for others for ever; and a queue has one entry per waiting
thread, so it is as long as there are callers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from taskrouter_ops.errors import OutOfTime
from twilio_client import Deadline, UpdateUncertain
from twilio_client.attributes import AttributeCopy

# How long a round may go on beyond the deadline of somebody it includes: finding out about a
# lost answer, and the store of deferred changes.
SETTLING_SECONDS = 10.0


@dataclass(eq=False)
class Ticket:
    """One caller's part of a write; settled by an outcome or by an error."""

    deadline: Deadline
    error: BaseException | None = None
    leads: bool = False
    copy: AttributeCopy | None = None
    awake: threading.Event = field(default_factory=threading.Event)


T = TypeVar("T", bound=Ticket)
Write = Callable[[str, Sequence[T], "AttributeCopy | None"], "AttributeCopy | None"]
"""Writes for tickets of one task, settles each, and returns the copy it ended in."""


class Combining(Generic[T]):
    """Lets the threads of a process share writes, task by task."""

    def __init__(self, write: Write[T]) -> None:
        """Begin with nobody writing."""
        self._write = write
        self._lock = threading.Lock()
        # There is a line for a task exactly as long as somebody leads.
        self._lines: dict[str, list[T]] = {}

    def run(self, task_sid: str, ticket: T) -> None:
        """Return once the ticket is settled.

        Raises: what the write said for this ticket; OutOfTime where its turn did not come
        before its deadline (nothing was written); UpdateUncertain where the thread that writes
        for it does not end.
        """
        try:
            self._line_up(task_sid, ticket)
            if not ticket.leads:
                self._await(task_sid, ticket)
            if ticket.leads:
                self._lead(task_sid, ticket)
        except BaseException:
            self._leave(task_sid, ticket)
            raise
        if ticket.error is not None:
            raise ticket.error

    def _line_up(self, task_sid: str, ticket: T) -> None:
        with self._lock:
            line = self._lines.get(task_sid)
            if line is None:
                ticket.leads = True
                self._lines[task_sid] = []
            else:
                line.append(ticket)

    def _await(self, task_sid: str, ticket: T) -> None:
        """Wait to be settled or to lead."""
        if not ticket.awake.wait(ticket.deadline.left):
            self._time_is_over(task_sid, ticket)

    def _time_is_over(self, task_sid: str, ticket: T) -> None:
        with self._lock:
            line = self._lines.get(task_sid, [])
            if ticket in line:
                line.remove(ticket)  # at once: whoever leads next must not write it any more
                raise OutOfTime(task_sid, ticket.deadline.seconds)
        if not ticket.awake.wait(SETTLING_SECONDS):
            raise UpdateUncertain(
                f"update Task {task_sid}", twilio_message="the thread that writes it is stuck"
            )

    def _lead(self, task_sid: str, ticket: T) -> None:
        tickets, copy = [ticket], None
        try:
            with self._lock:
                tickets += self._lines[task_sid]
                self._lines[task_sid].clear()
            copy = self._write(task_sid, tickets, ticket.copy)
        except BaseException as error:
            tickets = self._failed(task_sid, tickets, error)
            if not isinstance(error, Exception):
                raise
        finally:
            for settled in tickets:
                settled.awake.set()
            self._hand_over(task_sid, ticket, copy)

    def _failed(self, task_sid: str, tickets: list[T], error: BaseException) -> list[T]:
        """Give everybody the error but those who still have time and may try again."""
        leader, *others = tickets
        again = [one for one in others if not one.deadline.passed and _may_repeat(error)]
        with self._lock:
            self._lines[task_sid][:0] = again
        settled = [leader, *(one for one in others if one not in again)]
        for one in settled:
            one.error = error if isinstance(error, Exception) else _abandoned(task_sid)
        return settled

    def _hand_over(self, task_sid: str, ticket: T, copy: AttributeCopy | None) -> None:
        with self._lock:
            ticket.leads = False
            line = self._lines[task_sid]
            if not line:
                del self._lines[task_sid]
                return
            following = line.pop(0)
            following.copy = copy
            following.leads = True
        following.awake.set()

    def _leave(self, task_sid: str, ticket: T) -> None:
        """Take an interrupted thread's ticket out, so that nobody waits for it."""
        with self._lock:
            if ticket in self._lines.get(task_sid, []):
                self._lines[task_sid].remove(ticket)
        if ticket.leads:
            self._hand_over(task_sid, ticket, None)


def _may_repeat(error: BaseException) -> bool:
    return bool(getattr(error, "retry_safe", False))


def _abandoned(task_sid: str) -> UpdateUncertain:
    return UpdateUncertain(
        f"update Task {task_sid}", twilio_message="the thread that wrote it was interrupted"
    )
