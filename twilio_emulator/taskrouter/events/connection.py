"""How a webhook is connected and tried again, as the fragment of its address says.

Source: connection overrides page: `ct`, `rt`, `tt` (milliseconds), `rc` and `rp` with their
defaults and limits.  `e` (edge) and `sni` are accepted and make no difference here.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl

import httpx

from twilio_emulator import assumptions
from twilio_emulator.wire import FunctionResponse

CONNECT_MILLISECONDS = (100, 10_000, 5_000)  # least, most, default
READ_MILLISECONDS = (100, 15_000, 15_000)
TOTAL_MILLISECONDS = (100, 15_000, 15_000)
RETRIES = (0, 5, 1)
POLICIES = frozenset({"ct", "rt", "4xx", "5xx", "all"})
DEFAULT_POLICY = frozenset({"ct"})


@dataclass(frozen=True)
class Connection:
    """Time limits in seconds, the number of retries and the failures that are retried."""

    connect_seconds: float
    read_seconds: float
    total_seconds: float
    retries: int
    policy: frozenset[str]

    @classmethod
    def of(cls, url: str, at_most: float) -> Connection:
        """Read the overrides of an address; nothing lasts longer than `at_most` seconds."""
        given = dict(parse_qsl(url.partition("#")[2]))
        total = min(_number(given.get("tt"), TOTAL_MILLISECONDS) / 1000, at_most)
        return cls(
            connect_seconds=min(_number(given.get("ct"), CONNECT_MILLISECONDS) / 1000, total),
            read_seconds=min(_number(given.get("rt"), READ_MILLISECONDS) / 1000, total),
            total_seconds=total,
            retries=_number(given.get("rc"), RETRIES),
            policy=_policy(given.get("rp", "")),
        )

    @property
    def httpx(self) -> httpx.Timeout:
        """The limits of one attempt, for httpx."""
        return httpx.Timeout(self.read_seconds, connect=self.connect_seconds, pool=None)

    def retries_after(self, outcome: FunctionResponse | Exception) -> bool:
        """Tell whether an answer or a failure is one to try again after."""
        failure = _failure(outcome)
        return failure is not None and not self.policy.isdisjoint({failure, "all"})


def _failure(outcome: FunctionResponse | Exception) -> str | None:
    if isinstance(outcome, FunctionResponse):
        return {4: "4xx", 5: "5xx"}.get(outcome.status // 100)
    return "ct" if isinstance(outcome, httpx.ConnectError | httpx.ConnectTimeout) else "rt"


_DIGITS = 9  # no override has a limit of more


def _number(text: str | None, limits: tuple[int, int, int]) -> int:
    least, most, default = limits
    if text is None or not text.isdecimal() or len(text) > _DIGITS:
        return default
    number = int(text)
    if assumptions.WRONG_OVERRIDES_FALL_BACK and not least <= number <= most:
        return default
    return min(max(number, least), most)


def _policy(text: str) -> frozenset[str]:
    named = {name.strip().lower() for name in text.split(",")} & POLICIES
    return frozenset(named) or DEFAULT_POLICY
