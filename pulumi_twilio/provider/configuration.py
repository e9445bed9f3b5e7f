"""The provider's own configuration: whose account, at which address, how patient.

Credentials come from the configuration or the environment; they are proved once, with a read
of the account itself, so that wrong ones give one clear error instead of one per resource.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from pulumi_twilio.declarations.call import DEFAULT_DELETE_SECONDS, Refused, Values
from pulumi_twilio.declarations.model import Failure, Kind, Property

if TYPE_CHECKING:
    from twilio_client import Settings, TwilioClient

DELETE_SECONDS_VARIABLE = "TWILIO_DELETE_RETRY_SECONDS"

CONFIGURATION = (
    Property(
        "accountSid",
        Kind.STRING,
        "The account's SID. Falls back to TWILIO_ACCOUNT_SID.",
        sid="AC",
    ),
    Property(
        "authToken",
        Kind.STRING,
        "The account's auth token. Falls back to TWILIO_AUTH_TOKEN.",
        secret=True,
    ),
    Property(
        "apiKeySid",
        Kind.STRING,
        "SID of an API key, used instead of the auth token. Falls back to TWILIO_API_KEY.",
        sid="SK",
    ),
    Property(
        "apiKeySecret",
        Kind.STRING,
        "The API key's secret. Falls back to TWILIO_API_SECRET.",
        secret=True,
    ),
    Property(
        "baseUrl",
        Kind.STRING,
        "Address all requests go to instead of Twilio, for an emulator. Falls back to "
        "TWILIO_BASE_URL.",
        url=True,
    ),
    Property(
        "deleteRetrySeconds",
        Kind.STRING,
        "How many seconds a delete is repeated that Twilio refuses because work is in flight. "
        f"Falls back to {DELETE_SECONDS_VARIABLE}, then to {DEFAULT_DELETE_SECONDS:g}. "
        "customTimeouts.delete of a resource goes first.",
        pattern=r"\d+(\.\d+)?",
        pattern_hint="is not a number of seconds",
    ),
)
_SETTINGS = ("accountSid", "authToken", "apiKeySid", "apiKeySecret", "baseUrl")


class Connection:
    """The account this provider works for; connects when first needed. Thread-safe."""

    def __init__(self, wait: Callable[[float], object] = time.sleep) -> None:
        """Start without any configuration; `wait` is how repeated requests wait."""
        self._wait = wait
        self._values: Values = {}
        self._lock = threading.Lock()
        self._client: TwilioClient | None = None
        self._failed = False

    def configure(self, values: Values) -> None:
        """Take over the configuration (plain values). Nothing is sent."""
        with self._lock:
            if values != self._values:
                self._values, self._client, self._failed = values, None, False

    def client(self) -> TwilioClient:
        """Return the proven client.

        Raises: TwilioError (credentials missing, wrong, or Twilio out of reach), once; Refused
        afterwards, so that many resources do not repeat one mistake in full.
        """
        with self._lock:
            if self._failed:
                raise Refused("not tried: the first error says why this account is out of reach")
            if self._client is None:
                self._failed = True
                self._client = _proven_client(self._values, self._wait)
                self._failed = False
            return self._client

    @property
    def delete_seconds(self) -> float:
        """Return for how many seconds a refused delete is repeated.

        Raises: Refused where the environment has something else than a number.
        """
        given = self._values.get("deleteRetrySeconds") or os.environ.get(DELETE_SECONDS_VARIABLE)
        try:
            return float(given) if given else DEFAULT_DELETE_SECONDS
        except ValueError:
            raise Refused(
                f"{DELETE_SECONDS_VARIABLE}: {given!r} is not a number of seconds"
            ) from None


def pinned(values: Values) -> Values:
    """Add the account that the environment names, so that state knows whose resources it has.

    Without it, credentials of another account would make a refresh find nothing (404) and drop
    everything; with it, they are refused as not belonging to the account of the stack.
    """
    account = values.get("accountSid") or os.environ.get("TWILIO_ACCOUNT_SID")
    return {**values, "accountSid": account} if account else values


def moved_failures(old: Values, new: Values) -> list[Failure]:
    """Refuse another account than state has: its resources would all look deleted there."""
    before, now = old.get("accountSid"), new.get("accountSid")
    if not before or not now or before == now:
        return []
    reason = (
        f"the resources in this state are in account {before}, the credentials now in force are "
        f"of {now}. Use those of {before}; for another account use another stack, or a Provider "
        "of another name, which replaces the resources"
    )
    return [Failure("", reason)]


def credential_failures(connection: Connection) -> list[Failure]:
    """Prove the credentials; the one failure, if any, says what is wrong and what to do."""
    from twilio_client import TwilioError

    try:
        connection.client()
    except (TwilioError, Refused) as error:
        return [Failure("", str(error))]
    return []


def _proven_client(values: Values, wait: Callable[[float], object]) -> TwilioClient:
    # The client brings the official SDK, which takes longer to import than the plugin to start.
    from twilio_client import TwilioClient, credentials_from, urls
    from twilio_client.transport import Transport

    config = {name: values.get(name) for name in _SETTINGS}
    settings = credentials_from(config, os.environ)
    transport = Transport(settings.base_url, sleep=wait)
    client = TwilioClient(settings.credentials, transport=transport)
    account = settings.credentials.account_sid
    client.get(urls.api("Accounts", f"{account}.json"), what=_proof(settings))
    return client


def _proof(settings: Settings) -> str:
    credentials = settings.credentials
    signer = f" with API key {credentials.api_key_sid}" if credentials.api_key_sid else ""
    place = f" at {settings.base_url}" if settings.base_url else ""
    return f"check the credentials of account {credentials.account_sid}{signer}{place}"
