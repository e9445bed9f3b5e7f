"""Make sure that it is a local Twilio which a demonstration is going to work on."""

from __future__ import annotations

import requests

from taskrouter_ops.errors import SetupError
from twilio_client import TwilioClient

# Every answer of the emulator's own routes carries it.
MARK = "Twilio-Emulator"
ANSWER_SECONDS = 5.0

_ADVICE = (
    "start one with `twilio-emulator serve` and point this shell at it with "
    '`eval "$(twilio-emulator env)"`; nothing was created'
)


def require_emulator(client: TwilioClient) -> str:
    """Ask the base URL who it is, without credentials, and return the emulator's version.

    Raises: SetupError where there is no base URL (requests would go to Twilio itself), nobody
    answers, or what answers is no emulator.
    """
    base_url = client.transport.base_url
    if base_url is None:
        raise SetupError(
            f"the demo runs on a local Twilio only, and no base URL names one; {_ADVICE}"
        )
    answer = _asked(client, base_url)
    version = answer.headers.get(MARK)
    if answer.status_code != 200 or not version:
        raise SetupError(
            "the demo runs on a local Twilio only, and what answers at "
            f"{base_url} is none (HTTP {answer.status_code}); {_ADVICE}"
        )
    return version


def _asked(client: TwilioClient, base_url: str) -> requests.Response:
    url = f"{base_url}/_emulator/status"
    try:
        return client.transport.send("GET", url, timeout=ANSWER_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        raise SetupError(
            f"the demo runs on a local Twilio only, and nobody answers at {base_url}; {_ADVICE}"
        ) from error
