"""One emulated Twilio: its store, clock, journal, faults and products."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar, cast

from .accounts.records import Account, account_with
from .admin.exchange import Facts, perform
from .admin.faults import Faults
from .admin.journal import Journal
from .admin.routes import administer
from .products import products
from .sample_account import plant_sample
from .settings import Settings
from .store import Clock, Database, Store
from .wire import FunctionHandler, FunctionRequest, FunctionResponse
from .wire.request import WireRequest

S = TypeVar("S")

_PLANTED = "planted"


class Emulator:
    """Hold everything one emulator is made of.

    Raises: OSError or sqlite3.Error when the data directory cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.products = products()
        self.clock = Clock(settings.start)
        self.journal = Journal()
        self.faults = Faults(settings.seed)
        self.functions: FunctionHandler | None = None
        self.port = settings.port
        self._states: dict[Callable[..., Any], Any] = {}
        self._ticking: asyncio.Task[None] | None = None
        database = Database(settings.data / "twilio.sqlite3") if settings.data else None
        self.store = Store(
            records=[record for product in self.products for record in product.records],
            clock=self.clock,
            seed=settings.seed,
            database=database,
        )
        self._plant()

    def state(self, kind: Callable[[Emulator], S]) -> S:
        """Return this process's one instance of a class, made with the emulator on first use."""
        if kind not in self._states:
            self._states[kind] = kind(self)
        return cast("S", self._states[kind])

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
        facts = Facts("function", request.method, request.host, request.path)
        return await perform(self, facts.sized(len(request.body)), lambda: self._function(request))

    async def start(self) -> None:
        """Start what products run beside the requests."""
        for product in self.products:
            await product.start(self)
        self._ticking = asyncio.create_task(self.clock.run())

    async def stop(self) -> None:
        """Stop it again and close the store."""
        await self._stop_products()
        self.store.close()

    async def reset(self, *, seed: int | None = None, workers: int | None = None) -> None:
        """Go back to the sample account, with the same or another seed and number of workers."""
        await self._stop_products()
        self._states.clear()
        self.faults.remove()
        self.journal.clear()
        self.store.clear(self.settings.seed if seed is None else seed)
        self._plant(workers)
        await self.start()

    def version(self) -> str:
        """Tell the package's version."""
        try:
            return version("pulumi-twilio")
        except PackageNotFoundError:
            return "0 (not installed)"

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

    def _plant(self, workers: int | None = None) -> None:
        if self.store.setting(_PLANTED):
            return
        with self.store.transaction():
            count = self.settings.workers if workers is None else workers
            plant_sample(self, count if self.settings.sample else None)
            self.store.keep_setting(_PLANTED, value=True)
