"""X-Twilio-Signature: made for callbacks, checked before a protected function or asset."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qs, parse_qsl

from .functions import FunctionRequest

FORM = "application/x-www-form-urlencoded"


def sign(auth_token: str, url: str, params: Iterable[tuple[str, str]] = ()) -> str:
    """Sign an address and the form parameters posted to it.

    Source: Twilio's request validation: HMAC-SHA1 over the address followed by each name and
    value, sorted; a name with several values contributes each distinct one.
    """
    text = url + "".join(name + value for name, value in sorted(set(params)))
    digest = hmac.new(auth_token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def is_signed(request: FunctionRequest, auth_token: str) -> bool:
    """Tell whether a request carries a signature made with this token over all of it.

    A body that is no form is covered by `bodySHA256` in the address; without it the body could
    be anything, so such a request counts as unsigned (the platform's own rule is not documented).
    """
    given = request.header("X-Twilio-Signature")
    params = _covered(request)
    if given is None or params is None:
        return False
    candidates = (sign(auth_token, url, params) for url in _addresses(request))
    return any(hmac.compare_digest(given.encode(), one.encode()) for one in candidates)


def _covered(request: FunctionRequest) -> Sequence[tuple[str, str]] | None:
    """Return the parameters the signature has to cover, None for a body nothing vouches for."""
    digest = parse_qs(request.query).get("bodySHA256")
    if digest is not None:
        actual = hashlib.sha256(request.body).hexdigest()
        return () if hmac.compare_digest(digest[0].lower().encode(), actual.encode()) else None
    if not request.body:
        return ()
    content_type = (request.header("Content-Type") or "").partition(";")[0].strip().lower()
    if content_type != FORM:
        return None
    return parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True)


def _addresses(request: FunctionRequest) -> Iterable[str]:
    """Write the address without and with the standard port: signers differ in this."""
    rest = request.url.removeprefix(f"https://{request.host}")
    return (request.url, f"https://{request.host}:443{rest}")
