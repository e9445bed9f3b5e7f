"""The emulator's time: the machine's, or a virtual one that only moves when told."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class Clock:
    """Tell the time, and wait.

    With `start` the clock stands still until `advance`; without it the clock runs with the
    machine's, ahead of it by what `advance` has added.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start.timestamp() if start is not None else None
        self._ahead = 0.0
        self._moved = asyncio.Event()

    @property
    def is_virtual(self) -> bool:
        """Tell whether the clock only moves when told."""
        return self._start is not None

    def time(self) -> float:
        """Return seconds since 1970."""
        return (time.time() if self._start is None else self._start) + self._ahead

    def now(self) -> datetime:
        """Return the moment, in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    def advance(self, seconds: float) -> None:
        """Move time forward and wake whoever waited for it.

        Raises: ValueError for a negative number of seconds.
        """
        if seconds < 0:
            raise ValueError("time moves forward only")
        self._ahead += seconds
        self._moved.set()
        self._moved = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Wait until this clock has moved on by some seconds."""
        deadline = self.time() + seconds
        while (left := deadline - self.time()) > 0:
            await self._wait_for_move(None if self.is_virtual else left)

    async def _wait_for_move(self, at_most: float | None) -> None:
        try:
            async with asyncio.timeout(at_most):
                await self._moved.wait()
        except TimeoutError:
            return
