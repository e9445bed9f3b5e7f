"""Ask the 2010 API about calls and conferences."""

from __future__ import annotations

from taskrouter_ops.stuck_tasks.facts import Call, call_from, unexpected
from twilio_client import NotFound, TwilioClient, urls

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


def is_conference_live(client: TwilioClient, conference_sid: str) -> bool:
    """Tell whether anybody takes part in a conference; one that is not known is over.

    Raises: TwilioError (safe to repeat).
    Source: Participant page: the list has who takes part now, nobody once the conference ended.
    """
    what = f"list the Participants of {conference_sid}"
    account = client.credentials.account_sid
    url = urls.api("Accounts", account, "Conferences", conference_sid, "Participants.json")
    try:
        found = client.get(url, {"PageSize": 1000}, what=what).body.get("participants")
    except NotFound:
        return False
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise unexpected(what, "list")
    return any(item.get("status") not in OUT for item in found)
