"""Limit the three filters TaskRouter evaluates at request time.

Source: changelog "taskrouter-endpoint-rate-limit-correction" (3 requests a second each).
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from twilio_emulator.wire import ApiError, Call
from twilio_emulator.wire.errors import TOO_MANY_REQUESTS

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

REQUESTS_PER_SECOND = 3


class FilterRates:
    """Remember when each account last used each of the filters."""

    def __init__(self, emulator: Emulator) -> None:
        self._clock = emulator.clock
        self._enforced = emulator.settings.rate_limits
        self._recent: dict[tuple[str, str], deque[float]] = {}

    def count(self, account_sid: str, filter_name: str) -> None:
        """Count one request.

        Raises: ApiError 429/20429 for the fourth within a second.
        """
        if not self._enforced:
            return
        now = self._clock.time()
        recent = self._recent.setdefault((account_sid, filter_name), deque())
        while recent and recent[0] <= now - 1:
            recent.popleft()
        if len(recent) >= REQUESTS_PER_SECOND:
            raise ApiError(429, TOO_MANY_REQUESTS, "Too Many Requests")
        recent.append(now)


def limit(call: Call, filter_name: str) -> None:
    """Count a call if it uses this filter."""
    if filter_name in call.params:
        call.emulator.state(FilterRates).count(call.account_sid, filter_name)
