"""One connection to the emulator's port: plain HTTP, or a proxy's."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from twilio_emulator.proxy.targets import Refused, may_be_asked, not_twilio, tunnel_target
from twilio_emulator.proxy.tunnel import Handshake

from .request import Receive, Scope, Send

if TYPE_CHECKING:
    from twilio_emulator.proxy.authority import Authority

HEAD_SECONDS = 60.0
HEAD_BYTES = 64 * 2**10
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, for 0 seconds
_SLASH = ord("/")
_FRAMING = (b"content-length", b"transfer-encoding")


class Connection(HttpToolsProtocol):
    """Serve HTTP, whole addresses (`GET http://…`) and CONNECT on one port.

    The application finds what drops the connection in the scope's extension
    `twilio_emulator.transport`.
    """

    def __init__(self, *given: Any, authority: Callable[[], Authority], **more: Any) -> None:
        super().__init__(*given, **more)
        self._authority = authority
        self._head_due: asyncio.TimerHandle | None = None
        self._drop: Any = None
        self._is_in_head = False
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect the first request's head within a minute, as every later one once it began."""
        super().connection_made(transport)
        self._drop = transport
        self._head_due = self.loop.call_later(HEAD_SECONDS, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """End what was waiting for the client."""
        self._head_arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, or leave HTTP where the client asked for a tunnel."""
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            rest = data[upgrade.args[0] :]
            if self._should_upgrade():
                self._open_tunnel(early=rest)
            else:
                self._read_body(rest)
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")
        else:
            if self._is_in_head:
                self._wait_for_head(len(data))

    def on_message_begin(self) -> None:
        """Start a request."""
        super().on_message_begin()
        self._is_in_head, self._head_bytes = True, 0
        scope: Any = self.scope
        scope["extensions"] = {"twilio_emulator.transport": self._drop}

    def on_headers_complete(self) -> None:
        """Start to answer; a whole address becomes its path and Host."""
        self._is_in_head = False
        if self._head_due is not None:
            self._head_arrived()
        if self.url[0] == _SLASH or self.parser.get_method() == b"CONNECT":
            super().on_headers_complete()
            return
        application = self.app
        try:
            self._take_address(httptools.parse_url(self.url))
        except Refused as refused:
            self.url, self.app = b"/", _refusing(refused)
        super().on_headers_complete()
        self.app = application

    def _should_upgrade(self) -> bool:
        """Tell the base that what follows CONNECT is no HTTP; no other upgrade is followed."""
        return self.scope["method"] == "CONNECT"

    def _read_body(self, rest: bytes) -> None:
        """Read on where the parser left HTTP for an upgrade that is not followed.

        Clients offer one with any request (`Upgrade: h2c`), and send its body all the same.
        """
        framing = [header for header in self.headers if header[0] in _FRAMING]
        if not framing or self.cycle.response_complete:
            return
        self.cycle.more_body = True
        self.parser = httptools.HttpRequestParser(_Body(self))
        head = b"".join(b"%b: %b\r\n" % header for header in framing)
        self.data_received(b"POST / HTTP/1.1\r\n%b\r\n%b" % (head, rest))

    def body_ended(self) -> None:
        """Go on with the next request."""
        self.on_message_complete()
        self.parser = httptools.HttpRequestParser(self)

    def _take_address(self, address: Any) -> None:
        host = (address.host or b"").decode().lower()
        if not may_be_asked(host, address.port, self.server[1] if self.server else None):
            raise not_twilio(host)
        self.url = (address.path or b"/") + (b"?" + address.query if address.query else b"")
        named = f"[{host}]" if ":" in host else host
        port = f":{address.port}" if address.port else ""
        others = [(name, value) for name, value in self.headers if name != b"host"]
        self.headers[:] = [*others, (b"host", f"{named}{port}".encode())]

    def _open_tunnel(self, early: bytes) -> None:
        try:
            self._refuse_haste(early)
            target = tunnel_target(self.url.decode("latin-1"))
            context = self._context(target.host) if target.secure else None
        except Refused as refused:
            self._refuse(refused)
            return
        self.connections.discard(self)
        self._head_arrived()
        self.transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        if context is not None:
            self._shake_hands(target.host, context)
            return
        inner = self._inner()
        self.transport.set_protocol(inner)
        inner.connection_made(self.transport)

    def _refuse_haste(self, early: bytes) -> None:
        if early or (self.cycle is not None and not self.cycle.response_complete):
            raise Refused(400, "Bad Request", "Wait for one answer before the next request")

    def _context(self, host: str) -> ssl.SSLContext:
        try:
            return self._authority().context(host)
        except OSError as error:
            reason = f"No certificate for {host} can be made: {error}"
            raise Refused(503, "Service Unavailable", reason) from error

    def _shake_hands(self, host: str, context: ssl.SSLContext) -> None:
        handshake: Any = Handshake(self.transport, host, self._inner)
        self.connections.add(handshake)
        task = self.loop.create_task(handshake.run(context))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        task.add_done_callback(lambda _: self.connections.discard(handshake))

    def _inner(self) -> TunnelConnection:
        return TunnelConnection(
            self.config, self.server_state, self.app_state, authority=self._authority
        )

    def _refuse(self, refused: Refused) -> None:
        head = (
            f"HTTP/1.1 {refused.status} {refused.reason}\r\n"
            "content-type: text/plain; charset=utf-8\r\n"
            f"content-length: {len(str(refused)) + 1}\r\n"
            "connection: close\r\n\r\n"
        )
        self.transport.write(f"{head}{refused}\n".encode("latin-1"))
        self.transport.close()

    def _wait_for_head(self, received: int) -> None:
        """Let a head that came in part be completed, within its time and its size."""
        self._head_bytes += received
        if self._head_bytes > HEAD_BYTES:
            reason = f"The head of a request has at most {HEAD_BYTES >> 10} KiB"
            self._refuse(Refused(431, "Request Header Fields Too Large", reason))
        elif self._head_due is None:
            self._head_due = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _head_arrived(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None


class _Body:
    """What a parser tells of a body whose head was read before; see `Connection._read_body`."""

    def __init__(self, connection: Connection) -> None:
        self.on_body = connection.on_body
        self.on_message_complete = connection.body_ended


class TunnelConnection(Connection):
    """HTTP inside a tunnel."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Have a dropped connection be reset, as a client behind a proxy would see it."""
        super().connection_made(transport)
        self._drop = self

    def abort(self) -> None:
        """Reset the connection."""
        self.transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, _RESET
        )
        self.transport.abort()

    def shutdown(self) -> None:
        """End with the server: an idle client is not waited for to say goodbye."""
        super().shutdown()
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(0.2, self.transport.abort)

    def _open_tunnel(self, early: bytes) -> None:  # noqa: ARG002 - named as in the base
        self._refuse(Refused(400, "Bad Request", "This is a tunnel already"))


def _refusing(refused: Refused) -> Callable[[Scope, Receive, Send], Any]:
    """Return an application that answers everything with the refusal."""

    async def refuse(_scope: Scope, _receive: Receive, send: Send) -> None:
        body = f"{refused}\n".encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": refused.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return refuse
