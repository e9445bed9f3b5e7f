"""Own route that hands out the certificate which clients of the proxy are to trust."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_emulator.version import version
from twilio_emulator.wire.functions import FunctionResponse

from .request import MARK, OwnRequest

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator


async def certificate(emulator: Emulator, _request: OwnRequest) -> FunctionResponse:
    """Send the authority's certificate as PEM; its key never leaves the emulator."""
    headers = (("Content-Type", "application/x-x509-ca-cert"), (MARK, version()))
    return FunctionResponse(200, headers, emulator.authority.certificate)
