"""Answer with fixed bytes from the emulator's own framework: what the emulator is measured by.

Two servers, both uvicorn with the emulator's protocol, loop and settings:

- `asgi`: an ASGI application of two sends, the least that can be written;
- `starlette`: one Starlette route with the address's placeholders, the least that is usual.

Run as `python -m benchmarks.bench_emulator_bare <asgi|starlette> <file>`; the file (JSON) has
`method`, `path` (a template), `status`, `headers` and `body`.  Prints the port.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twilio_emulator.wire.server import listen, server


def asgi(answer: dict[str, Any]) -> Any:
    """Make the smallest application."""
    headers = [(k.encode(), v.encode()) for k, v in answer["headers"]]
    start = {"type": "http.response.start", "status": answer["status"], "headers": headers}
    body = {"type": "http.response.body", "body": answer["body"].encode()}

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        if scope["method"] != "GET":
            await receive()
        await send(start)
        await send(body)

    return application


def starlette(answer: dict[str, Any]) -> Any:
    """Make an application with one route."""
    headers = {k: v for k, v in answer["headers"] if k.lower() != "content-length"}

    async def endpoint(request: Request) -> Response:
        await request.body()
        return Response(answer["body"].encode(), answer["status"], headers)

    return Starlette(routes=[Route(answer["path"], endpoint, methods=[answer["method"]])])


KINDS: dict[str, Callable[[dict[str, Any]], Any]] = {"asgi": asgi, "starlette": starlette}


def main() -> None:
    """Serve until told to stop."""
    kind, file = sys.argv[1:]
    listener = listen("127.0.0.1", 0)
    application = KINDS[kind](json.loads(Path(file).read_text()))
    port = listener.getsockname()[1]
    server(application, lambda: print(port, flush=True)).run([listener])


if __name__ == "__main__":
    main()
