"""Decide what a client may ask of the proxy: Twilio's hosts, and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass

from twilio_emulator.wire.request import is_twilio_host

_HOST = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]{2,}")
_PORTS = {"443": True, "80": False}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Refused(Exception):
    """What was asked for is not answered; `status` and the text say why."""

    def __init__(self, status: int, reason: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class Target:
    """The far end of a tunnel."""

    host: str
    secure: bool


def tunnel_target(authority: str) -> Target:
    """Read what CONNECT names, such as taskrouter.twilio.com:443.

    Raises: Refused for everything that is not one of Twilio's hosts at port 443 or 80.
    """
    host, colon, port = authority.lower().rpartition(":")
    if not colon or not host:
        raise Refused(400, "Bad Request", f"CONNECT needs host:port, not '{authority}'")
    host = host.removesuffix(".")
    if not is_twilio_host(host) or not _HOST.fullmatch(host):
        raise not_twilio(host)
    if port not in _PORTS:
        raise Refused(
            403,
            "Only ports 443 and 80 are emulated",
            f"Twilio answers at ports 443 and 80: {host}:{port} is refused",
        )
    return Target(host, _PORTS[port])


def may_be_asked(host: str, port: int | None, own_port: int | None) -> bool:
    """Tell whether a whole address (`GET http://host:port/…`) is one the emulator answers."""
    if host in _LOOPBACK:
        return port == own_port
    return is_twilio_host(host) and port in (None, 80, 443)


def not_twilio(host: str) -> Refused:
    """Refuse a host that is none of Twilio's."""
    return Refused(
        403,
        "Only Twilio hosts are emulated",
        f"The Twilio emulator's proxy answers for *.twilio.com and *.twil.io and passes nothing on:"
        f" {host} is refused. Name it in NO_PROXY, or undo HTTPS_PROXY with"
        ' eval "$(twilio-emulator env --unset)".',
    )
