"""Signed messages that set a lane going, and the lanes whose chain has died.

A lane is a chain of function calls, each starting the next. A call that dies takes its chain
with it; the lease in the lane's document then runs out, and whoever sees it may post the next
generation. Twice does no harm: the second message finds its generation used.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from taskrouter_ops.batches.progress import Lane
from taskrouter_ops.batches.signing import signed_message
from taskrouter_ops.errors import LaneStandsStill
from taskrouter_ops.target import BATCH_PATH, Target
from taskrouter_ops.waiting import Waiting
from twilio_client import Response, TwilioClient, Unreachable

# The functions' clocks and ours may differ a little.
CLOCK_SKEW_SECONDS = 2.0
# A function is ended after 10 s; its answer comes when its share is done or handed on.
ANSWER_SECONDS = 20.0
ATTEMPTS_WITHOUT_PROGRESS = 6
FIRST_PAUSE_SECONDS = 0.5


@dataclass
class _Attempts:
    """What was tried for one lane since it last moved."""

    moved: tuple[int, int, int] | None = None
    count: int = 0
    not_before: float = 0.0
    in_flight: Future[Response] | None = None
    last_answer: str = "no answer yet"


class LaneStarts:
    """Starts lanes and takes up dead ones, a bounded number of times each."""

    def __init__(
        self,
        client: TwilioClient,
        target: Target,
        *,
        batch: str,
        secret: str,
        pool: ThreadPoolExecutor,
        waiting: Waiting,
    ) -> None:
        """Bind to one batch; nothing is sent yet."""
        self._client = client
        self._target = target
        self._batch = batch
        self._secret = secret
        self._pool = pool
        self._waiting = waiting
        self._lanes: dict[int, _Attempts] = {}

    def tend(self, lane: Lane, *, unfinished: bool = False) -> bool:
        """Post the next generation where a lane stands still; tell whether it was posted.

        `unfinished` says that the lane has ended but its batch does not say so: the call that
        should have written the end died, and the next generation writes it.

        Raises: LaneStandsStill when the functions refuse our signature, or when the lane did not
        move after `ATTEMPTS_WITHOUT_PROGRESS` posts.
        """
        attempts = self._lanes.setdefault(lane.number, _Attempts())
        if attempts.moved != lane.moved:
            attempts.moved, attempts.count, attempts.not_before = lane.moved, 0, 0.0
        self._collect(attempts)
        if (lane.ended and not unfinished) or not self._is_free(lane, attempts):
            return False
        if attempts.count >= ATTEMPTS_WITHOUT_PROGRESS:
            raise LaneStandsStill(self._gave_up(lane, attempts), batch=self._batch)
        self._post(lane, attempts)
        return True

    def _is_free(self, lane: Lane, attempts: _Attempts) -> bool:
        now = self._waiting.now()
        return (
            attempts.in_flight is None
            and lane.lease_until + CLOCK_SKEW_SECONDS < now
            and attempts.not_before <= now
        )

    def _post(self, lane: Lane, attempts: _Attempts) -> None:
        content = {"batch": self._batch, "lane": lane.number, "generation": lane.generation + 1}
        message = signed_message(self._secret, content, now=self._waiting.now())
        attempts.in_flight = self._pool.submit(
            self._client.call_function,
            self._target.function(BATCH_PATH),
            json_body=message,
            timeout=ANSWER_SECONDS,
        )
        attempts.not_before = self._waiting.now() + FIRST_PAUSE_SECONDS * 2.0**attempts.count
        attempts.count += 1

    def _collect(self, attempts: _Attempts) -> None:
        if attempts.in_flight is None or not attempts.in_flight.done():
            return
        answered, attempts.in_flight = attempts.in_flight, None
        try:
            answer = answered.result()
        except Unreachable as error:
            attempts.last_answer = str(error)
            return
        attempts.last_answer = f"the last answer was {answer.status}"
        if answer.status in (401, 403):
            raise LaneStandsStill(
                f"batch {self._batch}: {self._target.function(BATCH_PATH)} refused our signature "
                f"({answer.status}): the functions run with another BATCH_SECRET or a clock over "
                "5 minutes off; deploy the functions again with `pulumi up`",
                batch=self._batch,
            )

    def _gave_up(self, lane: Lane, attempts: _Attempts) -> str:
        return (
            f"batch {self._batch}: lane {lane.number} stands still at shard {lane.moved[0]}, "
            f"item {lane.moved[1]} (generation {lane.generation}) after {attempts.count} "
            f"attempts to start it; {attempts.last_answer}; look at the log of "
            f"{self._target.function(BATCH_PATH)}, then run `taskrouter batch resume {self._batch}`"
        )
