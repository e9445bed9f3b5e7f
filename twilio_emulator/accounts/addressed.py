"""Whose things an address of the 2010 API names, and how that API writes them."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from typing import Any, TypeVar

from twilio_emulator.store import Record, Store
from twilio_emulator.wire import Call, not_found

from .records import Account

HOST = "api.twilio.com"
VERSION = "2010-04-01"
ACCOUNTS = f"/{VERSION}/Accounts"

R = TypeVar("R", bound=Record)


def account_of(call: Call, name: str = "AccountSid") -> Account:
    """Return the account in a call's address: the caller's own or a sub-account of it.

    Raises: ApiError 404 for any other, so that accounts do not see each other.
    """
    account = call.store[Account].get(call.sids[name])
    if account is None or call.account_sid not in (account.sid, account.account_sid):
        raise not_found(call)
    return account


def record_of(call: Call, kind: type[R], name: str = "Sid") -> R:
    """Return the record of the addressed account that a call names.

    Raises: ApiError 404.
    """
    account = account_of(call)
    record = call.store[kind].get(call.sids[name])
    if record is None or record.account_sid != account.sid:
        raise not_found(call)
    return record


def records_of(store: Store, kind: type[R], account_sid: str) -> list[R]:
    """List an account's records of one class, newest first."""
    return store[kind].index("account", lambda record: record.account_sid).get(account_sid)[::-1]


def uri_of(record: Record, collection: str) -> str:
    """Write a record's address below its account, without `.json`."""
    return f"{ACCOUNTS}/{record.account_sid}/{collection}/{record.sid}"


def common(record: Record, uri: str) -> dict[str, Any]:
    """Write the fields every resource of this API shows."""
    return {
        "date_created": rfc2822(record.date_created),
        "date_updated": rfc2822(record.date_updated),
        "sid": record.sid,
        "uri": f"{uri}.json",
    }


def rfc2822(moment: datetime | None) -> str | None:
    """Write a moment as this API does, to the second."""
    return None if moment is None else format_datetime(moment)
