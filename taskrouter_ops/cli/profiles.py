"""The profiles of Twilio's own command-line tool, where people keep their accounts.

Source: npm package @twilio/cli-core 8.3.2, `services/config.js` and `services/env.js` (read): the
file is `config.json` in `~/.twilio-cli`, or in TWILIO_CONFIG_DIR; `profiles` maps a name to
accountSid, apiKey, apiSecret, region, edge; `activeProject` is the name in use. Where apiKey is
the account SID itself, apiSecret is the auth token.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from taskrouter_ops.errors import SetupError

REGION = "us1"


def profile_configuration(name: str, environ: Mapping[str, str]) -> dict[str, str | None]:
    """Return a profile in the shape `credentials_from` takes.

    Raises: SetupError when there is no such profile (naming those there are), when it has no
    secret, or when it belongs to another region. No secret is in any of these texts.
    """
    file = _file(environ)
    profile = _profile(file, name)
    region = profile.get("region") or REGION
    if region != REGION:
        raise SetupError(
            f"profile {name!r} in {file} belongs to region {region}; only {REGION} is talked to"
        )
    account, key, secret = (profile.get(part) for part in ("accountSid", "apiKey", "apiSecret"))
    if not all(isinstance(part, str) and part for part in (account, key, secret)):
        raise SetupError(
            f"profile {name!r} in {file} has no credentials: make it again with "
            f"`twilio profiles:create --profile {name}`"
        )
    if key == account:
        return {"accountSid": account, "authToken": secret}
    return {"accountSid": account, "apiKeySid": key, "apiKeySecret": secret}


def _file(environ: Mapping[str, str]) -> Path:
    folder = environ.get("TWILIO_CONFIG_DIR")
    return (Path(folder) if folder else Path.home() / ".twilio-cli") / "config.json"


def _profile(file: Path, name: str) -> Mapping[str, Any]:
    profiles = _profiles(file)
    found = profiles.get(name)
    if not isinstance(found, dict):
        known = ", ".join(sorted(profiles)) or "none"
        raise SetupError(
            f"there is no profile {name!r} in {file} (there are: {known}); make it with "
            f"`twilio profiles:create --profile {name}`"
        )
    return found


def _profiles(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SetupError(f"profiles of the Twilio CLI, {file}: {error.strerror}") from error
    except ValueError:
        # The text of a JSON error may quote the file, which holds secrets.
        raise SetupError(f"profiles of the Twilio CLI: {file} is not JSON") from None
    profiles = content.get("profiles") if isinstance(content, dict) else None
    return profiles if isinstance(profiles, dict) else {}
