"""One Node process that hosts one build and handles one request at a time."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from .bundle import Route
from .dependencies import HOST_FOLDER
from .invocation import Answered, Headers, Invocation, LogLine

_HOP_BY_HOP = {b"connection", b"keep-alive", b"transfer-encoding", b"date", b"expect"}
_LINE_LIMIT = 16 * 1024 * 1024
_END_OF_LOGS_LIMIT = 1.0
_MOST_LOGGED = 4 * 2**20
_COST_OF_A_LINE = 200
"""What a kept line takes besides its characters."""


class ProcessEnded(Exception):
    """The process is gone, before or while it handled a request."""


@dataclasses.dataclass(frozen=True)
class Program:
    """What one environment runs: a build's folder, its routes and the context's variables."""

    environment_sid: str
    directory: Path
    domain: str
    variables: Mapping[str, str] = dataclasses.field(repr=False)
    routes: Sequence[Route]

    def fingerprint(self) -> str:
        """Name the program by all it consists of: processes of another one are stale."""
        text = json.dumps([str(self.directory), self.domain, sorted(self.variables.items())])
        return hashlib.sha256(text.encode()).hexdigest()

    def configuration(self, socket: Path) -> bytes:
        """Write what the host reads on its standard input."""
        rows = {
            name: [route.row() for route in self.routes if route.type == kind]
            for name, kind in (("functions", "function"), ("assets", "asset"))
        }
        document = {
            "socket": str(socket),
            "baseDir": str(self.directory),
            "domain": self.domain,
            "env": dict(self.variables),
            "routes": rows,
        }
        return json.dumps(document).encode() + b"\n"


class FunctionProcess:
    """A running host; made by `start`, ended by `kill`.

    The process leads a group of its own, so that whatever a function starts ends with it, and
    ends by itself when its standard input closes, so that nothing outlives the emulator.
    """

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self._process = process
        self._folder = folder
        self._logs: list[LogLine] = []
        self._logged = 0
        self._ready = asyncio.Event()
        self._done = asyncio.Event()
        self._transport = httpx.AsyncHTTPTransport(uds=str(folder / "socket"))
        self._readers = asyncio.gather(self._read_events(), self._read_errors())
        self._ended = asyncio.ensure_future(self._watch())

    @classmethod
    async def start(
        cls, program: Program, emulator_address: str, start_limit: float
    ) -> FunctionProcess:
        """Start Node and wait until it takes requests.

        Raises: ProcessEnded with what Node wrote, when it does not come up.
        """
        command = _command()
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            limit=_LINE_LIMIT,
            cwd=program.directory,
            env=_environment(program, emulator_address),
        )
        folder = Path(tempfile.mkdtemp(prefix="twilio-functions-"))
        host = cls(process, folder)
        try:
            assert process.stdin is not None  # noqa: S101 - asked for above
            process.stdin.write(program.configuration(folder / "socket"))
            await host._wait_until_ready(start_limit)
        except BaseException:
            host.kill()
            await host.ended()
            raise
        return host

    @property
    def is_alive(self) -> bool:
        """Tell whether the process can take a request."""
        return self._process.returncode is None and not self._ended.done()

    async def invoke(self, invocation: Invocation) -> Answered:
        """Have one request handled.

        Raises: ProcessEnded when the process ends before it has answered.
        """
        self._done.clear()
        request = httpx.Request(
            invocation.method,
            httpx.URL("http://functions").copy_with(raw_path=invocation.target),
            headers=_forwarded(invocation),
            content=invocation.body,
        )
        try:
            response = await self._transport.handle_async_request(request)
            body = b"".join([chunk async for chunk in response.aiter_raw()])
        except httpx.HTTPError as error:
            self.kill()
            await self.ended()
            raise ProcessEnded(self.last_words() or str(error)) from error
        await self._end_of_logs()
        headers = [(k, v) for k, v in response.headers.raw if k.lower() not in _HOP_BY_HOP]
        return Answered(response.status_code, headers, body, self.take_logs())

    def take_logs(self) -> Sequence[LogLine]:
        """Hand over the lines written since the last call."""
        taken, self._logs, self._logged = self._logs, [], 0
        return taken

    def last_words(self) -> str:
        """Return what the process wrote to its standard error, cut to what a reader needs."""
        return "\n".join(line.message for line in self._logs if line.level == "ERROR")[:2000]

    async def ended(self) -> None:
        """Wait for the end of the process and of its output."""
        await asyncio.wait([self._ended])

    def kill(self) -> None:
        """End the process and everything it started."""
        self._signal(signal.SIGKILL)

    def freeze(self) -> None:
        """Let the process and everything it started stand still until it is killed."""
        self._signal(signal.SIGSTOP)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    async def _wait_until_ready(self, limit: float) -> None:
        ready = asyncio.ensure_future(self._ready.wait())
        await asyncio.wait([ready, self._ended], timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            reason = self.last_words() or f"no answer within {limit:g} s"
            raise ProcessEnded(f"the functions host did not start: {reason}")

    async def _end_of_logs(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_END_OF_LOGS_LIMIT):
                await self._done.wait()

    async def _watch(self) -> None:
        await self._process.wait()
        self.kill()
        # What a function started in a session of its own may hold the other end for ever.
        await asyncio.wait([self._readers], timeout=_END_OF_LOGS_LIMIT)
        self._readers.cancel()
        await self._transport.aclose()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _read_events(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - asked for at the start
        while line := await self._process.stdout.readline():
            self._on_event(line)

    def _keep(self, line: LogLine) -> None:
        """Keep a line until there are too many: a flood is cut off, and that is said."""
        if self._logged > _MOST_LOGGED:
            return
        self._logged += len(line.message) + _COST_OF_A_LINE
        if self._logged > _MOST_LOGGED:
            line = LogLine("WARN", f"more than {_MOST_LOGGED >> 20} MiB of logs: the rest is lost")
        self._logs.append(line)

    def _on_event(self, line: bytes) -> None:
        try:
            event = json.loads(line)
            name = event["event"]
        except (ValueError, KeyError, TypeError):
            # Something the function started wrote to the inherited standard output.
            self._keep(LogLine("INFO", line.decode(errors="replace").rstrip("\n")))
            return
        if name == "log":
            self._keep(LogLine(event["level"], event["message"]))
        elif name == "ready":
            self._ready.set()
        elif name == "done":
            self._done.set()

    async def _read_errors(self) -> None:
        assert self._process.stderr is not None  # noqa: S101 - asked for at the start
        while chunk := await self._process.stderr.read(65536):
            text = chunk.decode(errors="replace").strip("\n")
            self._keep(LogLine("ERROR", text))


def _command() -> Sequence[str]:
    node = shutil.which("node")
    if node is None:
        raise ProcessEnded("Node.js is not on PATH: functions need Node 20 or newer")
    return (node, "--require", str(HOST_FOLDER / "redirect.js"), str(HOST_FOLDER / "host.js"))


def _environment(program: Program, emulator_address: str) -> Mapping[str, str]:
    """Give the process nothing of the emulator's own environment."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(program.directory),
        "TZ": "UTC",
        "LANG": "C.UTF-8",
        "NODE_ENV": "production",
        "TWILIO_EMULATOR_ADDRESS": emulator_address,
    }


def _forwarded(invocation: Invocation) -> Headers:
    names = _HOP_BY_HOP | {b"content-length"}
    return [(k, v) for k, v in invocation.headers if k.lower() not in names]
