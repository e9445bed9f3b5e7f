"""The ASGI application below `/_emulator/` that people look at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from twilio_emulator.admin.access import refusal
from twilio_emulator.admin.request import is_number
from twilio_emulator.taskrouter.records import Event, Task, TaskQueue, Worker

from . import details
from .picture import Row
from .stream import chosen, stream

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

ROOT = "/_emulator"
PAGE = Path(__file__).parent / "page"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_KINDS: dict[str, tuple[type[Any], Callable[[Emulator, Any], Row]]] = {
    "workers": (Worker, details.worker),
    "queues": (TaskQueue, details.task_queue),
    "tasks": (Task, details.task),
    "events": (Event, details.event),
}

_OWN = (ROOT, f"{ROOT}/", f"{ROOT}/live")
_BELOW = (f"{ROOT}/page/", f"{ROOT}/live/")


class Dashboard:
    """Serve the page, its files, its stream and its details, to this machine only."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._app = Starlette(
            routes=[
                Route(ROOT, self._to_page),
                Route(f"{ROOT}/", self._page),
                Mount(f"{ROOT}/page", StaticFiles(directory=PAGE)),
                Route(f"{ROOT}/live", self._live),
                Route(f"{ROOT}/live/workers", self._workers),
                Route(f"{ROOT}/live/requests/{{number}}", self._request),
                Route(f"{ROOT}/live/{{kind}}/{{sid}}", self._one),
            ]
        )

    @staticmethod
    def answers(path: str) -> bool:
        """Tell whether a path is the page's."""
        return path.startswith(ROOT) and (path in _OWN or path.startswith(_BELOW))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request (ASGI)."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message.setdefault("headers", []))
                headers.setdefault("Cache-Control", "no-cache")
                headers.update(_HEADERS)
            await send(message)

        app: Callable[[Scope, Receive, Send], Awaitable[None]] = self._app
        client = scope.get("client") or ("", 0)
        if reason := refusal(Headers(scope=scope), client[0]):
            app = JSONResponse({"error": reason}, 403)
        await app(scope, receive, send_guarded)

    async def _to_page(self, _request: Request) -> Response:
        return RedirectResponse(f"{ROOT}/")

    async def _page(self, _request: Request) -> Response:
        return FileResponse(PAGE / "index.html")

    async def _live(self, request: Request) -> Response:
        return EventSourceResponse(stream(self._emulator, request.query_params.get("workspace")))

    async def _workers(self, request: Request) -> Response:
        asked = request.query_params
        workspace = chosen(self._emulator, asked.get("workspace"))
        start = asked.get("start", "0")
        if workspace is None or not is_number(start):
            return JSONResponse({"error": "there are no such workers"}, 404)
        search = details.WorkerSearch(
            words=asked.get("words", ""),
            activity_sid=asked.get("activity", ""),
            queue_sid=asked.get("queue", ""),
            start=int(start),
        )
        return JSONResponse(details.workers(self._emulator, workspace, search))

    async def _request(self, request: Request) -> Response:
        number = request.path_params["number"]
        found = details.request(self._emulator, int(number)) if is_number(number) else None
        return _answer(found, "the journal forgot this request")

    async def _one(self, request: Request) -> Response:
        sid = request.path_params["sid"]
        kind, write = _KINDS.get(request.path_params["kind"], (None, None))
        record = self._emulator.store[kind].get(sid) if kind else None
        found = write(self._emulator, record) if write and record else None
        return _answer(found, f"there is no {sid} any more")


def _answer(found: Row | None, otherwise: str) -> Response:
    return JSONResponse({"error": otherwise}, 404) if found is None else JSONResponse(found)
