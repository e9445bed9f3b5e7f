"""Speak to the proxy byte by byte."""

from __future__ import annotations

import base64
import socket

from twilio_emulator.testing import RunningEmulator

HOST = "taskrouter.twilio.com"
URL = f"https://{HOST}/v1/Workspaces"


def dial(emulator: RunningEmulator) -> socket.socket:
    """Connect to the port."""
    return socket.create_connection(("127.0.0.1", emulator.port), timeout=20)


def answer_to(emulator: RunningEmulator, text: str) -> bytes:
    """Send bytes and read until the emulator closes."""
    with dial(emulator) as connection:
        connection.sendall(text.encode("latin-1"))
        return b"".join(iter(lambda: connection.recv(65536), b""))


def connect(emulator: RunningEmulator, target: str = f"{HOST}:443") -> socket.socket:
    """Ask for a tunnel and read the consent."""
    connection = dial(emulator)
    connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    consent = connection.recv(4096)
    assert consent == b"HTTP/1.1 200 Connection established\r\n\r\n", consent
    return connection


def request_text(emulator: RunningEmulator, path: str = "/v1/Workspaces", *lines: str) -> bytes:
    """Write an authenticated GET."""
    credentials = base64.b64encode(":".join(emulator.credentials).encode()).decode()
    head = (f"GET {path} HTTP/1.1", f"Host: {HOST}", f"Authorization: Basic {credentials}", *lines)
    return ("\r\n".join(head) + "\r\n\r\n").encode()


def one_answer(tunnel: socket.socket) -> bytes:
    """Read one answer with a content length."""
    text = b""
    while b"\r\n\r\n" not in text:
        text += tunnel.recv(65536)
    head, _, body = text.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-le")
    )
    while len(body) < length:
        body += tunnel.recv(65536)
    assert len(body) == length
    return body
