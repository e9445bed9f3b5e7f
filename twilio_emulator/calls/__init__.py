"""Calls, the queues they wait in and conferences, of the 2010 API.

They are records only: nothing is dialled, no instructions are run, no callback is called.
`planting.py` puts calls and conferences in for tests.
"""

from __future__ import annotations

from twilio_emulator.accounts.addressed import ACCOUNTS, HOST
from twilio_emulator.wire import Refused

from . import calls, conferences, queues
from .records import Call, Conference, Participant, Queue

RECORDS = (Call, Queue, Conference, Participant)
ROUTES = (*calls.ROUTES, *queues.ROUTES, *conferences.ROUTES)

_REASON = "calls are records here, without sound and without instructions"
_BELOW_CALLS = (
    "Events",
    "Feedback",
    "Notifications",
    "Payments",
    "Recordings",
    "Siprec",
    "Streams",
    "Transcriptions",
    "UserDefinedMessageSubscriptions",
    "UserDefinedMessages",
)
_ABSENT = (
    *(f"Calls/{{CallSid}}/{name}" for name in _BELOW_CALLS),
    "Conferences/{ConferenceSid}/Recordings",
    "Queues/{QueueSid}/Members",
)
REFUSED = tuple(
    Refused(HOST, f"{ACCOUNTS}/{{AccountSid}}/{path}{ending}", _REASON)
    for path in _ABSENT
    for ending in ("", ".json")
)

__all__ = ["RECORDS", "REFUSED", "ROUTES"]
