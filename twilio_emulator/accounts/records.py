"""What is kept of an account and of its API keys."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import ClassVar

from twilio_emulator.assumptions import INACTIVE_ACCOUNT
from twilio_emulator.store import Record, SidSequence, Store
from twilio_emulator.wire import ApiError


@dataclass(frozen=True, kw_only=True)
class Account(Record):
    """An account; `account_sid` is its owner's: another one's for a sub-account.

    Shape: `status` is active, suspended or closed.
    """

    KIND: ClassVar[str] = "account"

    friendly_name: str
    auth_token: str = field(repr=False)
    status: str = "active"
    type: str = "Full"

    @property
    def is_sub_account(self) -> bool:
        """Tell whether another account owns this one."""
        return self.account_sid != self.sid


@dataclass(frozen=True, kw_only=True)
class ApiKey(Record):
    """An API key of an account, good for the same as its auth token."""

    KIND: ClassVar[str] = "account.api_key"

    friendly_name: str
    secret: str = field(repr=False)


def account_with(store: Store, username: str, password: str) -> Account | None:
    """Find the account by its SID and auth token, or by an API key's SID and secret.

    Raises: ApiError for right credentials of an account that is suspended or closed.
    """
    key = store[ApiKey].get(username)
    account = store[Account].get(key.account_sid if key else username)
    if account is None:
        return None
    expected = key.secret if key else account.auth_token
    if not hmac.compare_digest(expected.encode(), password.encode()):
        return None
    if account.status != "active":
        status, code = INACTIVE_ACCOUNT
        raise ApiError(status, code, f"Account not active: {account.sid} is {account.status}")
    return account


def api_keys(store: Store, account_sid: str) -> list[ApiKey]:
    """List an account's API keys, in order of creation."""
    return store[ApiKey].index("account", lambda key: key.account_sid).get(account_sid)


def made_secret(store: Store, sid: str) -> str:
    """Make up an auth token or a key's secret: the same for the same seed and SID.

    It opens nothing but an emulator.
    """
    return SidSequence.derived("", str(store.sids.seed), "secret", sid)
