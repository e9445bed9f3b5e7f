"""The ASGI application: API hosts, function hosts and the emulator's own routes on one port."""

from __future__ import annotations

import json
import logging
import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from twilio_emulator.admin.exchange import Dropped, Facts, perform

from .dispatch import dispatch
from .errors import INTERNAL, ApiError
from .functions import FUNCTION_DOMAIN, FunctionRequest, FunctionResponse
from .request import Receive, Scope, Send, WireRequest, read_request
from .router import Router

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

_log = logging.getLogger(__name__)
_JSON = (("Content-Type", "application/json; charset=utf-8"),)


class App:
    """Answer every HTTP request that reaches the emulator's port."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        routes = [route for product in emulator.products for route in product.routes]
        refused = [item for product in emulator.products for item in product.refused]
        self.router = Router(routes, refused)
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event (ASGI)."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError(f"the emulator does not speak {scope['type']}")
        request = await read_request(scope, receive)
        try:
            answer = await self._answer(request)
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
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.emulator.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, request: WireRequest) -> FunctionResponse:
        if request.path.startswith("/_emulator/"):
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
        facts = Facts("api", request.method, request.host, request.path, _params(self, request))
        facts = facts.sized(len(request.body))
        self._in_flight += 1
        try:
            return await perform(self.emulator, facts, lambda: self._api(request))
        finally:
            self._in_flight -= 1

    async def _api(self, request: WireRequest) -> FunctionResponse:
        started = time.perf_counter()
        try:
            route, reply = await dispatch(self.emulator, self.router, request)
            status = reply.status if reply.status is not None else route.status
            headers, body, etag = dict(reply.headers), reply.body, reply.etag
        except ApiError as error:
            status, headers, body, etag = error.status, error.headers, error.envelope, None
        except Exception:  # noqa: BLE001 - a bug must not take the server down
            _log.exception("%s %s%s failed", request.method, request.host, request.path)
            fault = ApiError(500, INTERNAL, "The emulator failed; its log has the reason")
            status, headers, body, etag = 500, {}, fault.envelope, None
        if etag is not None:
            headers["ETag"] = f'"{etag}"'
        return self._written(status, headers, body, time.perf_counter() - started)

    def _written(
        self, status: int, headers: dict[str, str], body: Any, seconds: float
    ) -> FunctionResponse:
        common = (
            ("Twilio-Request-Id", "RQ" + secrets.token_hex(16)),
            ("Twilio-Request-Duration", f"{seconds:.3f}"),
            ("Twilio-Concurrent-Requests", str(self._in_flight)),
            ("Access-Control-Expose-Headers", "ETag"),
        )
        all_headers = (*common, *headers.items())
        if body is None:
            return FunctionResponse(status, all_headers)
        if isinstance(body, bytes):
            return FunctionResponse(status, all_headers, body)
        return FunctionResponse(status, (*_JSON, *all_headers), _dump(body))


def _dump(body: Any) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def _params(app: App, request: WireRequest) -> dict[str, Any]:
    """Show the parameters in the journal, without the secret ones."""
    given = parse_qs(request.query, keep_blank_values=True)
    if request.content_type == "application/x-www-form-urlencoded":
        given |= parse_qs(request.body.decode(errors="replace"), keep_blank_values=True)
    try:
        route, _ = app.router.find(request.method, request.host, request.path)
        hidden = {p.name for p in route.parameters if p.secret}
    except ApiError:
        hidden = set()
    return {
        name: "(secret)" if name in hidden else values[0] if len(values) == 1 else values
        for name, values in given.items()
    }


async def _send(send: Send, answer: FunctionResponse) -> None:
    headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in answer.headers]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
