"""Answer the routes below `/_emulator/`, from this machine only."""

from __future__ import annotations

import ipaddress
import json
import os
import re
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl

from twilio_emulator.wire.functions import FunctionResponse

from .faults import WrongFault

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator
    from twilio_emulator.wire.request import WireRequest

Query: TypeAlias = dict[str, str]
Body: TypeAlias = dict[str, Any]


class _Refusal(Exception):
    """A request to an own route that cannot be followed."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


async def administer(emulator: Emulator, request: WireRequest) -> FunctionResponse:
    """Carry out one own route and answer with JSON."""
    try:
        action = _action(request)
        query = dict(parse_qsl(request.query))
        return _json(200, await action(emulator, query, _body(request)))
    except _Refusal as refusal:
        return _json(refusal.status, {"error": str(refusal)})


def _action(request: WireRequest) -> _Action:
    if not _is_local(request.client):
        raise _Refusal(403, "the emulator's own routes answer to this machine only")
    action = _ACTIONS.get((request.method, request.path))
    if action is None:
        known = ", ".join(f"{method} {path}" for method, path in _ACTIONS)
        raise _Refusal(404, f"no route {request.method} {request.path} (known: {known})")
    return action


def _is_local(client: str) -> bool:
    try:
        return ipaddress.ip_address(client).is_loopback
    except ValueError:
        return False


def _body(request: WireRequest) -> Body:
    try:
        body = json.loads(request.body or b"{}")
    except ValueError as error:
        raise _Refusal(400, f"the body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise _Refusal(400, "the body must be a JSON object")
    return body


def _json(status: int, body: Any) -> FunctionResponse:
    text = json.dumps(body, ensure_ascii=False).encode()
    return FunctionResponse(status, (("Content-Type", "application/json"),), text)


async def _status(emulator: Emulator, _query: Query, _body: Body) -> Body:
    counts = {items.kind.KIND: len(items) for items in emulator.store}
    return {
        "version": emulator.version(),
        "pid": os.getpid(),
        "port": emulator.port,
        "accounts": [account.sid for account in emulator.accounts()],
        "data": str(emulator.settings.data) if emulator.settings.data else None,
        "time": emulator.clock.now().isoformat(),
        "counts": counts,
    }


async def _reset(emulator: Emulator, _query: Query, body: Body) -> Body:
    unknown = sorted(set(body) - {"seed", "workers"})
    if unknown:
        raise _Refusal(400, f"unknown {', '.join(unknown)} (known: seed, workers)")
    for name, value in body.items():
        if not isinstance(value, int) or value < 0:
            raise _Refusal(400, f"{name} must be a number not below 0")
    await emulator.reset(seed=body.get("seed"), workers=body.get("workers"))
    return await _status(emulator, {}, {})


async def _read_journal(emulator: Emulator, query: Query, _body: Body) -> Body:
    known = {"kind", "host", "method", "path", "since"}
    if unknown := sorted(set(query) - known):
        raise _Refusal(400, f"unknown {', '.join(unknown)} (known: {', '.join(sorted(known))})")
    since = query.pop("since", "0")
    if not since.isdigit():
        raise _Refusal(400, f"since '{since}' is not a number")
    try:
        entries = [asdict(entry) for entry in emulator.journal.select(since=int(since), **query)]
    except re.error as error:
        raise _Refusal(400, f"not a regular expression: {error}") from None
    return {"entries": entries}


async def _clear_journal(emulator: Emulator, _query: Query, _body: Body) -> Body:
    emulator.journal.clear()
    return {"entries": []}


async def _read_faults(emulator: Emulator, _query: Query, _body: Body) -> Body:
    return {"faults": [fault.shown() for fault in emulator.faults.all()]}


async def _add_fault(emulator: Emulator, _query: Query, body: Body) -> Body:
    try:
        return emulator.faults.add(body).shown()
    except WrongFault as error:
        raise _Refusal(400, str(error)) from None


async def _remove_faults(emulator: Emulator, query: Query, _body: Body) -> Body:
    return {"removed": emulator.faults.remove(query.get("id"))}


async def _advance(emulator: Emulator, _query: Query, body: Body) -> Body:
    seconds = body.get("seconds")
    if not isinstance(seconds, int | float) or seconds < 0:
        raise _Refusal(400, "give seconds, a number not below 0")
    emulator.clock.advance(seconds)
    return {"time": emulator.clock.now().isoformat()}


_Action: TypeAlias = "Callable[[Emulator, Query, Body], Coroutine[Any, Any, Body]]"

_ACTIONS: dict[tuple[str, str], _Action] = {
    ("GET", "/_emulator/status"): _status,
    ("POST", "/_emulator/reset"): _reset,
    ("GET", "/_emulator/journal"): _read_journal,
    ("DELETE", "/_emulator/journal"): _clear_journal,
    ("GET", "/_emulator/faults"): _read_faults,
    ("POST", "/_emulator/faults"): _add_fault,
    ("DELETE", "/_emulator/faults"): _remove_faults,
    ("POST", "/_emulator/clock/advance"): _advance,
}
