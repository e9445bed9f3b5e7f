"""A real HTTP server that answers as each test scripts it, and records what it was asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from twilio_client import Credentials, RetryPolicy, TwilioClient
from twilio_client.transport import Transport

DROP = "drop the connection without an answer"
ACCOUNT = "AC" + "a" * 32


@dataclass
class Asked:
    """One request as the server saw it."""

    method: str
    host: str
    path: str
    query: dict[str, list[str]]
    form: dict[str, list[str]]
    headers: dict[str, str]


@dataclass
class ScriptedServer:
    """Answers in order; the last answer is repeated."""

    url: str = ""
    answers: list[Any] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def next_answer(self) -> Any:
        """Return what to answer now."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def answer(status: int, body: object = None, **headers: str) -> tuple[int, object, dict[str, str]]:
    """Make a scripted answer."""
    return status, body or {}, {name.replace("_", "-"): value for name, value in headers.items()}


def _handler(script: ScriptedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode("utf-8", "replace")
            where = urlsplit(self.path)
            script.asked.append(
                Asked(
                    self.command,
                    self.headers["Host"],
                    where.path,
                    parse_qs(where.query),
                    parse_qs(body),
                    dict(self.headers),
                )
            )
            reply = script.next_answer()
            if reply == DROP:
                self.close_connection = True
                self.connection.close()
                return
            status, content, headers = reply
            data = json.dumps(content).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815 (the base class's names)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test output quiet."""

        def handle(self) -> None:
            try:
                super().handle()
            except (ConnectionError, ValueError, OSError):
                self.close_connection = True

        def finish(self) -> None:
            try:
                super().finish()
            except (ConnectionError, ValueError, OSError):
                self.close_connection = True

    return Handler


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """Run a scripted server on a free port."""
    script = ScriptedServer()
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))
    script.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield script
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture
def waits() -> list[float]:
    """Collect the seconds the client would have slept."""
    return []


@pytest.fixture
def client(server: ScriptedServer, waits: list[float]) -> Iterator[TwilioClient]:
    """Make a client of the scripted server that waits on paper only."""
    policy = RetryPolicy(attempts=4, random=lambda: 1.0)

    def clock() -> float:
        return time.monotonic() + sum(waits)

    transport = Transport(server.url, retry=policy, sleep=waits.append, clock=clock)
    yield TwilioClient(Credentials(ACCOUNT, auth_token="t" * 32), transport=transport)
    transport.session.close()
