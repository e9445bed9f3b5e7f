"""The variables that point clients at the emulator, and the shell lines that set them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy")
_DIRECT = ("NO_PROXY", "no_proxy")
_TRUST = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
_CREDENTIALS = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_BASE_URL")
_LOOPBACK = "localhost,127.0.0.1,::1"

NAMES = (*_CREDENTIALS, *_PROXIES, *_DIRECT, *_TRUST)
"""Every variable that is ever set."""


class Shell(StrEnum):
    """A shell whose lines can be written; `bash` is for sh and zsh as well."""

    BASH = "bash"
    FISH = "fish"
    POWERSHELL = "powershell"


def account_variables(base_url: str, account_sid: str, auth_token: str) -> dict[str, str]:
    """Return the account, its token and where the tools of this package find it."""
    return dict(zip(_CREDENTIALS, (account_sid, auth_token, base_url), strict=True))


def proxy_variables(base_url: str, bundle: Path) -> dict[str, str]:
    """Return what sends any client through the proxy and has it trust the certificates."""
    return {
        **dict.fromkeys(_PROXIES, base_url),
        **dict.fromkeys(_DIRECT, _LOOPBACK),
        **dict.fromkeys(_TRUST, str(bundle)),
    }


def setting_lines(variables: Mapping[str, str], shell: Shell) -> list[str]:
    """Write the lines that set variables."""
    return [_SET[shell](name, value) for name, value in variables.items()]


def unsetting_lines(names: Iterable[str], shell: Shell) -> list[str]:
    """Write the lines that take variables away."""
    return [_UNSET[shell](name) for name in names]


def _fish_quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _powershell_quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


_SET = {
    Shell.BASH: lambda name, value: f"export {name}={shlex.quote(value)}",
    Shell.FISH: lambda name, value: f"set -gx {name} {_fish_quoted(value)}",
    Shell.POWERSHELL: lambda name, value: f"$env:{name} = {_powershell_quoted(value)}",
}
_UNSET = {
    Shell.BASH: lambda name: f"unset {name}",
    Shell.FISH: lambda name: f"set -e {name}",
    Shell.POWERSHELL: lambda name: f"Remove-Item Env:{name} -ErrorAction SilentlyContinue",
}
