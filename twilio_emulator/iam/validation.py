"""Tell whose a token is: `POST /v1/Accounts/{AccountSid}/Tokens/validate`.

Source: the npm package twilio-flex-token-validator 1.6.0 (address, body, and the fields of a
valid token's answer in its README) and a public schema of the answer (`flex_instance_sid`).
What is answered for a token that is not valid is assumed.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from twilio_emulator.assumptions import (
    EXPIRED_FLEX_TOKEN,
    INVALID_FLEX_TOKEN,
    INVALID_FLEX_TOKEN_STATUS,
)
from twilio_emulator.flex.records import FlexConfiguration
from twilio_emulator.store import Store
from twilio_emulator.wire import Call, Reply, Route, invalid, not_found

from .records import FlexToken
from .tokens import find

HOST = "iam.twilio.com"
_PATH = "/v1/Accounts/{AccountSid}/Tokens/validate"
_ESCAPED = re.compile(r"_([0-9A-F]{2})")


def validate_token(call: Call) -> Reply:
    """Check a token of the account whose credentials are used.

    Raises: ApiError 404 for another account's address, 400/20001 for a body without a token.
    """
    if call.sids["AccountSid"] != call.account_sid:
        raise not_found(call)
    token = find(call.store, call.account_sid, _text(call.json))
    if token is None:
        return _refused(*INVALID_FLEX_TOKEN)
    if token.expiration <= call.store.clock.now():
        return _refused(*EXPIRED_FLEX_TOKEN)
    return Reply(_valid(call.store, token))


def _text(body: Any) -> str:
    text = body.get("token") if isinstance(body, dict) else None
    if not isinstance(text, str) or not text:
        raise invalid('The post body must be a JSON object like {"token": "…"}')
    if unknown := sorted(set(body) - {"token"}):
        raise invalid(f"Unknown property {', '.join(unknown)} beside the token")
    return text


def _valid(store: Store, token: FlexToken) -> dict[str, Any]:
    return {
        "valid": True,
        "code": 0,
        "message": None,
        "expiration": _moment(token.expiration),
        "identity": token.identity,
        "realm_user_id": _ESCAPED.sub(lambda part: chr(int(part[1], 16)), token.identity),
        "worker_sid": token.worker_sid,
        "roles": token.roles,
        "flex_instance_sid": _flex_instance(store, token.account_sid),
    }


def _refused(code: int, message: str) -> Reply:
    nothing = dict.fromkeys(
        ("expiration", "identity", "realm_user_id", "worker_sid", "roles", "flex_instance_sid")
    )
    body = {"valid": False, "code": code, "message": message, **nothing}
    return Reply(body, status=INVALID_FLEX_TOKEN_STATUS)


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _flex_instance(store: Store, account_sid: str) -> str | None:
    index = store[FlexConfiguration].index("account", lambda item: item.account_sid)
    configuration = index.first(account_sid)
    return configuration.settings.get("flex_instance_sid") if configuration else None


ROUTES = (Route("POST", HOST, _PATH, validate_token, body="json", source="doc"),)
