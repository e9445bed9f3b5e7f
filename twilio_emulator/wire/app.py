"""The ASGI application: API hosts, function hosts and the emulator's own routes on one port."""

from __future__ import annotations

import gc
import logging
import secrets
import sqlite3
import time
from typing import TYPE_CHECKING

from twilio_emulator.admin.exchange import Dropped, perform
from twilio_emulator.admin.journal import Facts
from twilio_emulator.admin.request import MARK, PREFIX
from twilio_emulator.version import version

from .call import Reply
from .dispatch import Asked, dispatch
from .encoding import Json, encode
from .errors import INTERNAL, INVALID_PARAMETER, ApiError
from .functions import FUNCTION_DOMAIN, FunctionRequest, FunctionResponse
from .request import (
    CutOff,
    Receive,
    Scope,
    Send,
    TooLarge,
    WireRequest,
    is_twilio_host,
    read_request,
)
from .router import Router

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

_log = logging.getLogger(__name__)
_JSON = (b"Content-Type", b"application/json; charset=utf-8")
_EXPOSED = (b"Access-Control-Expose-Headers", b"ETag")


class App:
    """Answer every HTTP request that reaches the emulator's port."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        routes = [route for product in emulator.products for route in product.routes]
        refused = [item for product in emulator.products for item in product.refused]
        self.router = Router(routes, refused)
        self._in_flight = 0
        # Random, then counted: as unique as if each were random, and cheap.
        self._request_ids, self._answered = b"RQ" + secrets.token_hex(8).encode(), 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event (ASGI)."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError(f"the emulator does not speak {scope['type']}")
        if self.emulator.dashboard.answers(scope["path"]):
            await self.emulator.dashboard(scope, receive, send)
            return
        try:
            answer = await self._answer(await read_request(scope, receive))
        except CutOff:
            return
        except TooLarge as error:
            # The server reads on and drops what is left, so that the client sees this answer.
            answer = self._written(_too_large(scope["path"], str(error)), 0.0)
        except Dropped:
            scope["extensions"]["twilio_emulator.transport"].abort()
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await _send(send, answer)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.emulator.start()
                # What is there from the start stays: no collection has to look through it again,
                # which takes tens of milliseconds with 15,000 workers.
                gc.freeze()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.emulator.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, request: WireRequest) -> FunctionResponse:
        if request.path == "/" and not is_twilio_host(request.host):
            return FunctionResponse(302, (("Location", "/_emulator/"),))  # somebody's browser
        if request.path.startswith(PREFIX):
            return await self.emulator.administer(request)
        if request.host.endswith(FUNCTION_DOMAIN):
            return await self.emulator.call_function(
                FunctionRequest(
                    request.method,
                    request.host,
                    request.path,
                    request.query,
                    request.headers,
                    request.body,
                )
            )
        return await self._call_api(request)

    async def _call_api(self, request: WireRequest) -> FunctionResponse:
        asked = Asked(self.emulator, self.router, request)
        facts = Facts(
            "api",
            request.method,
            request.host,
            request.path,
            asked.shown(),
            bytes=len(request.body),
            account=asked.proven_account,
        )
        self._in_flight += 1
        try:
            return await perform(self.emulator, facts, lambda: self._api(asked))
        finally:
            self._in_flight -= 1

    async def _api(self, asked: Asked) -> FunctionResponse:
        started = time.perf_counter()
        try:
            reply = await dispatch(self.emulator, asked)
        except ApiError as error:
            reply = error.reply
        except sqlite3.Error as error:
            request = asked.request
            reason = f"{request.method} {request.host}{request.path} cannot be kept: {error}"
            _log.error(reason)
            reply = ApiError(500, INTERNAL, f"The emulator failed: {reason}").reply
        except Exception:  # noqa: BLE001 - a bug must not take the server down
            request = asked.request
            _log.exception("%s %s%s failed", request.method, request.host, request.path)
            reply = ApiError(500, INTERNAL, "The emulator failed; its log has the reason").reply
        return self._written(reply, time.perf_counter() - started)

    def _written(self, reply: Reply, seconds: float) -> FunctionResponse:
        self._answered += 1
        body = reply.body
        headers = [
            (b"Twilio-Request-Id", b"%b%016x" % (self._request_ids, self._answered)),
            (b"Twilio-Request-Duration", b"%.3f" % seconds),
            (b"Twilio-Concurrent-Requests", b"%d" % self._in_flight),
            _EXPOSED,
        ]
        if reply.etag is not None:
            headers.append((b"ETag", f'"{reply.etag}"'.encode("latin-1")))
        if body is None:
            body = b""
        elif isinstance(body, Json) or not isinstance(body, bytes):
            headers.append(_JSON)
            body = encode(body)
        return FunctionResponse(reply.status or 200, reply.headers.items(), body, headers)


def _too_large(path: str, reason: str) -> Reply:
    if path.startswith(PREFIX):
        return Reply({"error": reason}, status=413, headers={MARK: version()})
    return ApiError(413, INVALID_PARAMETER, reason).reply


async def _send(send: Send, answer: FunctionResponse) -> None:
    headers = [
        *answer.raw_headers,
        *[(k.encode("latin-1"), v.encode("latin-1")) for k, v in answer.headers],
        (b"Content-Length", b"%d" % len(answer.body)),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
