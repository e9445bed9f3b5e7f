"""What is known of a task and of a call, read from Twilio's answers.

Only what a decision needs is kept; of a task's attributes nothing is kept at all once they were
looked at (`decision.inspect`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from taskrouter_ops.stuck_tasks.rules import ENDED_CALL_STATUSES
from twilio_client import unexpected

# A task lives 14 days at most; anything near this is no age.
LONGEST_AGE_SECONDS = 10**9


@dataclass(frozen=True, slots=True)
class Task:
    """A task at the moment Twilio answered.

    Shape: `read_at` is that moment by Twilio's own clock (creation plus age), so that a wrong
    clock on this machine decides nothing; None where Twilio gave no age.
    """

    sid: str
    status: str
    channel: str
    age: timedelta | None
    read_at: datetime | None
    queue_sid: str | None
    queue_name: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Call:
    """A call: its status, and when it ended at the latest.

    `ended` is None for a call that goes on, and where Twilio does not say.
    """

    sid: str
    status: str
    ended: datetime | None


def task_from(body: Mapping[str, Any], what: str) -> Task:
    """Read a task from an answer.

    Raises: TwilioError when the answer is no task (safe to repeat).
    Source: taskrouter_v1 OpenAPI document: `age` is in seconds since creation.
    """
    sid, status = body.get("sid"), body.get("assignment_status")
    if not isinstance(sid, str) or not isinstance(status, str):
        raise unexpected(what, "Task")
    age = _age(body.get("age"))
    return Task(
        sid,
        status,
        str(body.get("task_channel_unique_name")),
        age,
        _moment_of(body.get("date_created"), age),
        _text(body.get("task_queue_sid")),
        _text(body.get("task_queue_friendly_name")),
        _text(body.get("reason")),
    )


def call_from(body: Mapping[str, Any], what: str) -> Call:
    """Read a call from an answer.

    A call that was never answered may have no end time; it ended when it last changed, or before.

    Raises: TwilioError when the answer is no call (safe to repeat).
    Source: API 2010 OpenAPI document: end_time is "empty if the call did not complete
    successfully".
    """
    sid, status = body.get("sid"), body.get("status")
    if not isinstance(sid, str) or not isinstance(status, str):
        raise unexpected(what, "Call")
    ended = _rfc2822(body.get("end_time")) or _rfc2822(body.get("date_updated"))
    return Call(sid, status, ended if status in ENDED_CALL_STATUSES else None)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _age(value: object) -> timedelta | None:
    if not isinstance(value, int) or not 0 <= value <= LONGEST_AGE_SECONDS:
        return None
    return timedelta(seconds=value)


def _moment_of(created: object, age: timedelta | None) -> datetime | None:
    if age is None:
        return None
    try:
        moment = datetime.fromisoformat(str(created)) + age
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else None


def _rfc2822(value: object) -> datetime | None:
    try:
        moment = parsedate_to_datetime(str(value))
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else None
