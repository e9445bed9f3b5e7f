"""What is kept of calls, of the queues they wait in and of conferences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from twilio_emulator.store import Record

ENDED = frozenset(("completed", "busy", "failed", "no-answer", "canceled"))
STATUSES = ("queued", "ringing", "in-progress", *sorted(ENDED))
CONFERENCE_STATUSES = ("init", "in-progress", "completed")
PARTICIPANT_STATUSES = ("queued", "connecting", "ringing", "connected", "complete", "failed")


@dataclass(frozen=True, kw_only=True)
class Call(Record):
    """A call; `end_time` is set once it has ended, `start_time` once it was answered."""

    KIND: ClassVar[str] = "call"

    to: str
    from_: str
    status: str = "queued"
    direction: str = "outbound-api"
    parent_call_sid: str | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    answered_by: str | None = None
    caller_name: str | None = None
    forwarded_from: str | None = None
    group_sid: str | None = None
    phone_number_sid: str | None = None
    price: str | None = None
    price_unit: str = "USD"
    queue_time: str = "0"
    trunk_sid: str | None = None

    @property
    def has_ended(self) -> bool:
        """Tell whether nobody is on the line any more."""
        return self.status in ENDED

    @property
    def duration(self) -> str | None:
        """The length in whole seconds, as text; None before the end."""
        if not self.has_ended:
            return None
        if self.start_time is None or self.end_time is None:
            return "0"
        return str(int((self.end_time - self.start_time).total_seconds()))


@dataclass(frozen=True, kw_only=True)
class Queue(Record):
    """A queue of calls."""

    KIND: ClassVar[str] = "call.queue"

    friendly_name: str
    max_size: int


@dataclass(frozen=True, kw_only=True)
class Conference(Record):
    """A conference; `status` is init, in-progress or completed."""

    KIND: ClassVar[str] = "call.conference"

    friendly_name: str
    status: str = "in-progress"
    region: str = "us1"
    reason_conference_ended: str | None = None
    call_sid_ending_conference: str | None = None


@dataclass(frozen=True, kw_only=True)
class Participant(Record):
    """Who is in a conference: by the call, and by the label if there is one."""

    KIND: ClassVar[str] = "call.participant"

    conference_sid: str
    call_sid: str
    label: str | None = None
    status: str = "connected"
    muted: bool = False
    hold: bool = False
    coaching: bool = False
    call_sid_to_coach: str | None = None
    start_conference_on_enter: bool = True
    end_conference_on_exit: bool = False
