"""Requests that offer another protocol, which the emulator does not take up."""

from __future__ import annotations

import base64
import socket

import pytest

from twilio_emulator.testing import RunningEmulator

from .conftest import TASKROUTER

FORM = b"FriendlyName=offered"
WHOLE = (b"Content-Length: %d\r\n" % len(FORM), FORM)
CHUNKED = (b"Transfer-Encoding: chunked\r\n", b"%x\r\n%b\r\n0\r\n\r\n" % (len(FORM), FORM))


def _head(emulator: RunningEmulator, method: bytes, *more: bytes) -> bytes:
    secret = base64.b64encode(":".join(emulator.credentials).encode())
    return b"".join(
        (
            method + b" /v1/Workspaces HTTP/1.1\r\nHost: taskrouter.twilio.com\r\n",
            b"Authorization: Basic " + secret + b"\r\n",
            b"Content-Type: application/x-www-form-urlencoded\r\n",
            *more,
            b"\r\n",
        )
    )


def _answer(client: socket.socket) -> bytes:
    """Read one answer to its end."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += client.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.mark.parametrize(("framing", "body"), [WHOLE, CHUNKED], ids=["length", "chunks"])
@pytest.mark.parametrize("in_parts", [False, True], ids=["at once", "in parts"])
@pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
def test_a_body_is_read_though_an_upgrade_was_offered(
    emulator: RunningEmulator, protocol: bytes, in_parts: bool, framing: bytes, body: bytes
) -> None:
    """A POST that offers HTTP/2, as Java's client sends it, takes effect; so does the next."""
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: " + protocol + b"\r\n"
    with socket.create_connection(("127.0.0.1", emulator.port), timeout=20) as client:
        for _ in range(2):
            parts = [_head(emulator, b"POST", offer, framing), body[:9], body[9:]]
            for part in parts if in_parts else [b"".join(parts)]:
                client.sendall(part)
            answered = _answer(client)
            assert answered.startswith(b"HTTP/1.1 201 ")
            assert b"offered" in answered
            client.sendall(_head(emulator, b"GET"))
            assert _answer(client).startswith(b"HTTP/1.1 200 ")
            _remove(emulator)


def _remove(emulator: RunningEmulator) -> None:
    for item in emulator.request("GET", TASKROUTER).json()["workspaces"]:
        if item["friendly_name"] == "offered":
            emulator.request("DELETE", f"{TASKROUTER}/{item['sid']}")
