"""Basic authentication: account SID and auth token, or API key and secret."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from .errors import AUTHENTICATE, ApiError

Authenticator: TypeAlias = Callable[[str, str], str | None]


def account_of(header: str | None, authenticate: Authenticator) -> str:
    """Return the account that the Authorization header proves.

    Raises: ApiError 401/20003 for a missing, unreadable or wrong header.
    """
    username, password = _credentials(header)
    account_sid = authenticate(username, password) if username else None
    if account_sid is None:
        challenge = {"WWW-Authenticate": 'Basic realm="Twilio API"'}
        raise ApiError(401, AUTHENTICATE, "Authenticate", challenge)
    return account_sid


@lru_cache(maxsize=256)  # what a header says never changes; whether it holds is asked each time
def _credentials(header: str | None) -> tuple[str, str]:
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        decoded = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    username, _, password = decoded.partition(":")
    return username, password
