"""One task, several workers who are offered it, and their race to accept it."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any, Protocol

from taskrouter_ops.reservations import Reservation, ReservationOutcome, Reservations

# Agents are quick: a human's second would be no race, and none at all leaves all to the network.
LONGEST_THOUGHT_SECONDS = 0.04


@dataclass
class Offer:
    """A reservation and what became of it.

    Units: `answered_after_ms` from the start of the race until the agent knew; an agent who was
    too late has read the reservation once more by then.
    """

    reservation: Reservation
    answered_after_ms: float | None = None
    outcome: ReservationOutcome | None = None
    status: str = "pending"

    @property
    def worker_name(self) -> str:
        """Return the worker's name."""
        return self.reservation.worker_name or self.reservation.worker_sid

    @property
    def accepted(self) -> bool:
        """Tell whether this worker got the task."""
        return self.outcome is not None and self.outcome.outcome == "accepted"

    @property
    def http_status(self) -> int | None:
        """Return Twilio's answer to the accept, None before there is one."""
        return self.outcome.http_status if self.outcome else None

    def as_dict(self) -> dict[str, Any]:
        """Return the offer for JSON."""
        return {
            "worker_name": self.worker_name,
            "worker_sid": self.reservation.worker_sid,
            "reservation_sid": self.reservation.sid,
            "offered_at": self.reservation.date_created.isoformat(),
            "answered_after_ms": self.answered_after_ms,
            "http_status": self.http_status,
            "outcome": self.outcome.outcome if self.outcome else None,
            "reservation_status": self.status,
        }


@dataclass
class Round:
    """One race: its task, the offers, and the workers who were not offered the task."""

    number: int
    task_sid: str
    offers: list[Offer] = field(default_factory=list)
    not_offered: list[str] = field(default_factory=list)

    @property
    def winners(self) -> list[str]:
        """Return who got the task; a good race has one."""
        return [offer.worker_name for offer in self.offers if offer.accepted]

    @property
    def went_well(self) -> bool:
        """Tell whether one won and every other reservation was rescinded."""
        statuses = Counter(offer.status for offer in self.offers)
        good = Counter({"accepted": 1, "rescinded": len(self.offers) - 1})
        return len(self.winners) == 1 and statuses == good

    def sentence(self) -> str:
        """Say what happened, from what was seen."""
        workers = len(self.offers) + len(self.not_offered)
        losers = [offer for offer in self.offers if not offer.accepted]
        begin = f"Task {self.task_sid} was offered to {len(self.offers)} of {workers} workers"
        won = " and ".join(
            f"{offer.worker_name} accepted it (HTTP {offer.http_status})"
            for offer in self.offers
            if offer.accepted
        )
        if not losers:
            return f"{begin}: {won or 'nobody accepted it'}."
        ends = {(offer.http_status, offer.status) for offer in losers}
        if ends == {(410, "rescinded")}:
            theirs = "reservation is" if len(losers) == 1 else "reservations are"
            late = f"{len(losers)} too late (HTTP 410), their {theirs} rescinded"
        else:
            late = ", ".join(
                f"{offer.worker_name} HTTP {offer.http_status}, {offer.status}" for offer in losers
            )
        return f"{begin} at once: {won or 'nobody accepted it'}; {late}."

    def as_dict(self) -> dict[str, Any]:
        """Return the round for JSON."""
        return {
            "round": self.number,
            "task_sid": self.task_sid,
            "winner": self.winners[0] if len(self.winners) == 1 else None,
            "offers": [offer.as_dict() for offer in self.offers],
            "not_offered": self.not_offered,
        }


class Watcher(Protocol):
    """Is told what happens, always by the thread that runs the demonstration."""

    def begins(self, workspace_sid: str, name: str, workers: int, reserved: int) -> None:
        """The contact centre is there; up to `reserved` workers are offered a task."""

    def offered(self, current: Round) -> None:
        """The task of a round was offered."""

    def answered(self, current: Round, offer: Offer) -> None:
        """One worker's accept was answered."""

    def settled(self, current: Round) -> None:
        """The round is over and its statuses are final."""

    def close(self) -> None:
        """Nothing more happens, whatever the reason."""


class Race:
    """Agents as threads, who accept at nearly the same time."""

    def __init__(self, reservations: Reservations, *, seed: int | None = None) -> None:
        """Give every agent's thought a chance of its own, the same ones for the same seed."""
        self._reservations = reservations
        self._seed = random.randrange(2**32) if seed is None else seed  # noqa: S311 - no secret
        self._over = threading.Event()

    def run(self, current: Round, watcher: Watcher) -> None:
        """Let all agents go and tell of each answer as it comes; then read the statuses.

        Raises: TwilioError of an accept whose outcome could not be found out.
        """
        start = threading.Event()
        with ThreadPoolExecutor(len(current.offers)) as pool:
            try:
                agents = self._agents(current, pool, start)
                begun = time.perf_counter()
                start.set()
                for answered in as_completed(agents):
                    offer = agents[answered]
                    offer.outcome, moment = answered.result()
                    offer.answered_after_ms = round((moment - begun) * 1000, 1)
                    offer.status = offer.outcome.reservation_status or "gone"
                    watcher.answered(current, offer)
            finally:
                self._over.set()
                start.set()
        self._over.clear()
        self._read_statuses(current)

    def _agents(
        self, current: Round, pool: ThreadPoolExecutor, start: threading.Event
    ) -> dict[Future[tuple[ReservationOutcome, float]], Offer]:
        chance = random.Random(f"{self._seed}-{current.number}")  # noqa: S311 - no secret
        return {
            pool.submit(
                self._agent, offer.reservation, chance.uniform(0, LONGEST_THOUGHT_SECONDS), start
            ): offer
            for offer in current.offers
        }

    def _agent(
        self, reservation: Reservation, thought_seconds: float, start: threading.Event
    ) -> tuple[ReservationOutcome, float]:
        start.wait()
        self._over.wait(thought_seconds)
        outcome = self._reservations.accept(reservation.sid, worker_sid=reservation.worker_sid)
        return outcome, time.perf_counter()

    def _read_statuses(self, current: Round) -> None:
        now = {item.sid: item for item in self._reservations.list(task_sid=current.task_sid)}
        for offer in current.offers:
            offer.status = now[offer.reservation.sid].status


def offers_of(reservations: Sequence[Reservation]) -> list[Offer]:
    """Make offers of reservations."""
    return [Offer(reservation, status=reservation.status) for reservation in reservations]
