"""A few warm processes per environment, and the limits Twilio puts on executions."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import dataclasses
from collections.abc import Callable, Iterator

from . import disturbance
from .invocation import Crashed, Invocation, LogLine, Outcome, Saturated, TimedOut
from .process import FunctionProcess, ProcessEnded, Program
from .settings import RuntimeSettings


@dataclasses.dataclass
class _Warm:
    """An idle process and the timer that ends it."""

    process: FunctionProcess
    timer: asyncio.TimerHandle


class _Lane:
    """The processes of one program: idle ones, and requests waiting for one."""

    def __init__(self, program: Program, fingerprint: str) -> None:
        self.program = program
        self.fingerprint = fingerprint
        self.idle: collections.deque[_Warm] = collections.deque()
        self.waiting: collections.deque[asyncio.Future[FunctionProcess]] = collections.deque()
        self.retired = False


class FunctionPool:
    """Run invocations, each alone in its process.

    All methods belong to the event loop that runs the emulator.  `enforced` tells whether the
    limit "functions_concurrency" or "functions_time" holds at the moment; both do by default.
    """

    def __init__(
        self,
        emulator_address: str,
        settings: RuntimeSettings | None = None,
        enforced: Callable[[str], bool] = lambda _name: True,
    ) -> None:
        self.settings = settings or RuntimeSettings()
        self._enforced = enforced
        self._emulator_address = emulator_address
        self._lanes: dict[str, _Lane] = {}
        self._executions: collections.Counter[str] = collections.Counter()
        self._processes: set[FunctionProcess] = set()
        self._starts = asyncio.Semaphore(self.settings.parallel_starts)
        self._tasks: set[asyncio.Task[None]] = set()

    async def invoke(self, program: Program, account_sid: str, invocation: Invocation) -> Outcome:
        """Run one invocation to its end, even when the caller is cancelled meanwhile."""
        limit = self.settings.concurrent_executions
        is_full = self._executions[account_sid] >= limit
        if is_full and self._enforced("functions_concurrency"):
            return Saturated(limit)
        execution = asyncio.ensure_future(self._execute(program, account_sid, invocation))
        return await asyncio.shield(execution)

    async def close(self) -> None:
        """End every process and wait until they are gone."""
        for lane in self._lanes.values():
            self._retire(lane)
            while lane.waiting:
                lane.waiting.popleft().set_exception(ProcessEnded("the emulator is stopping"))
        tasks, processes = list(self._tasks), list(self._processes)
        for task in tasks:
            task.cancel()
        for process in processes:
            process.kill()
        await asyncio.gather(*tasks, return_exceptions=True)
        for process in processes:
            await process.ended()

    async def _execute(self, program: Program, account_sid: str, invocation: Invocation) -> Outcome:
        with self._counted(account_sid):
            lane = self._lane(program)
            try:
                process = await self._acquire(lane)
            except ProcessEnded as error:
                return Crashed(str(error), [LogLine("ERROR", str(error))])
            return await self._run(lane, process, invocation)

    async def _run(self, lane: _Lane, process: FunctionProcess, invocation: Invocation) -> Outcome:
        limit = self.settings.execution_limit if self._enforced("functions_time") else None
        try:
            async with asyncio.timeout(limit):
                with _disturbing(process):
                    answer = await process.invoke(invocation)
        except TimeoutError:
            await self._end(process)
            return TimedOut(process.take_logs())
        except ProcessEnded as error:
            await self._end(process)
            return Crashed(str(error), process.take_logs())
        self._release(lane, process)
        return answer

    @contextlib.contextmanager
    def _counted(self, account_sid: str) -> Iterator[None]:
        self._executions[account_sid] += 1
        try:
            yield
        finally:
            self._executions[account_sid] -= 1

    def _lane(self, program: Program) -> _Lane:
        """Find a program's lane; another program in its environment makes the old one stale."""
        fingerprint = program.fingerprint()
        lane = self._lanes.get(program.environment_sid)
        if lane is None or lane.fingerprint != fingerprint:
            if lane is not None:
                self._retire(lane)
            lane = self._lanes[program.environment_sid] = _Lane(program, fingerprint)
        return lane

    async def _acquire(self, lane: _Lane) -> FunctionProcess:
        while lane.idle:
            warm = lane.idle.pop()
            warm.timer.cancel()
            if warm.process.is_alive:
                return warm.process
        place: asyncio.Future[FunctionProcess] = asyncio.get_running_loop().create_future()
        lane.waiting.append(place)
        start = asyncio.create_task(self._start(lane))
        self._tasks.add(start)
        start.add_done_callback(self._tasks.discard)
        return await place

    async def _start(self, lane: _Lane) -> None:
        """Start a process for the longest waiting request, unless a warm one came free."""
        async with self._starts:
            if not lane.waiting:
                return
            try:
                process = await FunctionProcess.start(
                    lane.program, self._emulator_address, self.settings.start_limit
                )
            except (ProcessEnded, OSError) as error:
                if lane.waiting:
                    lane.waiting.popleft().set_exception(ProcessEnded(str(error)))
                return
        self._processes.add(process)
        self._hand_over(lane, process)

    def _hand_over(self, lane: _Lane, process: FunctionProcess) -> None:
        if lane.waiting:
            lane.waiting.popleft().set_result(process)
        elif lane.retired or len(lane.idle) >= self.settings.warm_processes:
            self._discard(process)
        else:
            timer = asyncio.get_running_loop().call_later(
                self.settings.warm_for, self._cool_down, lane, process
            )
            lane.idle.append(_Warm(process, timer))

    def _release(self, lane: _Lane, process: FunctionProcess) -> None:
        if self.settings.strict or not process.is_alive:
            self._discard(process)
        else:
            self._hand_over(lane, process)

    def _cool_down(self, lane: _Lane, process: FunctionProcess) -> None:
        lane.idle = collections.deque(warm for warm in lane.idle if warm.process is not process)
        self._discard(process)

    def _retire(self, lane: _Lane) -> None:
        lane.retired = True
        while lane.idle:
            warm = lane.idle.pop()
            warm.timer.cancel()
            self._discard(warm.process)

    def _discard(self, process: FunctionProcess) -> None:
        task = asyncio.create_task(self._end(process))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end(self, process: FunctionProcess) -> None:
        process.kill()
        await process.ended()
        self._processes.discard(process)


@contextlib.contextmanager
def _disturbing(process: FunctionProcess) -> Iterator[None]:
    """Kill or freeze the process during the block, if that is to befall this execution."""
    befalls = disturbance.present()
    if befalls is None:
        yield
        return
    act = process.kill if befalls.kind == "kill" else process.freeze
    timer = asyncio.get_running_loop().call_later(befalls.after, act)
    try:
        yield
    finally:
        timer.cancel()
