"""When a request is repeated, and how long to wait before."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

# Beyond it a float overflows, and no wait is that long.
_MOST_DOUBLINGS = 60


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
        doublings = min(attempt - 1, _MOST_DOUBLINGS)
        ceiling = min(self.longest_seconds, self.first_seconds * 2.0**doublings)
        asked = float(retry_after) if retry_after and retry_after.isdigit() else 0.0
        return max(self.random() * ceiling, min(asked, self.longest_retry_after_seconds))


class Deadline:
    """A moment by which something has to be over.

    Units: seconds. Given to a request, it replaces the policy's number of attempts: the request
    is repeated for as long as there is time, and no attempt may take longer than what is left.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin to count now."""
        self.seconds = seconds
        self._clock = clock
        self._ends = clock() + seconds

    @property
    def left(self) -> float:
        """The seconds that are left, never below 0."""
        return max(0.0, self._ends - self._clock())

    @property
    def passed(self) -> bool:
        """Whether no time is left."""
        return self.left == 0.0
