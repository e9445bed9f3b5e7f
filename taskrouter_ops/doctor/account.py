"""Is this the account, may we in, and is our clock Twilio's?"""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from taskrouter_ops.doctor.findings import Finding
from twilio_client import Response, TwilioClient, Unauthorized, urls

CREDENTIALS = "credentials"
CLOCK = "clock"

# The functions refuse a batch message whose time is further off, see docs/batch-protocol.md.
REFUSED_FROM_SECONDS = 300.0
NOTED_FROM_SECONDS = 30.0


def credentials(client: TwilioClient) -> tuple[Finding, Response]:
    """Read the account.

    Raises: TwilioError where the credentials do not let us in.
    Source: Account resource (`status` active, suspended, closed; `type` Trial, Full); API keys
    page: a standard key reads everything but Accounts and Keys.
    """
    account_sid = client.credentials.account_sid
    try:
        answer = client.get(urls.api("Accounts", f"{account_sid}.json"), what=f"read {account_sid}")
    except Unauthorized:
        if not client.credentials.api_key_sid:
            raise
        return _of_standard_key(client)
    return _account(answer, client.transport.base_url), answer


def _of_standard_key(client: TwilioClient) -> tuple[Finding, Response]:
    key = client.credentials.api_key_sid
    answer = client.get(
        urls.taskrouter("Workspaces"), {"PageSize": 1}, what=f"list Workspaces with API key {key}"
    )
    found = f"API key {key} is accepted; a standard key may not read the account itself"
    return Finding(CREDENTIALS, "ok", found), answer


def _account(answer: Response, base_url: str | None) -> Finding:
    body = answer.body
    named = f"{body.get('sid')} ({body.get('friendly_name')})"
    status, kind = body.get("status"), body.get("type")
    at = f", at {base_url.rpartition('@')[2]}" if base_url else ""
    found = f"{named} is {status}, type {kind}{at}"
    if status != "active":
        advice = "a suspended account answers no calls: see the Console, or Twilio's support"
        return Finding(CREDENTIALS, "failed", found, advice)
    if kind == "Trial":
        advice = "a trial account calls verified numbers only: upgrade it before production"
        return Finding(CREDENTIALS, "warning", found, advice)
    return Finding(CREDENTIALS, "ok", found)


def clock(answer: Response, now: float) -> Finding:
    """Compare our clock (epoch seconds) with the answer's Date."""
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date") or "").timestamp()
    except ValueError:
        return Finding(CLOCK, "skipped", "the answer had no Date")
    off = now - theirs
    way = "ahead of" if off > 0 else "behind"
    found = f"this machine's clock is {abs(off):.0f} s {way} Twilio's"
    advice = "set the clock by NTP: signed batch messages over 5 minutes off are refused"
    if abs(off) >= REFUSED_FROM_SECONDS:
        return Finding(CLOCK, "failed", found, advice)
    if abs(off) >= NOTED_FROM_SECONDS:
        return Finding(CLOCK, "warning", found, advice)
    return Finding(CLOCK, "ok", "this machine's clock is Twilio's, within 30 s")
