"""Accounts of the 2010 API and the credentials every other product checks.

An account's credentials are good for its sub-accounts in the 2010 API and nowhere else: the other
APIs take the account from the credentials alone.
"""

from __future__ import annotations

from twilio_emulator.wire import Refused

from . import keys, routes
from .addressed import ACCOUNTS, HOST
from .records import Account, ApiKey

_ABSENT = (
    "Addresses",
    "Applications",
    "AuthorizedConnectApps",
    "AvailablePhoneNumbers",
    "Balance",
    "ConnectApps",
    "IncomingPhoneNumbers",
    "Messages",
    "Notifications",
    "OutgoingCallerIds",
    "Recordings",
    "SIP",
    "SMS",
    "SigningKeys",
    "Tokens",
    "Transcriptions",
    "Usage",
)

RECORDS = (Account, ApiKey)
ROUTES = (*routes.ROUTES, *keys.ROUTES)
REFUSED = tuple(
    Refused(
        HOST,
        f"{ACCOUNTS}/{{AccountSid}}/{name}{ending}",
        "of the 2010 API it has accounts, keys, calls, queues and conferences",
    )
    for name in _ABSENT
    for ending in ("", ".json")
)

__all__ = ["RECORDS", "REFUSED", "ROUTES"]
