"""Sync's limit on writes to one object.

Source: Sync limits page: 20 writes a second per object within a 10 s burst window, less for
payloads over 1 KiB, 2 a second from 10 KiB on.  The line between 1 and 10 KiB is assumed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

WRITES_PER_SECOND = 20.0
BURST_SECONDS = 10.0
_FULL = WRITES_PER_SECOND * BURST_SECONDS
_KIB = 1024
_TRACKED = 10_000


def cost(size: int) -> float:
    """Return how many small writes one of `size` bytes counts for, 1 to 10."""
    return min(10.0, max(1.0, size / _KIB))


class WriteRates:
    """A token bucket per document, list or map; the emulator's `rate_limits` switches it."""

    def __init__(self, emulator: Emulator) -> None:
        self._enabled = emulator.settings.rate_limits
        self._clock = emulator.store.clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, sid: str, size: int) -> bool:
        """Count one write, or say that it has to be refused."""
        if not self._enabled:
            return True
        now = self._clock.time()
        level, since = self._buckets.get(sid, (_FULL, now))
        level = min(_FULL, level + (now - since) * WRITES_PER_SECOND)
        allowed = level >= cost(size)
        self._remember(sid, level - cost(size) if allowed else level, now)
        return allowed

    def _remember(self, sid: str, level: float, now: float) -> None:
        if len(self._buckets) >= _TRACKED:
            self._buckets = {
                name: (left, since)
                for name, (left, since) in self._buckets.items()
                if now - since < BURST_SECONDS
            }
        self._buckets[sid] = (level, now)
