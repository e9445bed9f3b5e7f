"""How a request travels: pooled connections, an optional base URL, repeats where safe.

The official SDK takes any `HttpClient`; this one serves the SDK's typed calls and
`TwilioClient` alike. With a base URL each request goes there with its original Host header,
so the same code talks to Twilio and to a local emulator.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from twilio.http import HttpClient
from twilio.http.response import Response as SdkResponse

from twilio_client.budget import RequestBudget
from twilio_client.retry import Deadline, RetryPolicy

logger = logging.getLogger("twilio_client")

CONNECT_TIMEOUT_SECONDS = 5.0
READ_TIMEOUT_SECONDS = 30.0
MAX_CONCURRENT_REQUESTS = 24
# A time-out of 0 is none that the sockets know.
_LEAST_SECONDS = 0.001


class Transport(HttpClient):  # type: ignore[misc] # the SDK is untyped
    """Sends requests; retries what is safe to retry.

    429 and connections that were never made are repeated always; a 5xx, a dropped connection
    or a time-out only for GET, DELETE and calls declared `repeatable`, because the change may
    have taken effect.
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        retry: RetryPolicy | None = None,
        budget: RequestBudget | None = None,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open a pool; nothing is sent yet."""
        super().__init__(logger, False, READ_TIMEOUT_SECONDS)
        self.base_url = base_url
        self.retry = retry or RetryPolicy()
        self._budget = budget or RequestBudget(sleep=sleep)
        self.sleep = sleep
        self.clock = clock
        self._slots = threading.BoundedSemaphore(MAX_CONCURRENT_REQUESTS)
        self._counting = threading.Lock()
        self.requests_sent = 0  # repeats included
        self.session = requests.Session()
        adapter = HTTPAdapter(pool_connections=8, pool_maxsize=MAX_CONCURRENT_REQUESTS)
        self.session.mount("https://", adapter)
        self.session.mount("http://", adapter)
        # A proxy meant for the outside world must not catch requests for a local address.
        self.session.trust_env = base_url is None

    def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> SdkResponse:
        """Serve the SDK's calls. Raises: requests.RequestException when no answer comes."""
        as_json = "json" in (headers or {}).get("Content-Type", "")
        body: dict[str, Any] = {"json": data} if as_json else {"data": data}
        answer = self.send(
            method,
            url,
            params=params,
            headers=headers,
            timeout=timeout,
            auth=auth,
            allow_redirects=allow_redirects,
            **body,
        )
        return SdkResponse(answer.status_code, answer.text, answer.headers)

    def send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = False,
        timeout: float | None = None,
        deadline: Deadline | None = None,
        **request: Any,
    ) -> requests.Response:
        """Send one request, repeating it as the retry policy, or the deadline, allows.

        Raises: requests.RequestException when no answer came; `was_sent` tells whether it
        may have taken effect.
        """
        may_repeat = repeatable or method.upper() in {"GET", "DELETE", "HEAD"}
        for attempt in itertools.count(1):
            self._budget.wait_for(params)
            limit = _attempt_seconds(timeout, deadline)
            try:
                answer = self._send_once(method, url, params, headers, limit, request)
            except requests.RequestException as error:
                wait = self._wait(attempt, None, deadline)
                if wait is None or (was_sent(error) and not may_repeat):
                    raise
                self._pause(attempt, method, url, type(error).__name__, wait)
                continue
            wait = self._wait(attempt, answer.headers.get("Retry-After"), deadline)
            if wait is None or not self._worth_repeating(answer.status_code, may_repeat):
                return answer
            self._pause(attempt, method, url, str(answer.status_code), wait)
        raise AssertionError("counting has no end")

    def _wait(
        self, attempt: int, retry_after: str | None, deadline: Deadline | None
    ) -> float | None:
        """Return the seconds before the next attempt, None where there is to be none."""
        wait = self.retry.wait_seconds(attempt, retry_after)
        if deadline is None:
            return wait if attempt < self.retry.attempts else None
        return wait if wait < deadline.left else None

    def _send_once(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
        timeout: float,
        request: dict[str, Any],
    ) -> requests.Response:
        where, sent_headers = self._address(url, dict(headers or {}))
        limits = (min(CONNECT_TIMEOUT_SECONDS, timeout), timeout)
        with self._counting:
            self.requests_sent += 1
        with self._slots:
            return self.session.request(
                method.upper(),
                where,
                params=params,
                headers=sent_headers,
                timeout=limits,
                **request,
            )

    def _address(self, url: str, headers: dict[str, str]) -> tuple[str, dict[str, str]]:
        if self.base_url is None:
            return url, headers
        parts = urlsplit(url)
        rest = parts.path + (f"?{parts.query}" if parts.query else "")
        return self.base_url + rest, {**headers, "Host": parts.netloc}

    @staticmethod
    def _worth_repeating(status: int, may_repeat: bool) -> bool:
        return status == 429 or (status >= 500 and may_repeat)

    def _pause(self, attempt: int, method: str, url: str, why: str, wait: float) -> None:
        path = urlsplit(url).path
        logger.info(
            "%s %s: %s, attempt %d, next in %.1f s", method.upper(), path, why, attempt, wait
        )
        self.sleep(wait)


def _attempt_seconds(timeout: float | None, deadline: Deadline | None) -> float:
    limit = timeout or READ_TIMEOUT_SECONDS
    return limit if deadline is None else min(limit, max(deadline.left, _LEAST_SECONDS))


def was_sent(error: requests.RequestException) -> bool:
    """Tell whether a request that got no answer may have reached Twilio."""
    if isinstance(error, requests.ConnectTimeout):
        return False
    told = repr(error)
    return "NewConnectionError" not in told and "NameResolutionError" not in told
