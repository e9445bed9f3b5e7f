"""How much of a request the port takes, and what it says to more."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import httpx
import pytest

from twilio_emulator.control import ControlError
from twilio_emulator.testing import RunningEmulator
from twilio_emulator.wire.connection import HEAD_BYTES
from twilio_emulator.wire.request import LARGEST_BODY, LARGEST_OWN_BODY

from .conftest import TASKROUTER

PIECE = b"x" * 2**20


def _resident(emulator: RunningEmulator) -> int:
    """Tell how many bytes of memory the emulator uses."""
    pages = Path(f"/proc/{emulator.process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def test_a_body_above_the_limit_is_refused_on_a_connection_that_goes_on(
    emulator: RunningEmulator,
) -> None:
    """It answers 413 in Twilio's envelope, keeps none of it, and answers what comes next."""
    before = _resident(emulator)
    pieces = (PIECE for _ in range(4 * (LARGEST_BODY >> 20)))

    answer = emulator.request("POST", TASKROUTER, content=pieces)

    assert answer.status_code == 413
    assert "64 MiB" in answer.json()["message"]
    assert emulator.request("GET", TASKROUTER).status_code == 200
    assert _resident(emulator) - before < 2 * LARGEST_BODY


def test_a_snapshot_above_the_limit_is_refused_in_the_emulators_words(
    emulator: RunningEmulator,
) -> None:
    """The own routes take more, and say so as the emulator they are."""
    content = bytes(LARGEST_OWN_BODY + 1)

    with pytest.raises(ControlError, match="512 MiB"):
        emulator.upload_snapshot("huge", content)


@pytest.mark.parametrize("line", [b"GET / HTTP/1.1\r\n", b"GET /", b"CONNECT "])
def test_a_head_without_an_end_is_refused(emulator: RunningEmulator, line: bytes) -> None:
    """A client that sends headers, or an address, for ever is told so and disconnected."""
    with socket.create_connection(("127.0.0.1", emulator.port), timeout=20) as flood:
        # Its last byte is one too many: nothing is under way that would reset the connection.
        name = b"x-header: " if b"/1.1" in line else b""
        flood.sendall(line + name + b"y" * (HEAD_BYTES + 1 - len(line + name)))
        answered = flood.recv(4096)

    assert answered.startswith(b"HTTP/1.1 431 ")


def test_a_long_head_below_the_limit_is_read(emulator: RunningEmulator) -> None:
    """Sixty thousand characters of headers are answered."""
    headers = {f"X-{number}": "y" * 1000 for number in range(60)}

    answer = httpx.get(f"{emulator.base_url}/_emulator/status", headers=headers, trust_env=False)

    assert answer.status_code == 200
