"""What goes into a function and what comes out, as values."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

Headers = Sequence[tuple[bytes, bytes]]


@dataclasses.dataclass(frozen=True)
class LogLine:
    """One line a function wrote; `level` is INFO, WARN or ERROR."""

    level: str
    message: str


@dataclasses.dataclass(frozen=True)
class Invocation:
    """One request to a function: `target` is path and query as they came."""

    method: str
    target: bytes
    headers: Headers
    body: bytes


@dataclasses.dataclass(frozen=True)
class Answered:
    """The function answered."""

    status: int
    headers: Headers
    body: bytes
    logs: Sequence[LogLine]


@dataclasses.dataclass(frozen=True)
class TimedOut:
    """The function ran into the execution limit; its process was killed."""

    logs: Sequence[LogLine]


@dataclasses.dataclass(frozen=True)
class Crashed:
    """The process ended without an answer; `reason` is what it left behind."""

    reason: str
    logs: Sequence[LogLine]


@dataclasses.dataclass(frozen=True)
class Saturated:
    """The account already has as many executions as it may have; nothing ran."""

    limit: int


Outcome = Answered | TimedOut | Crashed | Saturated
