"""Accounts of the 2010 API and the credentials every other product checks."""

from __future__ import annotations

from twilio_emulator.wire import Refused

from .records import Account
from .routes import ROUTES

RECORDS = (Account,)
REFUSED = (
    Refused("api.twilio.com", "/2010-04-01/Accounts/{AccountSid}/Calls", "it keeps no calls"),
)


__all__ = ["RECORDS", "REFUSED", "ROUTES"]
