"""Decide who may use the emulator's own routes, for all of them alike.

Three things have to hold, each against another way in:

* the client is this machine: nobody else on the network;
* `Host` names this machine: no page whose name was made to resolve here (DNS rebinding);
* no other site's page sent it (`Origin`, `Sec-Fetch-Site`): no cross-site request.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

_OWN_SITES = ("same-origin", "none")


def refusal(headers: Iterable[tuple[str, str]] | Mapping[str, str], client: str) -> str | None:
    """Return why a request may not use an own route, None when it may.

    Shape: `headers` as pairs or a mapping, names in any case; `client` is the peer's IP address.
    """
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    given = {name.lower(): value for name, value in pairs}
    host = given.get("host", "")
    if not is_loopback(client):
        return "the emulator's own routes answer to this machine only"
    if not names_this_machine(host):
        return (
            f"Host '{host}' does not name this machine: ask for http://localhost or"
            " http://127.0.0.1 with the emulator's port"
        )
    site, origin = given.get("sec-fetch-site", "none"), given.get("origin")
    if site not in _OWN_SITES or (origin is not None and not _is_same(origin, host)):
        return f"requests from other sites are refused (Origin '{origin}', Sec-Fetch-Site '{site}')"
    return None


def is_loopback(address: str) -> bool:
    """Tell whether an IP address is this machine's own."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback


def names_this_machine(host: str) -> bool:
    """Tell whether a Host header, with or without a port, means this machine by any name."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or is_loopback(name)


def _is_same(origin: str, host: str) -> bool:
    try:
        return urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        return False
