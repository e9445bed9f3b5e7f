"""Turn a connection that asked for a tunnel into TLS that ends here."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable

_log = logging.getLogger(__name__)

HANDSHAKE_SECONDS = 10.0
_GOODBYE_SECONDS = 5.0


class Handshake(asyncio.Protocol):
    """Carry out the handshake, then hand the connection over to HTTP.

    What arrives in the same packet as the handshake's end is kept for `http`, which is made only
    then.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        host: str,
        http: Callable[[], asyncio.Protocol],
    ) -> None:
        self._transport = transport
        self._host = host
        self._http = http
        self._early = bytearray()
        self._lost = False

    async def run(self, context: ssl.SSLContext) -> None:
        """Wait for the handshake; one that fails ends the connection."""
        secured = await self._secured(context)
        if secured is None or self._lost:
            self._transport.abort()
            return
        http = self._http()
        secured.set_protocol(http)
        http.connection_made(secured)
        if self._early:
            http.data_received(bytes(self._early))

    async def _secured(self, context: ssl.SSLContext) -> asyncio.Transport | None:
        try:
            return await asyncio.get_running_loop().start_tls(
                self._transport,
                self,
                context,
                server_side=True,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
                ssl_shutdown_timeout=_GOODBYE_SECONDS,
            )
        except ssl.SSLError as error:
            _log.warning(
                "a client gave up TLS with %s (%s): it has to trust the certificates that"
                " `twilio-emulator env` names",
                self._host,
                error.reason or error,
            )
        except OSError:
            pass  # gone, or too slow
        return None

    def shutdown(self) -> None:
        """End the connection with the server."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Keep what HTTP will read."""
        self._early += data

    def connection_lost(self, _reason: Exception | None) -> None:
        """Note that the client is gone."""
        self._lost = True
