"""What is kept of an account."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import ClassVar

from twilio_emulator.store import Record, Store


@dataclass(frozen=True, kw_only=True)
class Account(Record):
    """An account with its auth token and its API keys (SID to secret)."""

    KIND: ClassVar[str] = "account"

    friendly_name: str
    auth_token: str = field(repr=False)
    api_keys: dict[str, str] = field(default_factory=dict, repr=False)
    status: str = "active"
    type: str = "Full"


def account_with(store: Store, username: str, password: str) -> Account | None:
    """Find the account by its SID and auth token, or by an API key's SID and secret."""
    for account in store[Account]:
        expected = account.auth_token if username == account.sid else account.api_keys.get(username)
        if expected is not None and hmac.compare_digest(expected.encode(), password.encode()):
            return account
    return None
