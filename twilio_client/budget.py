"""Keep within request rates that Twilio publishes, instead of running into 429.

Source: Twilio changelog "TaskRouter endpoint rate limit correction" (2024-10): each of the
three filters below is limited to 3 requests a second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

LIMITED_FILTERS = ("EvaluateTaskAttributes", "TargetWorkersExpression", "EvaluateWorkerAttributes")
FILTER_REQUESTS_PER_SECOND = 3.0


class RequestBudget:
    """Spaces out the requests that use a limited filter; all others pass at once."""

    def __init__(
        self,
        *,
        per_second: float = FILTER_REQUESTS_PER_SECOND,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """Allow `per_second` requests for each limited filter."""
        self._interval = 1.0 / per_second
        self._clock = clock
        self._sleep = sleep
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait_for(self, params: Mapping[str, object] | None) -> None:
        """Block until a request with these query parameters is within the rate."""
        for name in LIMITED_FILTERS:
            if params and params.get(name) is not None:
                self._sleep_for(self._reserve(name))

    def _reserve(self, name: str) -> float:
        with self._lock:
            now = self._clock()
            slot = max(now, self._next.get(name, now))
            self._next[name] = slot + self._interval
            return slot - now

    def _sleep_for(self, seconds: float) -> None:
        if seconds > 0:
            self._sleep(seconds)
