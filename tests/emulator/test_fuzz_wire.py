"""Bytes on the wire that are no sensible HTTP do not make the emulator fail."""

from __future__ import annotations

import socket
from base64 import b64encode
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twilio_emulator.testing import RunningEmulator, start_emulator

from .hostile import BOUNDED, is_a_failure


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    """Run an emulator."""
    with start_emulator(workers=1) as running:
        yield running


def _part(disposition: bytes, content: bytes) -> bytes:
    head = b"--b\r\nContent-Disposition: form-data; " + disposition
    return head + b"\r\n\r\n" + content + b"\r\n--b--\r\n"


_LINES = st.sampled_from(
    (
        b"GET / HTTP/1.1",
        b"GET /%zz/%ff%fe HTTP/1.1",
        b"GET /taskrouter.twilio.com/v1/Workspaces/%00%c3%28/Workers HTTP/1.1",
        b"GET /sync.twilio.com/v1/Services/default/Maps/%2e%2e%2f/Items/%2F HTTP/1.1",
        b"GET /sync.twilio.com/v1/Services?Page=%ed%a0%80&%00=1&&=&;a HTTP/1.1",
        b"GET /sync.twilio.com HTTP/1.1",
        b"GET //sync.twilio.com//v1//Services HTTP/1.1",
        b"GET http://sync.twilio.com/v1/Services HTTP/1.1",
        b"GET * HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"HEAD /sync.twilio.com/v1/Services HTTP/1.1",
        b"PATCH /sync.twilio.com/v1/Services HTTP/1.1",
        b"BREW /sync.twilio.com/v1/Services HTTP/1.1",
        b"POST /sync.twilio.com/v1/Services HTTP/1.1",
        b"POST /sync.twilio.com/v1/Services HTTP/1.0",
        b"POST /flex-api.twilio.com/v1/Configuration HTTP/1.1",
        b"POST /serverless-upload.twilio.com/v1/Services/a/Functions/b/Versions HTTP/1.1",
        b"POST /_emulator/faults HTTP/1.1",
        b"POST /_emulator/limits HTTP/1.1",
        b"GET /_emulator/journal?since=%ff&path=%5b HTTP/1.1",
        b"POST /taskrouter.twilio.com/v1/Workspaces/WS/TaskQueues/RealTimeStatistics HTTP/1.1",
    )
)
_HEADERS = st.lists(
    st.sampled_from(
        (
            b"If-Match: \xff\xfe",
            b"If-Match: " + b"9" * 9_000,
            b"Authorization: Basic %%%",
            b"Authorization: Basic /////w==",
            b"Authorization: Bearer x",
            b"Content-Type: multipart/form-data",
            b"Content-Type: multipart/form-data; boundary=",
            b"Content-Type: multipart/form-data; boundary=b",
            b"Content-Type: application/json; charset=utf-99",
            b"Content-Type: application/x-www-form-urlencoded; charset=\xff",
            b"Content-Type: \x80",
            b"Host: sync.twilio.com:99999999",
            b"Host: [::1",
            b"Host: a-1234.twil.io",
            b"X-Forwarded-For: ' OR 1",
            b"Expect: 100-continue",
            b"Accept-Encoding: gzip;q=nan",
            b"Origin: null",
            b"Connection: upgrade",
        )
    ),
    max_size=4,
)
_BODIES = {
    "nothing": b"",
    "half a JSON object": b"{",
    "no UTF-8": b"\xff\xfe\x00",
    "a surrogate": b"FriendlyName=%ed%a0%80",
    "a form that is no UTF-8": b"FriendlyName=\xff",
    "a long value": b"FriendlyName=" + b"a" * 3_000_000,
    "many separators": b"&" * 200_000,
    "many values": b"a=1&" * 20_000,
    "deep objects": b'{"a":' * 50_000,
    "JSON that cannot be written": b'{"ui_attributes":{"\\ud800":1e999}}',
    "NaN": b'{"attributes":NaN}',
    "deep arrays": b"[" * 500_000 + b"]" * 500_000,
    "an empty part": b"--b\r\n\r\n--b--",
    "a file's name that is no UTF-8": _part(b'name="Content"; filename="\xff"', b"x"),
    "a field that is no UTF-8": _part(b'name="Path"', b"\xff"),
}


@given(line=_LINES, headers=_HEADERS, body=st.sampled_from(sorted(_BODIES)), is_known=st.booleans())
@settings(BOUNDED, max_examples=500)
def test_no_bytes_on_the_wire_make_the_emulator_fail(
    emulator: RunningEmulator, line: bytes, headers: list[bytes], body: str, is_known: bool
) -> None:
    """Requests no HTTP client would write are answered, or the connection is closed."""
    known = b64encode(":".join(emulator.credentials).encode())
    fixed = [b"Connection: close", b"Content-Length: " + str(len(_BODIES[body])).encode()]
    fixed += [b"Authorization: Basic " + known] if is_known else []
    answer = _sent(emulator, b"\r\n".join([line, *fixed, *headers, b"", _BODIES[body]]))
    if answer:
        assert not is_a_failure(int(answer.split(b" ", 2)[1])), answer[:2_000]
    assert emulator.status()["pid"] == emulator.process.pid


def _sent(emulator: RunningEmulator, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", emulator.port), timeout=30) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))
        except OSError:
            return b""
