"""Who is calling: an account SID with its auth token or with an API key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from twilio_client.errors import CredentialsError

_ADVICE = (
    "set the config keys twilio:accountSid and twilio:authToken (or twilio:apiKeySid and "
    "twilio:apiKeySecret), or the environment variables TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN "
    "(or TWILIO_API_KEY and TWILIO_API_SECRET)"
)


@dataclass(frozen=True)
class Credentials:
    """One account's credentials; secrets never show in their representation.

    Either `auth_token` or the API key pair is set, or both: requests then use the API key
    and the auth token signs requests as Twilio does (an API key cannot).
    """

    account_sid: str
    auth_token: str | None = field(default=None, repr=False)
    api_key_sid: str | None = None
    api_key_secret: str | None = field(default=None, repr=False)

    @property
    def username(self) -> str:
        """Return the user name for HTTP Basic authentication."""
        return self.api_key_sid or self.account_sid

    @property
    def password(self) -> str:
        """Return the password for HTTP Basic authentication."""
        return (self.api_key_secret if self.api_key_sid else self.auth_token) or ""


@dataclass(frozen=True)
class Settings:
    """Credentials and, where it is not Twilio itself, the address to talk to."""

    credentials: Credentials
    base_url: str | None = None


def credentials_from(
    config: Mapping[str, str | None], environ: Mapping[str, str], *, advice: str = _ADVICE
) -> Settings:
    """Find the credentials in explicit configuration, then in the environment.

    Shape: `config` has the keys accountSid, authToken, apiKeySid, apiKeySecret, baseUrl, each
    optional. A secret from the environment is used only for the account it belongs to, so a
    configured account never meets another account's token. `advice` ends the error's text: how
    to give what is missing.

    Raises: CredentialsError naming everything that is missing or malformed. Nothing is sent.
    """
    env_account = environ.get("TWILIO_ACCOUNT_SID") or None
    account = config.get("accountSid") or env_account
    base_url = config.get("baseUrl") or environ.get("TWILIO_BASE_URL") or None
    given = _secrets(config, "authToken", "apiKeySid", "apiKeySecret")
    if not any(given.values()) and account and env_account in (None, account):
        given = _secrets(environ, "TWILIO_AUTH_TOKEN", "TWILIO_API_KEY", "TWILIO_API_SECRET")
    problems = _problems(account, base_url, **given)
    if not any(given.values()) and account and env_account not in (None, account):
        problems.append(f"those in the environment are of {env_account}, not of {account}")
    if problems or account is None:
        raise CredentialsError("Twilio credentials: " + ", ".join(problems), advice=advice)
    return Settings(Credentials(account, **given), base_url.rstrip("/") if base_url else None)


def _secrets(
    source: Mapping[str, str | None] | Mapping[str, str], token: str, key: str, secret: str
) -> dict[str, str | None]:
    return {
        "auth_token": source.get(token) or None,
        "api_key_sid": source.get(key) or None,
        "api_key_secret": source.get(secret) or None,
    }


def _problems(
    account: str | None,
    base_url: str | None,
    *,
    auth_token: str | None,
    api_key_sid: str | None,
    api_key_secret: str | None,
) -> list[str]:
    problems = []
    if not account:
        problems.append("no account SID")
    elif not re.fullmatch(r"AC[0-9a-fA-F]{32}", account):
        problems.append(f"account SID {_shown(account, 'AC')}is not AC and 32 hexadecimal digits")
    if not auth_token and not api_key_sid:
        problems.append("no auth token and no API key")
    if api_key_sid and not re.fullmatch(r"SK[0-9a-fA-F]{32}", api_key_sid):
        problems.append(
            f"API key SID {_shown(api_key_sid, 'SK')}is not SK and 32 hexadecimal digits"
        )
    if bool(api_key_sid) != bool(api_key_secret):
        problems.append("an API key needs both its SID and its secret")
    if base_url and not re.match(r"https?://[^/]", base_url):
        problems.append(f"base URL {base_url!r} is not an http(s) address")
    return problems


def _shown(sid: str, prefix: str) -> str:
    """Show what looks like a SID; anything else may be a secret in the wrong place."""
    return f"{sid!r} " if sid.startswith(prefix) else ""
