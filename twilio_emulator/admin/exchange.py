"""Carry out one request with its fault and its line in the journal."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from twilio_emulator.wire.functions import FunctionResponse

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

    from .faults import Fault


class Dropped(Exception):
    """The connection is to be closed without an answer."""


@dataclass(frozen=True)
class Facts:
    """What faults and the journal go by; `kind` is api, function or callback."""

    kind: str
    method: str
    host: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    event_type: str | None = None
    bytes: int = 0

    def sized(self, length: int) -> Facts:
        """Return the facts with the body's length."""
        return dataclasses.replace(self, bytes=length)


async def perform(
    emulator: Emulator, facts: Facts, act: Callable[[], Awaitable[FunctionResponse]]
) -> FunctionResponse:
    """Act, unless a fault says otherwise, and write it into the journal.

    Raises: Dropped when a fault drops the connection, and whatever `act` raises.
    """
    fault = emulator.faults.meet(facts.kind, facts.method, facts.host, facts.path, facts.event_type)
    started, moment = time.perf_counter(), emulator.clock.now()
    status: int | None = None
    try:
        answer = await (act() if fault is None else _under(fault, act))
        status = answer.status
        return answer
    finally:
        emulator.journal.add(
            time=moment.isoformat(timespec="milliseconds"),
            kind=facts.kind,
            method=facts.method,
            host=facts.host,
            path=facts.path,
            params=facts.params,
            bytes=facts.bytes,
            status=status,
            duration_ms=round((time.perf_counter() - started) * 1000, 3),
            fault=fault.id if fault else None,
        )


async def _under(fault: Fault, act: Callable[[], Awaitable[FunctionResponse]]) -> FunctionResponse:
    if fault.latency_ms:
        await asyncio.sleep(fault.latency_ms / 1000)
    fails = fault.drop or fault.status is not None
    answer = await act() if fault.after or not fails else None
    if fault.drop:
        raise Dropped
    if fault.status is None and answer is not None:
        return answer
    headers = [("Content-Type", "application/json")]
    if fault.retry_after is not None:
        headers.append(("Retry-After", str(fault.retry_after)))
    return FunctionResponse(fault.status or 500, tuple(headers), fault.answer())
