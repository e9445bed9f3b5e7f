"""What is kept of the past beyond the events themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from twilio_emulator.store import Record


@dataclass(frozen=True, kw_only=True)
class StatisticsPage(Record):
    """Facts of many events in a row, kept longer than the events.

    Shape: each row is the event's SID and the fields of a `Fact`; `last_ms` is the newest moment.
    """

    KIND: ClassVar[str] = "taskrouter.statistics_page"

    rows: list[list[Any]]
    last_ms: int
