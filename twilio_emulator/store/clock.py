"""The emulator's time: the machine's, or a virtual one that only moves when told.

What is due at a moment is told to the clock (`clock.at(moment, callback)`), so that moving the
clock forward passes through every such moment in order, each at its own time.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

_log = logging.getLogger(__name__)


_FEW_TIMERS = 1_000


class Timer:
    """One callback due at a moment (seconds since 1970)."""

    __slots__ = ("_cancelled", "callback", "is_over", "moment")

    def __init__(
        self, moment: float, callback: Callable[[], None], cancelled: Callable[[], None]
    ) -> None:
        self.moment = moment
        self.callback = callback
        self.is_over = False
        self._cancelled = cancelled

    def cancel(self) -> None:
        """Never run it; nothing happens when it has run."""
        if not self.is_over:
            self.is_over = True
            self._cancelled()


class Clock:
    """Tell the time, wait, and run what is due.

    With `start` the clock stands still until `advance`; without it the clock runs with the
    machine's, ahead of it by what `advance` has added.  On a running clock timers need `run`
    beside them.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start.timestamp() if start is not None else None
        self._ahead = 0.0
        self._moved = asyncio.Event()
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._cancelled = 0

    @property
    def is_virtual(self) -> bool:
        """Tell whether the clock only moves when told."""
        return self._start is not None

    @property
    def timers(self) -> int:
        """How many timers are kept, some of those cancelled included."""
        return len(self._timers)

    def time(self) -> float:
        """Return seconds since 1970."""
        return (time.time() if self._start is None else self._start) + self._ahead

    def now(self) -> datetime:
        """Return the moment, in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    def at(self, moment: datetime, callback: Callable[[], None]) -> Timer:
        """Run `callback` once, at a moment or right after it."""
        timer = Timer(moment.timestamp(), callback, self._count_cancelled)
        heapq.heappush(self._timers, (timer.moment, next(self._order), timer))
        if self._timers[0][2] is timer:
            self._wake()
        return timer

    def advance(self, seconds: float) -> None:
        """Move time forward, running what falls due on the way, and wake whoever waited for it.

        Raises: ValueError for a negative number of seconds.
        """
        if seconds < 0:
            raise ValueError("time moves forward only")
        target = self.time() + seconds
        while (due := self._earliest()) is not None and due <= target:
            self._ahead += max(due - self.time(), 0.0)
            self._run_due()
        self._ahead += max(target - self.time(), 0.0)
        self._wake()

    async def sleep(self, seconds: float) -> None:
        """Wait until this clock has moved on by some seconds."""
        deadline = self.time() + seconds
        while (left := deadline - self.time()) > 0:
            await self._wait_for_move(None if self.is_virtual else left)

    async def run(self) -> None:
        """Run timers as they fall due, until cancelled."""
        while True:
            self._run_due()
            earliest = self._earliest()
            left = None if earliest is None or self.is_virtual else earliest - self.time()
            await self._wait_for_move(left)

    def forget_timers(self) -> None:
        """Drop every timer."""
        self._timers.clear()
        self._cancelled = 0

    def _count_cancelled(self) -> None:
        """Drop cancelled timers once they are most of those kept."""
        self._cancelled += 1
        if self._cancelled > max(_FEW_TIMERS, len(self._timers) // 2):
            self._timers = [entry for entry in self._timers if not entry[2].is_over]
            heapq.heapify(self._timers)
            self._cancelled = 0

    def _run_due(self) -> None:
        now = self.time()
        while (due := self._earliest()) is not None and due <= now:
            _, _, timer = heapq.heappop(self._timers)
            timer.is_over = True
            try:
                timer.callback()
            except Exception:  # noqa: BLE001 - one failing timer must not stop the others
                _log.exception("what was due at %s failed", timer.moment)

    def _earliest(self) -> float | None:
        while self._timers and self._timers[0][2].is_over:
            heapq.heappop(self._timers)
            self._cancelled -= 1
        return self._timers[0][0] if self._timers else None

    def _wake(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    async def _wait_for_move(self, at_most: float | None) -> None:
        try:
            async with asyncio.timeout(at_most):
                await self._moved.wait()
        except TimeoutError:
            return
