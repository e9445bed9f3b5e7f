"""Time as the operations see it, so that tests can hold it in their hands."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

Report = Callable[[str], None]
"""Takes one line of progress for people; lines may be redrawn in place."""


@dataclass(frozen=True)
class Waiting:
    """A clock (epoch seconds) and a way to wait (seconds)."""

    now: Callable[[], float] = field(default=time.time)
    sleep: Callable[[float], None] = field(default=time.sleep)

    def now_text(self) -> str:
        """Return the time as ISO 8601 in UTC, whole seconds."""
        return datetime.fromtimestamp(self.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


REAL_TIME = Waiting()


def silent(line: str) -> None:
    """Drop a line of progress."""
    del line
