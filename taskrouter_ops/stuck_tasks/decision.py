"""Decide whether a task is stuck: functions of what is known, without a call or a clock.

`inspect` looks at a task alone, `judge` at the task with its call and conferences. Both are used
twice: on the listed copy and on the fresh one right before closing.

Source: support article 42423992053915 (open voice task, `call_sid`, ended call; assigned is
completed, pending and reserved are canceled); error 40149 for `conference_sid`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from taskrouter_ops.expressions import Answer
from taskrouter_ops.stuck_tasks.facts import Call, Task
from taskrouter_ops.stuck_tasks.rules import ENDED_CALL_STATUSES, Rules

OPEN_STATUSES = ("pending", "reserved", "assigned")
VOICE = "voice"

_CALL_SID = re.compile(r"CA[0-9a-fA-F]{32}")
_CONFERENCE_SID = re.compile(r"(?<![0-9a-zA-Z])CF[0-9a-fA-F]{32}(?![0-9a-zA-Z])")


class Reason(StrEnum):
    """Why a task is left alone."""

    NOT_VOICE = "not a voice task"
    NOT_OPEN = "not open any more"
    GONE = "already gone"
    BROKEN_ATTRIBUTES = "attributes are no JSON object"
    NO_CALL_SID = "attributes have no call_sid"
    ODD_CALL_SID = "call_sid is no call SID"
    ODD_CONFERENCE = "names a conference without its SID"
    EXCLUDED_ATTRIBUTE = "excluded by attribute"
    EXCLUDED = "excluded by expression"
    UNDECIDED = "an exclusion cannot be decided"
    NO_AGE = "Twilio gave no age"
    TOO_YOUNG = "younger than the minimum age"
    CALL_NOT_FOUND = "call not found"
    CALL_LIVE = "call has not ended"
    CALL_STATUS = "call ended in a status that is not asked for"
    CALL_END_UNKNOWN = "call has no end time"
    CALL_JUST_ENDED = "call ended less than the minimum age ago"
    CONFERENCE_NOT_FOUND = "conference not found"
    CONFERENCE_LIVE = "conference has participants"
    CALL_CHANGED = "names another call than when it was listed"
    QUEUE_CHANGED = "in another queue than when it was listed"
    ACCEPTED = "accepted since it was listed"
    CAP = "--max-close reached"
    INTERRUPTED = "interrupted before its turn"
    OUTAGE = "Twilio kept failing before its turn"


@dataclass(frozen=True, slots=True)
class Skip:
    """Leave the task alone; `detail` says more where there is more, never an attribute's value."""

    reason: Reason
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.reason} ({self.detail})" if self.detail else str(self.reason)


@dataclass(frozen=True, slots=True)
class Suspect:
    """An open voice task that may be stuck: its call and conferences have to be looked at."""

    call_sid: str
    conference_sids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Close:
    """Close the task with this assignment status."""

    status: str


def inspect(task: Task, attributes_text: object, rules: Rules) -> Skip | Suspect:
    """Look at a task alone; `attributes_text` is what Twilio keeps, JSON text."""
    if task.status not in OPEN_STATUSES:
        return Skip(Reason.NOT_OPEN, task.status)
    if task.channel != VOICE:
        return Skip(Reason.NOT_VOICE)
    try:
        attributes = _parsed(attributes_text)
    except _Ambiguous:
        return Skip(Reason.BROKEN_ATTRIBUTES, "a key is there twice, with two values")
    if attributes is None:
        return Skip(Reason.BROKEN_ATTRIBUTES)
    return (
        _without_call(attributes)
        or _excluded(attributes, rules)
        or _young(task, rules)
        or _suspect(attributes, str(attributes_text))
    )


def judge(
    task: Task, suspect: Suspect, call: Call, live: Collection[str], rules: Rules
) -> Skip | Close:
    """Decide with the call as it was looked up and the conferences that are live."""
    if call.status not in ENDED_CALL_STATUSES:
        return Skip(Reason.CALL_LIVE, call.status)
    if call.status not in rules.call_statuses:
        return Skip(Reason.CALL_STATUS, call.status)
    if call.ended is None or task.read_at is None:
        return Skip(Reason.CALL_END_UNKNOWN)
    if task.read_at - call.ended < rules.min_age:
        return Skip(Reason.CALL_JUST_ENDED)
    if meeting := [sid for sid in suspect.conference_sids if sid in live]:
        return Skip(Reason.CONFERENCE_LIVE, ", ".join(meeting))
    return Close("completed" if task.status == "assigned" else "canceled")


class _Ambiguous(Exception):
    """A key that is there twice: who reads the first value and who the last cannot be known."""


def _parsed(text: object) -> Mapping[str, Any] | None:
    try:
        found = json.loads(text, object_pairs_hook=_object) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs) and any(found[key] != value for key, value in pairs):
        raise _Ambiguous
    return found


def _without_call(attributes: Mapping[str, Any]) -> Skip | None:
    if "call_sid" not in attributes:
        return Skip(Reason.NO_CALL_SID)
    sid = attributes["call_sid"]
    if not isinstance(sid, str) or not _CALL_SID.fullmatch(sid):
        return Skip(Reason.ODD_CALL_SID)
    return None


def _excluded(attributes: Mapping[str, Any], rules: Rules) -> Skip | None:
    if name := rules.excluding_attribute(attributes):
        return Skip(Reason.EXCLUDED_ATTRIBUTE, name)
    found = rules.excluding_expression(attributes)
    if found is None:
        return None
    number, answer = found
    reason = Reason.EXCLUDED if answer is Answer.MATCH else Reason.UNDECIDED
    return Skip(reason, f"expression {number}")


def _young(task: Task, rules: Rules) -> Skip | None:
    if task.age is None:
        return Skip(Reason.NO_AGE)
    return Skip(Reason.TOO_YOUNG) if task.age < rules.min_age else None


def _suspect(attributes: Mapping[str, Any], text: str) -> Skip | Suspect:
    """Name the call, and every conference whose SID is anywhere in the attributes.

    Flex writes `conference.sid`, other orchestration `conference_sid`, and everybody may keep it
    under a name of their own.
    """
    given = [attributes[key] for key in ("conference", "conference_sid") if attributes.get(key)]
    sids = [each.get("sid") if isinstance(each, dict) else each for each in given]
    known = [sid for sid in sids if isinstance(sid, str) and _CONFERENCE_SID.fullmatch(sid)]
    if len(known) < len(given):
        return Skip(Reason.ODD_CONFERENCE)
    named = _CONFERENCE_SID.findall(text)
    return Suspect(attributes["call_sid"], tuple(dict.fromkeys([*known, *named])))
