"""Delete what nothing uses any more, when Twilio does.

Source: Serverless API page, "Retention policy": functions and assets without versions, and
versions that are part of no build, go after seven days.  Builds that no environment runs go with
them by `assumptions.BUILDS_NOT_LIVE_ARE_DELETED`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from twilio_emulator import assumptions
from twilio_emulator.store import Store, Timer

from . import rules
from .records import Build, Deployment, Environment, File, FileVersion

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

KEPT = timedelta(days=7)


def deadlines(store: Store) -> Iterator[tuple[datetime, Any]]:
    """Yield each record that nothing uses, with the moment it is to be deleted."""
    built = {sid for build in store[Build] for sid in build.version_sids}
    with_versions = {version.file_sid for version in store[FileVersion]}
    for version in store[FileVersion]:
        if version.sid not in built:
            yield version.date_created + KEPT, version
    for file in store[File]:
        if file.sid not in with_versions:
            yield file.date_created + KEPT, file
    if assumptions.BUILDS_NOT_LIVE_ARE_DELETED:
        for build in store[Build]:
            if build.status != "building" and not rules.environments_running(store, build.sid):
                yield _last_use(store, build) + KEPT, build


def _last_use(store: Store, build: Build) -> datetime:
    """Tell when a build was made, or when another took its place for the last time."""
    moments = [build.date_created]
    for environment in rules.of_service(store, Environment, build.service_sid):
        history = rules.of_environment(store, Deployment, environment.sid)
        moments += [
            later.date_created
            for earlier, later in pairwise(history)
            if earlier.build_sid == build.sid
        ]
    return max(moments)


class Retention:
    """One timer: everything comes due at least `KEPT` after the change that made it useless."""

    def __init__(self, emulator: Emulator) -> None:
        self._store = emulator.store
        self._timer: Timer | None = None

    def start(self) -> None:
        """Watch what is kept, from before and from now on."""
        for kind in (File, FileVersion, Build, Deployment, Environment):
            self._store.observe(kind, self._changed)
        self._expect(self._earliest())

    def _changed(self, _old: object, _new: object) -> None:
        self._expect(self._store.clock.now() + KEPT)

    def _earliest(self) -> datetime | None:
        return min((moment for moment, _ in deadlines(self._store)), default=None)

    def _expect(self, moment: datetime | None) -> None:
        if self._timer is None and moment is not None:
            self._timer = self._store.clock.at(moment, self._sweep)

    def _sweep(self) -> None:
        with self._store.transaction():
            while overdue := self._overdue():
                for record in overdue:
                    self._store.remove(record)
        self._timer = None
        self._expect(self._earliest())

    def _overdue(self) -> list[Any]:
        now = self._store.clock.now()
        return [record for moment, record in deadlines(self._store) if moment <= now]
