"""Ask the 2010 API about calls and conferences."""

from __future__ import annotations

from enum import Enum

from taskrouter_ops.stuck_tasks.facts import Call, call_from
from twilio_client import NotFound, TwilioClient, unexpected, urls

# Source: API 2010, Participant status: what somebody who left, or never came, has.
OUT = frozenset(("complete", "failed"))


def look_up_call(client: TwilioClient, call_sid: str) -> Call | None:
    """Read a call; None where Twilio does not know it. Raises: TwilioError (safe to repeat)."""
    what = f"read Call {call_sid}"
    url = urls.api("Accounts", client.credentials.account_sid, "Calls", f"{call_sid}.json")
    try:
        return call_from(client.get(url, what=what).body, what)
    except NotFound:
        return None


class Meeting(Enum):
    """What is known of a conference."""

    LIVE = "somebody takes part"
    OVER = "nobody takes part"
    UNKNOWN = "this account has no such conference"


def look_up_conference(client: TwilioClient, conference_sid: str) -> Meeting:
    """Tell whether anybody takes part in a conference.

    Raises: TwilioError (safe to repeat).
    Source: Participant page: the list has who takes part now, nobody once the conference ended.
    """
    try:
        return _participants(client, conference_sid)
    except NotFound:
        return _without_participants(client, conference_sid)


def _participants(client: TwilioClient, conference_sid: str) -> Meeting:
    what = f"list the Participants of {conference_sid}"
    url = _conference_url(client, conference_sid, "Participants.json")
    found = client.get(url, {"PageSize": 1000}, what=what).body.get("participants")
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise unexpected(what, "list")
    live = any(item.get("status") not in OUT for item in found)
    return Meeting.LIVE if live else Meeting.OVER


def _without_participants(client: TwilioClient, conference_sid: str) -> Meeting:
    """Tell a conference that is over from one nobody here can look into."""
    url = _conference_url(client, f"{conference_sid}.json")
    try:
        answer = client.get(url, what=f"read Conference {conference_sid}")
    except NotFound:
        return Meeting.UNKNOWN
    return Meeting.OVER if answer.body.get("status") == "completed" else Meeting.UNKNOWN


def _conference_url(client: TwilioClient, *segments: str) -> str:
    account = client.credentials.account_sid
    return urls.api("Accounts", account, "Conferences", *segments)
