"""The own route that signs somebody in to Flex, and hands out the token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twilio_emulator.accounts.records import Account
from twilio_emulator.iam import issue
from twilio_emulator.sample_account import ACCOUNT_SID
from twilio_emulator.taskrouter.records import Worker

from .request import OwnRequest, Refusal
from .schema import problems

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

HOUR = 3600
_LONGEST = 366 * 24 * HOUR
_NAME = {"type": "string", "minLength": 1, "maxLength": 256}
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "account_sid": {"type": "string", "pattern": "^AC[0-9a-fA-F]{32}$"},
        "worker_sid": {"type": "string", "pattern": "^WK[0-9a-fA-F]{32}$"},
        "identity": _NAME,
        "roles": {"type": "array", "items": _NAME},
        "expires_in": {"type": "number", "exclusiveMinimum": 0, "maximum": _LONGEST},
    },
    "additionalProperties": False,
}


async def issue_flex_token(emulator: Emulator, request: OwnRequest) -> dict[str, Any]:
    """Issue a token for an account's worker, or for somebody who is no worker.

    Shape: `expires_in` is in seconds of the emulator's clock; the answer has the text, which is
    shown here and never again, and what `Tokens/validate` tells of it.
    """
    if wrong := problems(_SCHEMA, request.body, "the body"):
        raise Refusal(400, "; ".join(wrong))
    account = _account(emulator, request.body.get("account_sid", ACCOUNT_SID))
    issued = issue(
        emulator.store,
        account,
        worker=_worker(emulator, account, request.body.get("worker_sid")),
        identity=request.body.get("identity"),
        roles=request.body.get("roles"),
        expires_in=request.body.get("expires_in", HOUR),
    )
    return {
        "token": issued.text,
        "account_sid": account.sid,
        "worker_sid": issued.token.worker_sid,
        "identity": issued.token.identity,
        "roles": issued.token.roles,
        "expiration": issued.token.expiration.isoformat(),
    }


def _account(emulator: Emulator, sid: str) -> Account:
    account = emulator.store[Account].get(sid)
    if account is None:
        known = ", ".join(item.sid for item in emulator.accounts())
        raise Refusal(404, f"account_sid: there is no account {sid} (known: {known})")
    return account


def _worker(emulator: Emulator, account: Account, sid: str | None) -> Worker | None:
    if sid is None:
        return None
    worker = emulator.store[Worker].get(sid)
    if worker is None or worker.account_sid != account.sid:
        raise Refusal(404, f"worker_sid: account {account.sid} has no worker {sid}")
    return worker
