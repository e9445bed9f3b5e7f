"""Carry out one request with its fault and its line in the journal."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from twilio_emulator.functions_runtime import Disturbance, disturbed
from twilio_emulator.wire.functions import FunctionResponse

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

    from .faults import Fault, Met
    from .journal import Facts


_WITHOUT_BODY = (204, 304)  # what followed their heads would be read as the next answer


class Dropped(Exception):
    """The connection is to be closed without an answer."""


async def perform(
    emulator: Emulator, facts: Facts, act: Callable[[], Awaitable[FunctionResponse]]
) -> FunctionResponse:
    """Act, unless a fault says otherwise, and write it into the journal.

    Raises: Dropped when a fault drops the connection, TimeoutError when `limit` is over, and
    whatever `act` raises.
    """
    if emulator.is_changing and facts.kind == "api":
        await emulator.settled()
    met = emulator.faults.meet(facts.kind, facts.method, facts.host, facts.path, facts.event_type)
    started, moment = time.perf_counter(), emulator.clock.time()
    status: int | None = None
    try:
        answer = await (act() if met is None else _limited(met, facts.limit, act))
        status = answer.status
        return answer
    finally:
        seconds = time.perf_counter() - started
        emulator.journal.add(facts, moment, seconds, status, met.ids if met else None)


async def _limited(
    met: Met, limit: float | None, act: Callable[[], Awaitable[FunctionResponse]]
) -> FunctionResponse:
    async with asyncio.timeout(limit):
        if met.latency_ms:
            await asyncio.sleep(met.latency_ms / 1000)
        return await (act() if met.failure is None else _failing(met.failure, act))


async def _failing(
    fault: Fault, act: Callable[[], Awaitable[FunctionResponse]]
) -> FunctionResponse:
    if fault.process is not None:
        with disturbed(Disturbance(fault.process, fault.process_after_ms / 1000)):
            return await act()
    if fault.after:
        await act()
    if fault.drop:
        raise Dropped
    return _answer(fault, fault.status or 500)


def _answer(fault: Fault, status: int) -> FunctionResponse:
    headers = [("Content-Type", "application/json")]
    if fault.retry_after is not None:
        headers.append(("Retry-After", str(fault.retry_after)))
    return FunctionResponse(status, tuple(headers), _body(fault, status))


def _body(fault: Fault, status: int) -> bytes:
    if status in _WITHOUT_BODY:
        return b""
    if isinstance(fault.body, str):
        return fault.body.encode()
    code = 20429 if status == 429 else 20500
    message = "Too Many Requests" if status == 429 else "Failure on demand"
    body = fault.body or {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return json.dumps(body).encode()
