"""Post events to the workspace's callback address.

Deliveries start in the order of their events and run up to 30 at a time, so that a slow
receiver delays nobody else's.

Source: event callbacks and connection overrides pages: 15 s in all, one retry after a failure to
connect, never after an answer; a URL fragment is no part of the address or the signature.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
import uuid
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import httpx

from twilio_emulator import assumptions
from twilio_emulator.accounts.records import Account
from twilio_emulator.admin.exchange import Dropped, Facts, perform
from twilio_emulator.wire import FunctionRequest, FunctionResponse
from twilio_emulator.wire.functions import FUNCTION_DOMAIN

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

_log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 15.0
CONNECT_SECONDS = 5.0
CONNECT_RETRIES = 1
STOP_SECONDS = 1.0


class Callbacks:
    """Deliver callbacks beside the requests that caused them."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._turns = asyncio.Semaphore(assumptions.CALLBACKS_AT_A_TIME)
        self._under_way: set[asyncio.Task[None]] = set()
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS), trust_env=False
        )

    def send(self, account_sid: str, url: str, event_type: str, form: dict[str, str]) -> None:
        """Start delivering one event; the outcome shows in the journal."""
        task = asyncio.get_running_loop().create_task(
            self._deliver(account_sid, url.partition("#")[0], event_type, form)
        )
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def stop(self) -> None:
        """Give deliveries under way a moment, then end them."""
        if self._under_way:
            _, pending = await asyncio.wait(self._under_way, timeout=STOP_SECONDS)
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
        await self._http.aclose()

    async def _deliver(
        self, account_sid: str, url: str, event_type: str, form: dict[str, str]
    ) -> None:
        account = self._emulator.store[Account].get(account_sid)
        if account is None:
            return
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
            "X-Twilio-Signature": signature(account.auth_token, url, form),
        }
        body = urlencode(form).encode()
        parts = urlsplit(url)
        facts = Facts("callback", "POST", parts.netloc, parts.path, form, event_type, len(body))
        async with self._turns:
            try:
                await perform(self._emulator, facts, lambda: self._post(url, headers, body))
            except (Dropped, TimeoutError, httpx.HTTPError) as error:
                _log.info("%s was not delivered to %s: %r", event_type, url, error)

    async def _post(self, url: str, headers: dict[str, str], body: bytes) -> FunctionResponse:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            parts = urlsplit(url)
            host = parts.hostname or ""
            if host.endswith(FUNCTION_DOMAIN):
                return await self._emulator.call_function(
                    FunctionRequest(
                        "POST", host, parts.path or "/", parts.query, tuple(headers.items()), body
                    )
                )
            return await self._post_outside(url, headers, body)

    async def _post_outside(
        self, url: str, headers: dict[str, str], body: bytes
    ) -> FunctionResponse:
        for _ in range(CONNECT_RETRIES):
            try:
                return await self._post_once(url, headers, body)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                _log.info("connecting to %s failed, once more: %r", url, error)
        return await self._post_once(url, headers, body)

    async def _post_once(self, url: str, headers: dict[str, str], body: bytes) -> FunctionResponse:
        answer = await self._http.post(url, headers=headers, content=body)
        return FunctionResponse(answer.status_code)


def signature(auth_token: str, url: str, form: dict[str, str]) -> str:
    """Sign a form post: base64 of HMAC-SHA1 over the address and the sorted fields."""
    signed = url + "".join(name + value for name, value in sorted(form.items()))
    digest = hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
