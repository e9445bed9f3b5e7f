"""Serverless v1: services, builds and deployments of Functions, and the functions themselves.

The API answers at `serverless.twilio.com` and `serverless-upload.twilio.com`; requests to
`*.twil.io` run what is deployed, in real Node processes (`twilio_emulator.functions_runtime`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_emulator.wire import Refused

from . import builds, deployments, environments, files, logs, services
from .builder import Builder
from .invocations import Invocations
from .records import RECORDS
from .retention import Retention

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

__all__ = ["RECORDS", "REFUSED", "ROUTES", "Invocations", "start", "stop"]

ROUTES = (
    *services.ROUTES,
    *environments.ROUTES,
    *files.ROUTES,
    *builds.ROUTES,
    *deployments.ROUTES,
    *logs.ROUTES,
)
REFUSED: tuple[Refused, ...] = ()


async def start(emulator: Emulator) -> None:
    """Answer requests to functions, take up builds under way, and clear up what is not used."""
    emulator.functions = emulator.state(Invocations).handle
    emulator.state(Builder).resume()
    emulator.state(Retention).start()


async def stop(emulator: Emulator) -> None:
    """End builds under way and all function processes."""
    await emulator.state(Builder).stop()
    await emulator.state(Invocations).stop()
