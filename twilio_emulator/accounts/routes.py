"""Fetch an account (`GET /2010-04-01/Accounts/{Sid}.json`)."""

from __future__ import annotations

from email.utils import format_datetime
from typing import Any

from twilio_emulator.wire import Call, Route, not_found

from .records import Account

HOST = "api.twilio.com"
_SUBRESOURCES = {
    "available_phone_numbers": "AvailablePhoneNumbers",
    "calls": "Calls",
    "conferences": "Conferences",
    "incoming_phone_numbers": "IncomingPhoneNumbers",
    "keys": "Keys",
    "messages": "Messages",
    "queues": "Queues",
    "recordings": "Recordings",
}


def fetch_account(call: Call) -> dict[str, Any]:
    """Show the caller's account.

    Source: API 2010, Account; the auth token is shown as the real service does.
    """
    account = call.store[Account].get(call.sids["Sid"])
    if account is None or account.sid != call.account_sid:
        raise not_found(call)
    root = f"/2010-04-01/Accounts/{account.sid}"
    return {
        "auth_token": account.auth_token,
        "date_created": format_datetime(account.date_created),
        "date_updated": format_datetime(account.date_updated),
        "friendly_name": account.friendly_name,
        "owner_account_sid": account.sid,
        "sid": account.sid,
        "status": account.status,
        "subresource_uris": {name: f"{root}/{path}.json" for name, path in _SUBRESOURCES.items()},
        "type": account.type,
        "uri": f"{root}.json",
    }


ROUTES = (Route("GET", HOST, "/2010-04-01/Accounts/{Sid}.json", fetch_account),)
