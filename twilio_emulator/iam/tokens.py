"""Issue tokens and find them again."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from twilio_emulator.accounts.records import Account
from twilio_emulator.assumptions import FLEX_TOKEN_IDENTITY, FLEX_TOKEN_ROLES
from twilio_emulator.store import Store, new_record
from twilio_emulator.taskrouter.records import Worker

from .records import FlexToken

_PREFIX = "FT"  # of the record only; Twilio's tokens have no SID
_TEXT_BYTES = 96
_EXPIRED_KEPT = timedelta(days=1)


@dataclass(frozen=True)
class IssuedToken:
    """A token in the one moment its text is known."""

    text: str = field(repr=False)
    token: FlexToken


def issue(
    store: Store,
    account: Account,
    *,
    worker: Worker | None,
    identity: str | None,
    roles: Sequence[str] | None,
    expires_in: float,
) -> IssuedToken:
    """Sign somebody in to Flex.

    A worker's token has the worker's name and roles (attribute `roles`) unless told otherwise.
    Units: `expires_in` is in seconds of the emulator's clock.
    """
    text = secrets.token_urlsafe(_TEXT_BYTES)
    now = store.clock.now()
    with store.transaction():
        _forget_old(store, now)
        token = FlexToken(
            **new_record(store, account.sid, _PREFIX),
            digest=_digest(text),
            identity=identity or (worker.friendly_name if worker else FLEX_TOKEN_IDENTITY),
            worker_sid=worker.sid if worker else None,
            roles=list(_roles_of(worker) if roles is None else roles),
            expiration=now + timedelta(seconds=expires_in),
        )
        return IssuedToken(text, store.put(token))


def find(store: Store, account_sid: str, text: str) -> FlexToken | None:
    """Find an account's token by its text, expired or not."""
    found = store[FlexToken].index("digest", lambda token: token.digest).first(_digest(text))
    return found if found is not None and found.account_sid == account_sid else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _roles_of(worker: Worker | None) -> Sequence[str]:
    roles = json.loads(worker.attributes).get("roles") if worker else None
    are_names = isinstance(roles, list) and all(isinstance(role, str) for role in roles)
    return roles if roles and are_names else FLEX_TOKEN_ROLES


def _forget_old(store: Store, now: datetime) -> None:
    """Drop what expired long ago, so that the store does not grow with every token."""
    for token in list(store[FlexToken].values()):
        if token.expiration + _EXPIRED_KEPT < now:
            store.remove(token)
