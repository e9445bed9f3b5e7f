"""Who writes for whom: what a caller is told is what became of its change."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from taskrouter_ops.errors import OutOfTime
from taskrouter_ops.task_attributes.combining import Combining, Ticket
from tests.ops.task_attributes.conftest import TASK
from twilio_client import Deadline
from twilio_emulator.testing import wait_for


class WatchedLock:
    """A lock that lets a test act at the moment somebody leaves it with an error."""

    def __init__(self, on_error: Callable[[], None]) -> None:
        """Begin free."""
        self._lock = threading.Lock()
        self._on_error = on_error

    def __enter__(self) -> None:
        """Take it."""
        self._lock.acquire()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Free it, then let the test act."""
        self._lock.release()
        if kind is not None:
            self._on_error()


class InterruptedLock:
    """A lock at whose release number so and so the user presses Ctrl-C."""

    def __init__(self, moment: int) -> None:
        """Begin free."""
        self._lock = threading.Lock()
        self._left = moment

    def __enter__(self) -> None:
        """Take it."""
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        """Free it, and interrupt when it is time."""
        self._lock.release()
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt


def ticket(seconds: float = 20.0) -> Ticket:
    """Make a ticket with so much time."""
    return Ticket(Deadline(seconds, time.monotonic))


def test_a_change_whose_time_is_over_is_not_written_by_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Others finish and lead at the very moment it gives up: it is out of the line by then."""
    begun, go_on = threading.Event(), threading.Event()
    written: list[Ticket] = []

    def write(_: str, tickets: Sequence[Ticket], __: Any) -> None:
        begun.set()
        assert go_on.wait(20)
        written.extend(tickets)

    combining: Combining[Ticket] = Combining(write)
    first, second, late = ticket(), ticket(), ticket(0)
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(combining.run, TASK, first)]
        assert begun.wait(20)
        running.append(pool.submit(combining.run, TASK, second))
        wait_for(lambda: second in combining._lines[TASK], what="the second to queue")

        def others_end() -> None:
            go_on.set()
            for one in running:
                one.result(20)

        monkeypatch.setattr(combining, "_lock", WatchedLock(others_end))
        with pytest.raises(OutOfTime):
            combining.run(TASK, late)

    assert written == [first, second]
    assert combining._lines == {}


@pytest.mark.parametrize("moment", [1, 2, 3])
def test_an_interrupt_at_any_moment_leaves_the_task_to_others(
    moment: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while the line is made, gathered or handed over: the next writes at once."""

    def write(_: str, tickets: Sequence[Ticket], __: Any) -> None:
        written.extend(tickets)

    written: list[Ticket] = []
    combining: Combining[Ticket] = Combining(write)
    with monkeypatch.context() as patched:
        patched.setattr(combining, "_lock", InterruptedLock(moment))
        with pytest.raises(KeyboardInterrupt):
            combining.run(TASK, ticket())

    following = ticket(0)
    combining.run(TASK, following)

    assert written[-1] is following
    assert combining._lines == {}
