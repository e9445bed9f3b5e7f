"""How progress is shown: one line each, the step's name in front."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field


def say(step: str, text: str) -> None:
    """Print one line of progress at once, even into a pipe."""
    print(f"{step:<20} {text}", flush=True)


def elapsed(seconds: float) -> str:
    """Return a duration as people say it: `8 s`, `2 min 05 s`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60:02d} s"


def table(rows: Sequence[tuple[str, str]]) -> str:
    """Return rows of two columns, the first as wide as its widest entry."""
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"  {name:<{width}}  {value}" for name, value in rows)


@dataclass
class Timings:
    """Collect how long each step took."""

    rows: list[tuple[str, str]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time the block, also when it fails."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.rows.append((name, elapsed(time.monotonic() - began)))

    def show(self) -> None:
        """Print what was collected so far."""
        print(f"\nTimes\n{table(self.rows)}\n", flush=True)
