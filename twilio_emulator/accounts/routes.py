"""Accounts: the caller's own and its sub-accounts.

Source: API 2010 OpenAPI document; sub-account pages (statuses and who may set them).
"""

from __future__ import annotations

from typing import Any

from twilio_emulator import assumptions
from twilio_emulator.store import Store
from twilio_emulator.wire import ApiError, Call, Parameter, Route

from .addressed import ACCOUNTS, HOST, account_of, common
from .listing import PAGE_SIZE, flat_page
from .records import Account, made_secret

STATUSES = ("active", "suspended", "closed")
_SUBRESOURCES = {
    "addresses": "Addresses",
    "applications": "Applications",
    "authorized_connect_apps": "AuthorizedConnectApps",
    "available_phone_numbers": "AvailablePhoneNumbers",
    "balance": "Balance",
    "calls": "Calls",
    "conferences": "Conferences",
    "connect_apps": "ConnectApps",
    "incoming_phone_numbers": "IncomingPhoneNumbers",
    "keys": "Keys",
    "messages": "Messages",
    "notifications": "Notifications",
    "outgoing_caller_ids": "OutgoingCallerIds",
    "queues": "Queues",
    "recordings": "Recordings",
    "short_codes": "SMS/ShortCodes",
    "signing_keys": "SigningKeys",
    "sip": "SIP",
    "transcriptions": "Transcriptions",
    "usage": "Usage",
}


def list_accounts(call: Call) -> dict[str, Any]:
    """List the caller's account and its sub-accounts, newest first."""
    name, status = call.params.get("FriendlyName"), call.params.get("Status")
    own = call.store[Account].get(call.account_sid)
    found = [*_owned(call.store, call.account_sid), *((own,) if own else ())]
    wanted = [
        account
        for account in found
        if name in (None, account.friendly_name) and status in (None, account.status)
    ]
    return flat_page(call, "accounts", wanted, account_body)


def create_account(call: Call) -> dict[str, Any]:
    """Create a sub-account with its own auth token.

    Raises: ApiError when the caller is a sub-account itself.
    """
    own = call.store[Account].get(call.account_sid)
    if own is not None and own.is_sub_account:
        raise _refused(f"{own.sid} is a sub-account and cannot have sub-accounts")
    now, sid = call.store.clock.now(), call.store.new_sid("AC")
    made = Account(
        sid=sid,
        account_sid=call.account_sid,
        date_created=now,
        date_updated=now,
        friendly_name=call.params.get("FriendlyName")
        or f"SubAccount Created at {now:%Y-%m-%d %I:%M} {now.strftime('%p').lower()}",
        auth_token=made_secret(call.store, sid),
    )
    return account_body(call.store.put(made))


def fetch_account(call: Call) -> dict[str, Any]:
    """Show an account with its auth token, as the real service does."""
    return account_body(account_of(call, "Sid"))


def update_account(call: Call) -> dict[str, Any]:
    """Rename an account, suspend or close a sub-account, or make a suspended one active again."""
    account, params = account_of(call, "Sid"), call.params
    changes: dict[str, Any] = {}
    if "FriendlyName" in params:
        changes["friendly_name"] = params["FriendlyName"]
    if params.get("Status", account.status) != account.status:
        _check_status(call, account, params["Status"])
        changes["status"] = params["Status"]
    return account_body(call.store.change(account, **changes))


def account_body(account: Account) -> dict[str, Any]:
    """Write an account."""
    root = f"{ACCOUNTS}/{account.sid}"
    return {
        **common(account, root),
        "auth_token": account.auth_token,
        "friendly_name": account.friendly_name,
        "owner_account_sid": account.account_sid,
        "status": account.status,
        "subresource_uris": {name: f"{root}/{path}.json" for name, path in _SUBRESOURCES.items()},
        "type": account.type,
    }


def _owned(store: Store, owner_sid: str) -> list[Account]:
    found = store[Account].index("owner", lambda account: account.account_sid).get(owner_sid)
    return [account for account in found[::-1] if account.is_sub_account]


def _check_status(call: Call, account: Account, status: str) -> None:
    """Source: sub-account pages (by the main account only, never itself, closed for good)."""
    if not account.is_sub_account:
        raise _refused(f"Account {account.sid} is a main account and stays active")
    if call.account_sid == account.sid:
        raise _refused(
            f"Sub-account {account.sid} cannot become {status} by its own credentials:"
            f" use those of {account.account_sid}"
        )
    if account.status == "closed":
        raise _refused(f"Account {account.sid} is closed and cannot become {status}")


def _refused(message: str) -> ApiError:
    status, code = assumptions.ACCOUNT_CHANGE_REFUSED
    return ApiError(status, code, message)


_FRIENDLY_NAME = Parameter("FriendlyName", max_length=64)
_STATUS = Parameter("Status", "enum", choices=STATUSES)
_LIST, _ONE = f"{ACCOUNTS}.json", f"{ACCOUNTS}/{{Sid}}.json"

ROUTES = (
    Route(
        "GET",
        HOST,
        _LIST,
        list_accounts,
        parameters=(Parameter("FriendlyName"), _STATUS),
        page_size=PAGE_SIZE,
    ),
    Route("POST", HOST, _LIST, create_account, parameters=(_FRIENDLY_NAME,), status=201),
    Route("GET", HOST, _ONE, fetch_account),
    Route("POST", HOST, _ONE, update_account, parameters=(_FRIENDLY_NAME, _STATUS)),
)
