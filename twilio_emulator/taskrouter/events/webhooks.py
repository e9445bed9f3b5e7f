"""Deliver one form post to an address of the account's, with its retries.

Event callbacks and assignment callbacks go out the same way: signed, to Twilio Functions inside
the emulator or to the network, with the connection overrides of the address's fragment.

Source: connection overrides page; "never tried again after an answer" is its default policy.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode, urlsplit

import httpx

from twilio_emulator import assumptions
from twilio_emulator.accounts.records import Account
from twilio_emulator.admin.exchange import Dropped, perform
from twilio_emulator.admin.journal import Facts
from twilio_emulator.wire import FunctionRequest, FunctionResponse
from twilio_emulator.wire.functions import FUNCTION_DOMAIN
from twilio_emulator.wire.signature import FORM, sign

from .connection import Connection

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

_log = logging.getLogger(__name__)

T = TypeVar("T")

STOP_SECONDS = 1.0

# An address can be well-formed and still not be one to connect to (ValueError, InvalidURL).
_FAILURES = (Dropped, TimeoutError, httpx.HTTPError, httpx.InvalidURL, ValueError)


class Undelivered(Exception):
    """No attempt brought an answer; whether one arrived is not known."""


@dataclass(frozen=True)
class Webhook:
    """One post to make.

    Shape: `url` as configured, its fragment holding connection overrides; `about` is what a fault
    selects by (`event_type`): an event's type, or "assignment".
    Units: `at_most` seconds for all attempts together.
    """

    account_sid: str
    url: str
    about: str
    form: dict[str, str] = field(repr=False)
    at_most: float = 15.0

    @property
    def shown(self) -> str:
        """The address as it may be shown: without name and password."""
        scheme, _, rest = self.url.partition("#")[0].partition("://")
        place, slash, path = rest.partition("/")
        return f"{scheme}://{place.rpartition('@')[2]}{slash}{path}"


class Webhooks:
    """Deliver posts beside the requests that caused them, some at a time."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._under_way: set[asyncio.Task[Any]] = set()
        self._is_stopping = False
        # A connection that was kept could be one the receiver is just closing.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        self._http = httpx.AsyncClient(trust_env=False, limits=limits)

    def start(self, delivery: Coroutine[Any, Any, None]) -> None:
        """Run a delivery in the background; one that begins during `stop` is not made."""
        if self._is_stopping:
            delivery.close()
        else:
            self._run(delivery)

    async def stop(self) -> None:
        """Give deliveries under way a moment, then end them."""
        self._is_stopping = True
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=STOP_SECONDS)
        while self._under_way:
            ending = list(self._under_way)
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)
        await self._http.aclose()

    def _run(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    async def post(self, webhook: Webhook) -> FunctionResponse:
        """Post until an answer stands or the retries are used up; return the last answer.

        Raises: Undelivered when the last attempt brought none.
        """
        connection = Connection.of(webhook.url, webhook.at_most)
        url = webhook.url.partition("#")[0]
        headers = self._headers(webhook, url)
        try:
            async with asyncio.timeout(connection.total_seconds):
                return await self._attempts(webhook, url, headers, connection)
        except TimeoutError:
            raise Undelivered(
                f"{webhook.shown} did not answer within {connection.total_seconds:g} s"
            ) from None

    def _headers(self, webhook: Webhook, url: str) -> dict[str, str]:
        account = self._emulator.store[Account].get(webhook.account_sid)
        if account is None:
            raise Undelivered(f"account {webhook.account_sid} is gone")
        return {
            "Content-Type": f"{FORM}; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
            "X-Twilio-Signature": sign(account.auth_token, url, webhook.form.items()),
        }

    async def _attempts(
        self, webhook: Webhook, url: str, headers: dict[str, str], connection: Connection
    ) -> FunctionResponse:
        for left in range(connection.retries, -1, -1):
            outcome = await self._attempt(webhook, url, headers, connection)
            if left == 0 or not connection.retries_after(outcome):
                break
            _log.info("posting %s to %s: %s, once more", webhook.about, webhook.shown, outcome)
            await asyncio.sleep(assumptions.CALLBACK_RETRY_SECONDS)
        if isinstance(outcome, FunctionResponse):
            return outcome
        raise Undelivered(f"{webhook.shown} brought no answer: {outcome!r}")

    async def _attempt(
        self, webhook: Webhook, url: str, headers: dict[str, str], connection: Connection
    ) -> FunctionResponse | Exception:
        body = urlencode(webhook.form).encode()
        parts = urlsplit(url)
        facts = Facts(
            "callback",
            "POST",
            parts.netloc.rpartition("@")[2],
            parts.path,
            webhook.form,
            event_type=webhook.about,
            bytes=len(body),
            account=webhook.account_sid,
            limit=connection.read_seconds,
        )
        try:
            return await perform(
                self._emulator, facts, lambda: self._send(url, headers, body, connection)
            )
        except _FAILURES as error:
            return error

    async def _send(
        self, url: str, headers: dict[str, str], body: bytes, connection: Connection
    ) -> FunctionResponse:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if host.endswith(FUNCTION_DOMAIN):
            request = FunctionRequest(
                "POST", host, parts.path or "/", parts.query, tuple(headers.items()), body
            )
            return await self._call_function(request, connection)
        answer = await self._http.post(url, headers=headers, content=body, timeout=connection.httpx)
        return FunctionResponse(answer.status_code, tuple(answer.headers.items()), answer.content)

    async def _call_function(
        self, request: FunctionRequest, connection: Connection
    ) -> FunctionResponse:
        # A function goes on running when its caller has stopped waiting.
        running = self._run(self._emulator.call_function(request))
        try:
            async with asyncio.timeout(connection.read_seconds):
                answer = await asyncio.shield(running)
        except TimeoutError:
            raise httpx.ReadTimeout(f"no answer within {connection.read_seconds:g} s") from None
        return answer
