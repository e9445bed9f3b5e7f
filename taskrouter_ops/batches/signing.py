"""The signature of batch messages, which an API key alone can make.

Twilio signs its own requests with the account's auth token. A stack that has only an API key
cannot, so the batch endpoints check an HMAC over a secret made at deploy time.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping


def signature(secret: str, timestamp: str, payload: str) -> str:
    """Return the lower-case hexadecimal HMAC-SHA256 over `<timestamp>.<payload>`.

    Source: docs/batch-protocol.md. The functions refuse a timestamp over 5 minutes off.
    """
    message = f"{timestamp}.{payload}".encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def signed_message(secret: str, content: Mapping[str, object], *, now: float) -> dict[str, str]:
    """Wrap content in a signed message; `now` is the time in epoch seconds."""
    payload = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    timestamp = str(int(now))
    return {
        "payload": payload,
        "timestamp": timestamp,
        "signature": signature(secret, timestamp, payload),
    }
