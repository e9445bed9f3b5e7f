"""Look past a proxy that leads nowhere but to the emulator.

In a shell that `eval "$(twilio-emulator env)"` has pointed at the emulator, pip, npm and go would
go through its proxy as well, which refuses every host but Twilio's.
"""

from __future__ import annotations

from collections.abc import MutableMapping

PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy")
EMULATOR = "TWILIO_BASE_URL"


def look_past_the_emulator(environ: MutableMapping[str, str]) -> None:
    """Take out the proxies that are the emulator's address; a proxy of the network's stays."""
    address = environ.get(EMULATOR)
    for name in PROXIES:
        if address and environ.get(name) == address:
            del environ[name]
