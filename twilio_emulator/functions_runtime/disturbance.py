"""What is to befall the next execution of a function: its process is killed or frozen.

It travels in a context variable from the exchange that decided on it to the pool that has the
process, past the Serverless product, which has no say in it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal


@dataclasses.dataclass(frozen=True)
class Disturbance:
    """Kill or freeze the process once the function has run for `after` seconds."""

    kind: Literal["kill", "freeze"]
    after: float = 0.0


_present: ContextVar[Disturbance | None] = ContextVar("disturbance", default=None)


@contextmanager
def disturbed(disturbance: Disturbance) -> Iterator[None]:
    """Have executions started inside the block disturbed."""
    token = _present.set(disturbance)
    try:
        yield
    finally:
        _present.reset(token)


def present() -> Disturbance | None:
    """Return what is to befall an execution started now."""
    return _present.get()
