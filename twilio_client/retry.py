"""When a request is repeated, and how long to wait before."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RetryPolicy:
    """Full-jitter exponential backoff.

    The wait before attempt n+1 is uniform in [0, min(longest_seconds, first_seconds * 2^(n-1))];
    a Retry-After header lengthens it, up to `longest_retry_after_seconds`.
    Times are in seconds. `random` is injected by tests.
    """

    attempts: int = 6
    first_seconds: float = 0.2
    longest_seconds: float = 5.0
    longest_retry_after_seconds: float = 30.0
    random: Callable[[], float] = field(default=random.random, repr=False)

    def wait_seconds(self, attempt: int, retry_after: str | None = None) -> float:
        """Return the wait after the given attempt (1 for the first) has failed."""
        ceiling = min(self.longest_seconds, self.first_seconds * 2.0 ** (attempt - 1))
        asked = float(retry_after) if retry_after and retry_after.isdigit() else 0.0
        return max(self.random() * ceiling, min(asked, self.longest_retry_after_seconds))
