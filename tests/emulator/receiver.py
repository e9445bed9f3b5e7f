"""A web server that keeps what TaskRouter posts to it, and answers as a test wants."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from twilio_emulator.testing import wait_for

Form = dict[str, str]


class Receiver:
    """What arrived, in order, and what is answered: `status` and `body`, or `answer(form)`."""

    def __init__(self) -> None:
        self.events: list[Form] = []
        self.headers: list[dict[str, str]] = []
        self.status = 204
        self.content_type = "application/json"
        self.before_answer: Callable[[], Any] = lambda: None
        self.answer: Callable[[Form], tuple[int, Any]] = lambda _form: (self.status, None)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = dict(parse_qsl(body, keep_blank_values=True))
                receiver.headers.append({k.lower(): v for k, v in self.headers.items()})
                receiver.events.append(form)
                receiver.before_answer()
                status, content = receiver.answer(form)
                text = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                if content is not None:
                    self.send_header("Content-Type", receiver.content_type)
                    self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                if content is not None:
                    self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            request_queue_size = 64

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?from=test"

    def types(self) -> list[str]:
        """List the event types that arrived."""
        return [event["EventType"] for event in self.events]

    def wait(self, *types: str) -> Form:
        """Wait until all of these have arrived; return the last event of the last type."""
        wait_for(lambda: set(types) <= set(self.types()), what=f"{types}, got {self.types()}")
        return next(e for e in reversed(self.events) if e["EventType"] == types[-1])

    def wait_for_count(self, count: int) -> list[Form]:
        """Wait until so many posts have arrived, and return all."""
        wait_for(lambda: len(self.events) >= count, what=f"{count} posts")
        return self.events


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver for the length of a block."""
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
        thread.join()
