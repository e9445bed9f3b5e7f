"""Do the same to many things, several at a time, and stop cleanly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from twilio_client import RateLimited, ServerFault, TwilioError, Unauthorized, Unreachable

T = TypeVar("T")
R = TypeVar("R")

MOST_FAILURES_IN_A_ROW = 25


class Brake:
    """Decides whether to begin another piece of work.

    It holds once `is_interrupted` says so, and for good after many failures in a row of the kind
    that is about Twilio or the credentials, not about one task.
    """

    def __init__(self, is_interrupted: Callable[[], bool] = lambda: False) -> None:
        """Begin with nothing having failed."""
        self.is_interrupted = is_interrupted
        self.is_outage = False
        self._in_a_row = 0

    @property
    def holds(self) -> bool:
        """Tell whether no new work is to begin."""
        return self.is_outage or self.is_interrupted()

    def hear(self, result: object) -> None:
        """Take note of how a piece of work ended."""
        failed = isinstance(result, RateLimited | ServerFault | Unauthorized | Unreachable)
        self._in_a_row = self._in_a_row + 1 if failed else 0
        self.is_outage = self.is_outage or self._in_a_row >= MOST_FAILURES_IN_A_ROW


def in_parallel(
    work: Callable[[T], R],
    items: Iterable[T],
    concurrency: int,
    brake: Brake,
    *,
    may_begin: Callable[[int], bool] = lambda _: True,
) -> Iterator[tuple[T, R | TwilioError]]:
    """Yield each item with its result or its TwilioError, in the order they end.

    `may_begin` is asked, with the number of items in hand, before the next one is; a no ends the
    work once nothing is in hand any more. What is in hand always finishes.
    """
    in_hand: dict[Future[R], T] = {}

    def can_begin() -> bool:
        return not brake.holds and may_begin(len(in_hand))

    with ThreadPoolExecutor(concurrency) as pool:
        for item in items:
            while in_hand and (len(in_hand) >= concurrency or not can_begin()):
                yield from _ended(in_hand, brake)
            if not can_begin():
                break
            in_hand[pool.submit(work, item)] = item
        while in_hand:
            yield from _ended(in_hand, brake)


def _ended(in_hand: dict[Future[R], T], brake: Brake) -> Iterator[tuple[T, R | TwilioError]]:
    for future in wait(in_hand, return_when=FIRST_COMPLETED).done:
        item = in_hand.pop(future)
        error = future.exception()
        if error is not None and not isinstance(error, TwilioError):
            raise error
        result = error if isinstance(error, TwilioError) else future.result()
        brake.hear(result)
        yield item, result
