"""Post events to the workspace's callback address.

Deliveries start in the order of their events and run some at a time, so that a slow receiver
delays nobody else's.

Source: event callbacks page: 15 s in all; connection overrides page: see `connection`.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from twilio_emulator import assumptions

from .webhooks import Undelivered, Webhook, Webhooks

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

_log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 15.0


class EventCallbacks:
    """Deliver event callbacks beside the requests that caused them."""

    def __init__(self, emulator: Emulator) -> None:
        self._webhooks = emulator.state(Webhooks)
        self._turns = asyncio.Semaphore(assumptions.CALLBACKS_AT_A_TIME)

    def send(self, account_sid: str, url: str, event_type: str, form: dict[str, str]) -> None:
        """Start delivering one event; the outcome shows in the journal."""
        webhook = Webhook(account_sid, url, event_type, form, TIMEOUT_SECONDS)
        self._webhooks.start(self._deliver(webhook))

    async def _deliver(self, webhook: Webhook) -> None:
        async with self._turns:
            try:
                await self._webhooks.post(webhook)
            except Undelivered as error:
                _log.info("%s was not delivered: %s", webhook.about, error)
