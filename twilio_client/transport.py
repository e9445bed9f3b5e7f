"""How a request travels: pooled connections, an optional base URL, repeats where safe.

The official SDK takes any `HttpClient`; this one serves the SDK's typed calls and
`TwilioClient` alike. With a base URL each request goes there with its original Host header,
so the same code talks to Twilio and to a local emulator.
"""

from __future__ import annotations

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
from twilio_client.retry import RetryPolicy

logger = logging.getLogger("twilio_client")

CONNECT_TIMEOUT_SECONDS = 5.0
READ_TIMEOUT_SECONDS = 30.0
MAX_CONCURRENT_REQUESTS = 24


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
    ) -> None:
        """Open a pool; nothing is sent yet."""
        super().__init__(logger, False, READ_TIMEOUT_SECONDS)
        self.base_url = base_url
        self.retry = retry or RetryPolicy()
        self._budget = budget or RequestBudget(sleep=sleep)
        self._sleep = sleep
        self._slots = threading.BoundedSemaphore(MAX_CONCURRENT_REQUESTS)
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
        **request: Any,
    ) -> requests.Response:
        """Send one request, repeating it as the retry policy allows.

        Raises: requests.RequestException when no answer came; `was_sent` tells whether it
        may have taken effect.
        """
        may_repeat = repeatable or method.upper() in {"GET", "DELETE", "HEAD"}
        for attempt in range(1, self.retry.attempts + 1):
            last = attempt == self.retry.attempts
            self._budget.wait_for(params)
            try:
                answer = self._send_once(method, url, params, headers, timeout, request)
            except requests.RequestException as error:
                if last or (was_sent(error) and not may_repeat):
                    raise
                self._pause(attempt, method, url, type(error).__name__)
                continue
            if last or not self._worth_repeating(answer.status_code, may_repeat):
                return answer
            self._pause(
                attempt, method, url, str(answer.status_code), answer.headers.get("Retry-After")
            )
        raise AssertionError("a retry policy has at least one attempt")

    def _send_once(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
        timeout: float | None,
        request: dict[str, Any],
    ) -> requests.Response:
        where, sent_headers = self._address(url, dict(headers or {}))
        limits = (CONNECT_TIMEOUT_SECONDS, timeout or READ_TIMEOUT_SECONDS)
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

    def _pause(
        self, attempt: int, method: str, url: str, why: str, retry_after: str | None = None
    ) -> None:
        wait = self.retry.wait_seconds(attempt, retry_after)
        path = urlsplit(url).path
        logger.info(
            "%s %s: %s, attempt %d of %d, next in %.1f s",
            method.upper(), path, why, attempt, self.retry.attempts, wait,
        )  # fmt: skip
        self._sleep(wait)


def was_sent(error: requests.RequestException) -> bool:
    """Tell whether a request that got no answer may have reached Twilio."""
    if isinstance(error, requests.ConnectTimeout):
        return False
    told = repr(error)
    return "NewConnectionError" not in told and "NameResolutionError" not in told
