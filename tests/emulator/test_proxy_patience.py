"""How long the port waits for clients that are slow, in a server whose patience is short."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from twilio_emulator.emulator import Emulator
from twilio_emulator.proxy import tunnel
from twilio_emulator.settings import Settings
from twilio_emulator.testing import wait_for
from twilio_emulator.wire import connection
from twilio_emulator.wire.app import App
from twilio_emulator.wire.server import Server, listen, server

CONNECT = b"CONNECT api.twilio.com:443 HTTP/1.1\r\nHost: api.twilio.com\r\n"


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Server, int]]:
    """Run an emulator in this process that waits a fifth of a second."""
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    monkeypatch.setattr(tunnel, "HANDSHAKE_SECONDS", 0.2)
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    ready = threading.Event()
    running = server(App(Emulator(Settings(port=port, sample=False))), ready.set)
    thread = threading.Thread(target=running.run, args=([listener],))
    thread.start()
    try:
        assert ready.wait(30)
        yield running, port
    finally:
        running.should_exit = True
        thread.join(30)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET /v1/Workspaces HTTP/1.1\r\nHost: a", CONNECT, CONNECT + b"\r\n"],
    ids=["nothing", "half a request", "half a CONNECT", "no handshake"],
)
def test_slow_clients_are_given_up(hasty: tuple[Server, int], sent: bytes) -> None:
    """A client that stops half-way is disconnected, and nothing of it stays."""
    running, port = hasty
    with socket.create_connection(("127.0.0.1", port), timeout=20) as slow:
        slow.sendall(sent)
        with contextlib.suppress(ConnectionResetError):
            while slow.recv(4096):
                pass
    state = running.server_state

    wait_for(lambda: not state.connections and not state.tasks, what="nothing to be left")


def test_one_that_comes_byte_by_byte_is_given_up_too(hasty: tuple[Server, int]) -> None:
    """Sending a little now and then does not keep a connection open."""
    _, port = hasty
    with socket.create_connection(("127.0.0.1", port)) as slow:
        slow.settimeout(0.02)
        slow.sendall(b"CONNECT api.twilio.com:443 HTTP/1.1\r\nX: ")
        wait_for(lambda: _is_given_up(slow), what="the end of the connection")


def _is_given_up(slow: socket.socket) -> bool:
    """Send one byte more and see whether anybody is there."""
    try:
        slow.sendall(b"a")
        return slow.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_a_client_that_stops_in_its_second_request_is_given_up(hasty: tuple[Server, int]) -> None:
    """A connection that was answered once has no more patience than a new one."""
    _, port = hasty
    with socket.create_connection(("127.0.0.1", port), timeout=20) as slow:
        slow.sendall(b"GET /_emulator/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert slow.recv(65536).startswith(b"HTTP/1.1 200 ")
        slow.sendall(b"GET /v1/Work")
        try:
            rest = slow.recv(4096)
        except ConnectionResetError:
            rest = b""

    assert rest == b""
