"""The products the emulator answers for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias

from . import accounts, calls, flex, iam, serverless, sync, taskrouter
from .store import Record
from .wire import Refused, Route

if TYPE_CHECKING:
    from .emulator import Emulator

    Runner: TypeAlias = Callable[[Emulator], Awaitable[None]]

_PACKAGES = (accounts, calls, taskrouter, flex, iam, sync, serverless)


async def _nothing(_emulator: Emulator) -> None:
    """Run nothing beside the requests."""


@dataclass(frozen=True)
class Product:
    """What a product's package offers; `start` and `stop` run with the server."""

    routes: tuple[Route, ...]
    refused: tuple[Refused, ...]
    records: tuple[type[Record], ...]
    start: Runner
    stop: Runner


def products() -> tuple[Product, ...]:
    """Collect what every product's package offers."""
    return tuple(_product(package) for package in _PACKAGES)


def _product(package: ModuleType) -> Product:
    return Product(
        routes=tuple(package.ROUTES),
        refused=tuple(getattr(package, "REFUSED", ())),
        records=tuple(package.RECORDS),
        start=getattr(package, "start", _nothing),
        stop=getattr(package, "stop", _nothing),
    )
