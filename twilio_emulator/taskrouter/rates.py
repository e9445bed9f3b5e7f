"""Limit the three filters TaskRouter evaluates at request time, and count requests to routes.

Source: changelog "taskrouter-endpoint-rate-limit-correction" (3 requests a second each).
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from twilio_emulator import assumptions
from twilio_emulator.wire import ApiError, Call
from twilio_emulator.wire.errors import TOO_MANY_REQUESTS

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

REQUESTS_PER_SECOND = 3
FILTERS = ("EvaluateTaskAttributes", "TargetWorkersExpression", "EvaluateWorkerAttributes")


class FilterRates:
    """Remember when each account last used each of the filters."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._clock = emulator.clock
        self._recent: dict[tuple[str, str], deque[float]] = {}

    def count(self, account_sid: str, filter_name: str) -> None:
        """Count one request.

        Raises: ApiError 429/20429 for the fourth within a second.
        """
        recent = self._in_last_second(account_sid, filter_name)
        if len(recent) >= REQUESTS_PER_SECOND and self._emulator.limits.enforced("filters"):
            raise too_many_requests()
        recent.append(self._clock.time())

    def left(self, account_sid: str, filter_name: str) -> int:
        """Tell how many requests the present second still allows."""
        return max(REQUESTS_PER_SECOND - len(self._in_last_second(account_sid, filter_name)), 0)

    def _in_last_second(self, account_sid: str, filter_name: str) -> deque[float]:
        recent = self._recent.setdefault((account_sid, filter_name), deque())
        while recent and recent[0] <= self._clock.time() - 1:
            recent.popleft()
        return recent


class RouteRates:
    """Count each account's requests to each route within the present second; nothing is refused."""

    def __init__(self, emulator: Emulator) -> None:
        self._clock = emulator.clock
        self._counts: dict[tuple[str, str], tuple[int, int]] = {}

    def left(self, account_sid: str, key: str) -> int:
        """Count one request, and tell how many are left."""
        second = int(self._clock.time())
        since, count = self._counts.get((account_sid, key), (second, 0))
        count = count + 1 if since == second else 1
        self._counts[account_sid, key] = (second, count)
        return max(assumptions.ROUTE_REQUESTS_PER_SECOND - count, 0)


def limit(call: Call, filter_name: str) -> None:
    """Count a call if it uses this filter."""
    if filter_name in call.params:
        call.emulator.state(FilterRates).count(call.account_sid, filter_name)


def too_many_requests() -> ApiError:
    """Refuse a request above a rate; it was not carried out and is safe to repeat."""
    wait = assumptions.RETRY_AFTER_SECONDS
    headers = {} if wait is None else {"Retry-After": str(wait)}
    return ApiError(429, TOO_MANY_REQUESTS, "Too Many Requests", headers)
