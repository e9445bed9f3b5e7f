"""What a statistics request asks for: a window of time, a channel, thresholds.

Source: taskrouter_v1 OpenAPI document (15 minutes unless told otherwise).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from twilio_emulator import assumptions
from twilio_emulator.taskrouter.lookup import iso
from twilio_emulator.taskrouter.task_channels import find_channel
from twilio_emulator.wire import Call, Parameter, invalid

from .facts import Fact
from .history import History

DEFAULT_MINUTES = 15

TASK_CHANNEL = Parameter("TaskChannel", blank=False)
WINDOW = (
    Parameter("Minutes", "integer", minimum=1),
    Parameter("StartDate", "date", blank=False),
    Parameter("EndDate", "date", blank=False),
)
SPLIT = Parameter("SplitByWaitTime", blank=False)


@dataclass(frozen=True)
class Asked:
    """The window, the SID of the channel (None: all) and the thresholds (None: no split)."""

    start: datetime
    end: datetime
    channel_sid: str | None
    thresholds: tuple[int, ...] | None

    @property
    def times(self) -> dict[str, str]:
        """The window as answers show it."""
        return {"start_time": iso(self.start), "end_time": iso(self.end)}

    def facts(self, call: Call, sid: str) -> list[Fact]:
        """List the facts about a subject within the window and on the channel."""
        start, end = (int(moment.timestamp() * 1000) for moment in (self.start, self.end))
        return self.on_channel(call.emulator.state(History).of(sid, start, end))

    def on_channel(self, facts: Iterable[Fact]) -> list[Fact]:
        """Leave out facts about other channels; those about no channel stay."""
        return [
            fact
            for fact in facts
            if self.channel_sid is None or fact.channel_sid in ("", self.channel_sid)
        ]


def asked(call: Call, workspace_sid: str) -> Asked:
    """Read what a call asks for.

    Raises: ApiError 400/20001 for an unknown channel, thresholds that are no numbers, a window
    that ends before it begins, and Minutes beside dates.
    Source: worker statistics page (Minutes cannot be combined with StartDate and EndDate).
    """
    params, now = call.params, call.store.clock.now()
    if "Minutes" in params and not params.keys().isdisjoint(("StartDate", "EndDate")):
        raise invalid("Minutes cannot be combined with StartDate and EndDate")
    earliest = now - timedelta(days=assumptions.STATISTICS_DAYS)
    end = max(_moment(params, "EndDate", now), earliest)
    minutes = min(params.get("Minutes", DEFAULT_MINUTES), assumptions.STATISTICS_DAYS * 24 * 60)
    start = max(_moment(params, "StartDate", end - timedelta(minutes=minutes)), earliest)
    if start > end:
        raise invalid(f"StartDate {iso(start)} is after EndDate {iso(end)}")
    return Asked(start, end, channel_of(call, workspace_sid), _thresholds(call))


def _moment(params: Mapping[str, Any], name: str, default: datetime) -> datetime:
    try:
        return cast("datetime", params.get(name, default)).astimezone(UTC)
    except OverflowError:
        raise invalid(f"{name} is beyond all calendars") from None


def channel_of(call: Call, workspace_sid: str) -> str | None:
    """Return the SID of the channel a call names.

    Raises: ApiError 400/20001 when the workspace has no such channel.
    """
    name = call.params.get("TaskChannel")
    if name is None:
        return None
    channel = find_channel(call.store, workspace_sid, name)
    if channel is None:
        raise invalid(f"TaskChannel '{name}' does not exist in workspace {workspace_sid}")
    return channel.sid


_SECONDS = re.compile("[0-9]{1,9}")


def _thresholds(call: Call) -> tuple[int, ...] | None:
    text = call.params.get("SplitByWaitTime")
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if not all(_SECONDS.fullmatch(part) for part in parts):
        raise invalid(f"SplitByWaitTime '{text}' is not a list of seconds such as 5,30")
    return tuple(int(part) for part in parts)
