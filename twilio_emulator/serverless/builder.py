"""Make builds beside the requests, as Twilio does."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from twilio_emulator import assumptions
from twilio_emulator.functions_runtime import RuntimeNotInstalled, installed_packages, resolve

from . import rules
from .records import Build, Environment, Log

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

_log = logging.getLogger(__name__)


class Builder:
    """Bring builds from `building` to `completed` or `failed`."""

    def __init__(self, emulator: Emulator) -> None:
        self._store = emulator.store
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, build_sid: str) -> None:
        """Make one build."""
        task = asyncio.get_running_loop().create_task(self._make(build_sid))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def resume(self) -> None:
        """Take up again the builds that were under way when the emulator stopped."""
        for build in self._store[Build]:
            if build.status == "building":
                self.begin(build.sid)

    async def stop(self) -> None:
        """Let go of the builds under way; they are taken up at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _make(self, build_sid: str) -> None:
        await asyncio.sleep(assumptions.BUILD_SECONDS)
        build = self._store[Build].get(build_sid)
        if build is None:
            return
        problems, notes = _judge(build)
        for line in problems:
            _log.warning("Build %s failed: %s", build.sid, line)
        with self._store.transaction():
            status = "failed" if problems else "completed"
            self._store.change(build, status=status, log=[*problems, *notes])
            for line in problems:
                self._tell(build, "error", line)
            for line in notes:
                self._tell(build, "warn", line)

    def _tell(self, build: Build, level: str, message: str) -> None:
        """Write a line into the logs of the service's environments, where a reader will look."""
        now = self._store.clock.now()
        for environment in rules.of_service(self._store, Environment, build.service_sid):
            self._store.put(
                Log(
                    sid=self._store.new_sid("NO"),
                    account_sid=build.account_sid,
                    date_created=now,
                    date_updated=now,
                    service_sid=build.service_sid,
                    environment_sid=environment.sid,
                    build_sid=build.sid,
                    level=level,
                    message=message,
                )
            )


def _judge(build: Build) -> tuple[list[str], list[str]]:
    try:
        resolution = resolve(build.wanted_dependencies, installed_packages())
    except RuntimeNotInstalled as missing:
        return [str(missing)], []
    return [str(problem) for problem in resolution.problems], list(resolution.notes)
