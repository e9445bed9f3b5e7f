"""Serve with every exchange checked."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twilio_emulator.wire.app import App
from twilio_emulator.wire.request import Receive, Scope, Send, is_twilio_host, split_host

from .checking import Exchange, violations
from .documents import Documents
from .exceptions import is_meant
from .report import Report

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator


class CheckedApp(App):
    """The application, with every exchange held against the documents in a folder.

    Raises: OSError, ValueError or KeyError when the folder holds no OpenAPI documents.
    """

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        super().__init__(emulator)
        self._documents = Documents(folder)
        self._report = Report.from_environment(os.environ)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event (ASGI), then check it."""
        host, path = _address(scope)
        if scope["type"] != "http" or path.startswith("/_emulator/") or not _is_api(host):
            await super().__call__(scope, receive, send)
            return
        asked, answered = bytearray(), _Answer()

        async def listen() -> Any:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def speak(message: Any) -> None:
            answered.take(message)
            await send(message)

        await super().__call__(scope, listen, speak)
        self._judge(scope, host, path, bytes(asked), answered)

    def _judge(self, scope: Scope, host: str, path: str, body: bytes, answered: _Answer) -> None:
        if answered.is_failure_on_demand:
            return
        exchange = Exchange(
            method=scope["method"],
            host=host,
            path=path,
            query=scope["query_string"].decode("latin-1"),
            content_type=_header(scope["headers"], b"content-type").partition(";")[0].lower(),
            body=body,
            status=answered.status,
            headers=answered.headers,
            answer=bytes(answered.body),
        )
        for violation in violations(self._documents, exchange):
            if not is_meant(violation):
                self._report.add(violation)


class _Answer:
    """The answer as it passes."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = bytearray()

    def take(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in message["headers"]
            }
        self.body += message.get("body", b"")

    @property
    def is_failure_on_demand(self) -> bool:
        """Whether a fault answered, or dropped the connection: only real answers are numbered."""
        return self.status == 0 or "twilio-request-id" not in self.headers


def _address(scope: Scope) -> tuple[str, str]:
    if scope["type"] != "http":
        return "", ""
    raw: bytes = scope["raw_path"]
    named = _header(scope["headers"], b"host")
    return split_host(named, raw.decode("latin-1").partition("?")[0])


def _is_api(host: str) -> bool:
    return is_twilio_host(host) and not host.endswith(".twil.io")


def _header(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> str:
    return next((value.decode("latin-1") for name, value in headers if name == wanted), "")
