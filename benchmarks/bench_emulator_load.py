"""Put load on one HTTP server over raw sockets, cheaply enough not to be what is measured.

Each connection follows a script: a generator that yields requests as bytes, is sent each answer,
and says with every request whether its time counts.  A connection has one request under way at
a time, so what is counted is what that many patient clients see.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, cast

import uvloop

Step: TypeAlias = tuple[bytes, bool]
Script: TypeAlias = Generator[Step, bytes, None]


@dataclass
class Load:
    """What one server did under one load.

    Units: `seconds` of wall time, `latencies` in seconds per counted request, `client_share` of
    one processor spent by the client itself.
    """

    seconds: float
    latencies: list[float]
    client_share: float

    @property
    def per_second(self) -> float:
        """Counted requests per second."""
        return len(self.latencies) / self.seconds

    def percentile(self, percent: int) -> float:
        """Return the latency that this many percent of the counted requests stay below."""
        return statistics.quantiles(self.latencies, n=100)[percent - 1]


class Connection(asyncio.Protocol):
    """One connection that follows its script until the deadline."""

    def __init__(self, script: Script, latencies: list[float], deadline: float) -> None:
        """Prepare; `finished` is set when the script or the time is over."""
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._script = script
        self._latencies = latencies
        self._deadline = deadline
        self._received = bytearray()
        self._awaited = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast("asyncio.WriteTransport", transport)
        self._send(next(self._script))

    def data_received(self, data: bytes) -> None:
        """Collect one answer; once whole, note its time and send the next request."""
        self._received += data
        if not self._awaited:
            head = self._received.find(b"\r\n\r\n")
            if head < 0:
                return
            self._awaited = head + 4 + content_length(self._received[:head])
        if len(self._received) >= self._awaited:
            self._answered()

    def connection_lost(self, error: Exception | None) -> None:
        """End; a server that hangs up in the middle is a failure of the benchmark."""
        if not self.finished.done():
            self.finished.set_exception(error or ConnectionError("the server hung up"))

    def _answered(self) -> None:
        now = time.perf_counter()
        answer = bytes(self._received)
        self._received.clear()
        self._awaited = 0
        if not answer.startswith(b"HTTP/1.1 2"):
            self._end(RuntimeError(f"refused: {answer[:2000]!r}"))
            return
        if self._counts:
            self._latencies.append(now - self._sent)
        try:
            step = self._script.send(answer)
        except StopIteration:
            self._end()
            return
        # A script's uncounted step tidies up after its counted one, so it is always taken.
        if now >= self._deadline and step[1]:
            self._end()
        else:
            self._send(step)

    def _send(self, step: Step) -> None:
        request, self._counts = step
        self._sent = time.perf_counter()
        self._transport.write(request)

    def _end(self, error: Exception | None = None) -> None:
        if error is not None:
            self.finished.set_exception(error)
        else:
            self.finished.set_result(None)
        self._transport.close()


def content_length(head: bytes | bytearray) -> int:
    """Read the length of the body that follows a head."""
    lowered = head.lower()
    at = lowered.find(b"\r\ncontent-length:")
    if at < 0:
        raise RuntimeError(f"no Content-Length in {bytes(head)!r}")
    end = lowered.find(b"\r\n", at + 2)
    return int(lowered[at + 17 : end if end > 0 else None])


def put_load_on(
    port: int, script: Callable[[int], Script], *, connections: int, seconds: float
) -> Load:
    """Run a script per connection (numbered from 0) until the time is over.

    Raises: RuntimeError for an answer other than 2xx, with its beginning.
    """
    gc.collect()
    gc.disable()
    try:
        return uvloop.run(_load(port, script, connections, seconds))
    finally:
        gc.enable()


def _same(connection: Connection) -> Connection:
    return connection


async def _load(
    port: int, script: Callable[[int], Script], connections: int, seconds: float
) -> Load:
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    started, processor = time.perf_counter(), time.process_time()
    made = []
    for number in range(connections):
        connection = Connection(script(number), latencies, started + seconds)
        await loop.create_connection(partial(_same, connection), "127.0.0.1", port)
        made.append(connection)
    await asyncio.gather(*(connection.finished for connection in made))
    spent = time.perf_counter() - started
    return Load(spent, latencies, (time.process_time() - processor) / spent)
