"""Conferences and who is in them, to be read; they are planted, for nobody is connected here.

Source: conference and participant pages (fields; participants only while they take part), SDKs.
"""

from __future__ import annotations

from typing import Any

from twilio_emulator.accounts.addressed import (
    ACCOUNTS,
    HOST,
    VERSION,
    account_of,
    common,
    record_of,
    records_of,
    rfc2822,
    uri_of,
)
from twilio_emulator.accounts.listing import PAGE_SIZE, flat_page, is_within, moment_filters
from twilio_emulator.store import Store
from twilio_emulator.wire import Call as Request
from twilio_emulator.wire import Parameter, Route, not_found

from .records import CONFERENCE_STATUSES, Call, Conference, Participant


def list_conferences(request: Request) -> dict[str, Any]:
    """List conferences by any of the filters, newest first."""
    params = request.params
    found = [
        conference
        for conference in records_of(request.store, Conference, account_of(request).sid)
        if params.get("FriendlyName", conference.friendly_name) == conference.friendly_name
        and params.get("Status", conference.status) == conference.status
        and is_within(request, "DateCreated", conference.date_created)
        and is_within(request, "DateUpdated", conference.date_updated)
    ]
    return flat_page(request, "conferences", found, conference_body)


def fetch_conference(request: Request) -> dict[str, Any]:
    """Show a conference."""
    return conference_body(record_of(request, Conference))


def list_participants(request: Request) -> dict[str, Any]:
    """List who is in a conference now: nobody once it is over, none whose call has ended."""
    params = request.params
    conference = record_of(request, Conference, "ConferenceSid")
    found = [
        participant
        for participant in taking_part(request.store, conference)
        if params.get("Muted", participant.muted) == participant.muted
        and params.get("Hold", participant.hold) == participant.hold
        and params.get("Coaching", participant.coaching) == participant.coaching
    ]
    return flat_page(request, "participants", found, participant_body)


def fetch_participant(request: Request) -> dict[str, Any]:
    """Show who takes part with a call, or under a label."""
    conference = record_of(request, Conference, "ConferenceSid")
    name = request.sids["CallSid"]
    for participant in taking_part(request.store, conference):
        if name in (participant.call_sid, participant.label):
            return participant_body(participant)
    raise not_found(request)


def taking_part(store: Store, conference: Conference) -> list[Participant]:
    """List the participants of a conference that is not over whose calls have not ended."""
    if conference.status == "completed":
        return []
    found = store[Participant].index("conference", lambda item: item.conference_sid)
    return [item for item in found.get(conference.sid)[::-1] if _is_live(store, item)]


def _is_live(store: Store, participant: Participant) -> bool:
    call = store[Call].get(participant.call_sid)
    return call is None or not call.has_ended


def conference_body(conference: Conference) -> dict[str, Any]:
    """Write a conference."""
    uri = uri_of(conference, "Conferences")
    return {
        **common(conference, uri),
        "account_sid": conference.account_sid,
        "api_version": VERSION,
        "call_sid_ending_conference": conference.call_sid_ending_conference,
        "friendly_name": conference.friendly_name,
        "reason_conference_ended": conference.reason_conference_ended,
        "region": conference.region,
        "status": conference.status,
        "subresource_uris": {
            "participants": f"{uri}/Participants.json",
            "recordings": f"{uri}/Recordings.json",
        },
    }


def participant_body(participant: Participant) -> dict[str, Any]:
    """Write a participant; it goes by its call, not by a SID of its own."""
    root = f"{ACCOUNTS}/{participant.account_sid}/Conferences/{participant.conference_sid}"
    return {
        "account_sid": participant.account_sid,
        "call_sid": participant.call_sid,
        "call_sid_to_coach": participant.call_sid_to_coach,
        "coaching": participant.coaching,
        "conference_sid": participant.conference_sid,
        "date_created": rfc2822(participant.date_created),
        "date_updated": rfc2822(participant.date_updated),
        "end_conference_on_exit": participant.end_conference_on_exit,
        "hold": participant.hold,
        "label": participant.label,
        "muted": participant.muted,
        "queue_time": None,
        "start_conference_on_enter": participant.start_conference_on_enter,
        "status": participant.status,
        "uri": f"{root}/Participants/{participant.call_sid}.json",
    }


_LIST = f"{ACCOUNTS}/{{AccountSid}}/Conferences.json"
_ONE = f"{ACCOUNTS}/{{AccountSid}}/Conferences/{{Sid}}.json"
_PARTICIPANTS = f"{ACCOUNTS}/{{AccountSid}}/Conferences/{{ConferenceSid}}/Participants"

ROUTES = (
    Route(
        "GET",
        HOST,
        _LIST,
        list_conferences,
        parameters=(
            Parameter("FriendlyName", source="doc"),
            Parameter("Status", "enum", choices=CONFERENCE_STATUSES, source="doc"),
            *moment_filters("DateCreated", "doc"),
            *moment_filters("DateUpdated", "doc"),
        ),
        page_size=PAGE_SIZE,
        source="doc",
    ),
    Route("GET", HOST, _ONE, fetch_conference, source="doc"),
    Route(
        "GET",
        HOST,
        f"{_PARTICIPANTS}.json",
        list_participants,
        parameters=tuple(
            Parameter(name, "boolean", source="doc") for name in ("Muted", "Hold", "Coaching")
        ),
        page_size=PAGE_SIZE,
        source="doc",
    ),
    Route("GET", HOST, f"{_PARTICIPANTS}/{{CallSid}}.json", fetch_participant, source="doc"),
)
