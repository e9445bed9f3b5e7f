"""Sync's limits on how often one object is written and read, and on how often one is made.

Source: Sync limits page (20 writes and 20 reads a second per document, list or map within a ten
second burst window, 2 writes a second from 10 KiB on) and error page 54009 (20 new objects a
second).  How writes of 1 to 10 KiB are weighed is assumed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_emulator.wire import Call

from . import errors

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

PER_SECOND = 20.0
BURST_SECONDS = 10.0
_FULL = PER_SECOND * BURST_SECONDS
_KIB = 1024
_TRACKED = 10_000


def cost(size: int) -> float:
    """Return how many small writes one of `size` bytes counts for, 1 to 10."""
    return min(10.0, max(1.0, size / _KIB))


class ObjectRates:
    """Token buckets, refilled by the emulator's clock."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._clock = emulator.clock
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def take(self, what: str, sid: str, tokens: float = 1.0) -> bool:
        """Count one access, or say that it has to be refused."""
        if not self._emulator.limits.enforced("sync_rates"):
            return True
        now = self._clock.time()
        level, since = self._buckets.get((what, sid), (_FULL, now))
        level = min(_FULL, level + (now - since) * PER_SECOND)
        allowed = level >= tokens
        self._remember((what, sid), level - tokens if allowed else level, now)
        return allowed

    def _remember(self, key: tuple[str, str], level: float, now: float) -> None:
        if len(self._buckets) >= _TRACKED:
            self._buckets = {
                name: (left, since)
                for name, (left, since) in self._buckets.items()
                if now - since < BURST_SECONDS
            }
        self._buckets[key] = (level, now)


def count_write(call: Call, sid: str, text: str = "") -> None:
    """Count a write of `text` to a document, list or map, or to an item of it.

    Raises: ApiError 429/54009, safe to retry.
    """
    if not call.emulator.state(ObjectRates).take("writes", sid, cost(len(text.encode()))):
        raise errors.too_often(f"writes to {sid}")


def count_read(call: Call, sid: str) -> None:
    """Count a read of a document, list or map, or of its items.

    Raises: ApiError 429/54009, safe to retry.
    """
    if not call.emulator.state(ObjectRates).take("reads", sid):
        raise errors.too_often(f"reads of {sid}")


def count_creation(call: Call, service_sid: str) -> None:
    """Count a new document, list or map of a service.

    Raises: ApiError 429/54009, safe to retry.
    """
    if not call.emulator.state(ObjectRates).take("creations", service_sid):
        raise errors.too_often(f"new objects of {service_sid}")
