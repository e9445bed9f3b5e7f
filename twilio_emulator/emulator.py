"""One emulated Twilio: its store, clock, journal, faults, limits and products."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .accounts.records import Account, account_with
from .admin.exchange import perform
from .admin.faults import Faults
from .admin.journal import Facts, Journal
from .admin.limits import Limits
from .admin.routes import administer
from .admin.snapshots import Snapshots
from .dashboard import Dashboard
from .products import products
from .sample_account import plant_sample
from .serverless import Invocations
from .settings import Settings
from .store import Clock, Database, Snapshot, StateError, Store
from .timekeeping import clock_by, note
from .version import version
from .wire import FunctionHandler, FunctionRequest, FunctionResponse
from .wire.request import WireRequest

if TYPE_CHECKING:
    from .proxy.authority import Authority

S = TypeVar("S")

DATABASE = "twilio.sqlite3"
"""Name of the file below the data directory that holds all state."""

_PLANTED = "planted"
_CLOCK = "clock"


class Emulator:
    """Hold everything one emulator is made of.

    Raises: OSError or sqlite3.Error when the data directory cannot be used, StateError when what
    is in it, or the snapshot to start from, was written by another version.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.products = products()
        self.clock = Clock(settings.start)
        self.journal = Journal()
        self.faults = Faults(settings.seed)
        self.limits = Limits(rates=settings.rate_limits, every=settings.limits)
        self.snapshots = Snapshots(settings.data)
        self.dashboard = Dashboard(self)
        self.functions: FunctionHandler | None = None
        self.port = settings.port
        self._states: dict[Callable[..., Any], Any] = {}
        self._ticking: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        database = Database(settings.data / DATABASE) if settings.data else None
        self.store = Store(
            records=[record for product in self.products for record in product.records],
            clock=self.clock,
            seed=settings.seed,
            database=database,
        )
        self._begin()
        if settings.data is not None:
            self.authority.make()

    @cached_property
    def authority(self) -> Authority:
        """The certificate authority of the proxy."""
        from .proxy.authority import Authority  # loads cryptography, which few runs need

        directory = self.settings.data
        return Authority(None if directory is None else directory / "certificates")

    def state(self, kind: Callable[[Emulator], S]) -> S:
        """Return this process's one instance of a class, made with the emulator on first use."""
        found: S | None = self._states.get(kind)
        if found is None:
            found = self._states[kind] = kind(self)
        return found

    def authenticate(self, username: str, password: str) -> str | None:
        """Return the SID of the account these credentials belong to."""
        account = account_with(self.store, username, password)
        return account.sid if account else None

    def accounts(self) -> list[Account]:
        """List the accounts."""
        return list(self.store[Account])

    async def administer(self, request: WireRequest) -> FunctionResponse:
        """Answer one of the emulator's own routes."""
        return await administer(self, request)

    async def call_function(self, request: FunctionRequest) -> FunctionResponse:
        """Call a Twilio Function, subject to faults, and write it into the journal.

        Raises: Dropped when a fault drops the connection.
        """
        environment = self.state(Invocations).environment(request.host)
        facts = Facts(
            "function",
            request.method,
            request.host,
            request.path,
            bytes=len(request.body),
            account=environment.account_sid if environment else None,
        )
        return await perform(self, facts, lambda: self._function(request))

    async def start(self) -> None:
        """Start what products run beside the requests."""
        for product in self.products:
            await product.start(self)
        self._ticking = asyncio.create_task(self.clock.run())

    async def stop(self) -> None:
        """Stop it again and close the store."""
        await self._stop_products()
        self.store.close()

    @property
    def is_changing(self) -> bool:
        """Tell whether the state is being exchanged for another (a reset, a restore)."""
        return self._turn.locked()

    async def settled(self) -> None:
        """Wait until the state is not being exchanged for another."""
        async with self._turn:
            return

    async def reset(
        self, *, seed: int | None = None, workers: int | None = None, clock: Clock | None = None
    ) -> None:
        """Go back to the sample account, with the same or another seed and number of workers.

        The clock is another one or set back, faults, limits and journal are as at the start;
        snapshots stay.  Raises: sqlite3.Error when that cannot be kept, and nothing has changed.
        """
        async with self._exchanged():
            seed = self.settings.seed if seed is None else seed
            before = self.clock
            try:
                with self.store.cleared(seed):
                    self._set_clock(clock or Clock(self.settings.start))
                    self._plant(workers)
            except BaseException:
                self._states.clear()
                self._set_clock(before)
                raise
            self.faults = Faults(seed)
            self.limits = Limits(rates=self.settings.rate_limits, every=self.settings.limits)
            self.journal.clear()

    def snapshot(self) -> Snapshot:
        """Return all state at this moment; faults, limits and journal are no part of it."""
        count = sum(len(items) for items in self.store)
        return self.store.snapshot(version=version(), records=count, **note(self.clock))

    def check(self, snapshot: Snapshot) -> None:
        """Find out whether `restore` would take a snapshot.

        Raises: StateError when another version wrote it, or it is no whole one.
        """
        self.store.check(snapshot)
        clock_by(snapshot.about, is_virtual=self.clock.is_virtual)

    async def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot: functions, callbacks and timers under way end first.

        Raises: StateError when another version wrote it, sqlite3.Error when it cannot be kept,
        and nothing has changed.
        """
        self.check(snapshot)
        async with self._exchanged():
            self._put_back(snapshot)

    def advance(self, seconds: float) -> None:
        """Move the clock forward, also over a restart.

        Raises: ValueError for a negative number of seconds.
        """
        if seconds < 0:
            raise ValueError("time moves forward only")
        self.store.keep_setting(_CLOCK, note(self.clock, seconds))
        self.clock.advance(seconds)

    @asynccontextmanager
    async def _exchanged(self) -> AsyncIterator[None]:
        """Stop everything, let the state be exchanged for another, and start again on it."""
        async with self._turn:
            await self._stop_products()
            self._states.clear()
            self.store.forget_observers()
            try:
                yield
            finally:
                await self.start()

    def _begin(self) -> None:
        """Go on with the state that was kept, or start from a snapshot or the sample account."""
        chosen = self.settings
        kept = cast("dict[str, float] | None", self.store.setting(_CLOCK))
        if not self.store.setting(_PLANTED):
            if chosen.snapshot is None:
                self._plant()
            else:
                self._put_back(Snapshot.load(chosen.snapshot.read_bytes()))
            return
        if chosen.snapshot is not None:
            raise StateError("it already holds state, which a snapshot would replace")
        if kept is not None and not (self.clock.is_virtual and kept["moment"] < self.clock.time()):
            self._set_clock(clock_by(kept, is_virtual=self.clock.is_virtual))

    def _plant(self, workers: int | None = None) -> None:
        with self.store.transaction():
            count = self.settings.workers if workers is None else workers
            plant_sample(self, count if self.settings.sample else None)
            self.store.keep_setting(_PLANTED, value=True)

    def _put_back(self, snapshot: Snapshot) -> None:
        clock = clock_by(snapshot.about, is_virtual=self.clock.is_virtual)
        self.store.restore(snapshot)
        self._set_clock(clock)
        self.store.keep_setting(_CLOCK, note(self.clock))

    def _set_clock(self, clock: Clock) -> None:
        self.clock = self.store.clock = clock

    async def _stop_products(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
        self.clock.forget_timers()
        for product in reversed(self.products):
            await product.stop(self)

    async def _function(self, request: FunctionRequest) -> FunctionResponse:
        if self.functions is None:
            return FunctionResponse(404, (), b"no function is deployed")
        return await self.functions(request)
