"""Several workers race for one task, on a local Twilio, from the workspace to its removal."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from taskrouter_ops.demo.centre import DemoCentre
from taskrouter_ops.demo.local_twilio import require_emulator
from taskrouter_ops.demo.race import Race, Round, Watcher, offers_of
from taskrouter_ops.errors import OperationError
from taskrouter_ops.reservations import Reservation, Reservations
from taskrouter_ops.waiting import REAL_TIME, Waiting
from twilio_client import TwilioClient

OFFER_SECONDS = 10.0
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Options:
    """How many workers, how many of them are offered one task, how many races.

    Units: `pause_seconds` is waited before and after each race, for the eyes of people.
    """

    workers: int = 8
    max_reserved_workers: int = 5
    rounds: int = 1
    seed: int | None = None
    pause_seconds: float = 0.0


@dataclass
class Demonstration:
    """What was shown; the workspace is gone by the time anybody reads this."""

    workspace_sid: str
    options: Options
    rounds: list[Round] = field(default_factory=list)

    @property
    def went_well(self) -> bool:
        """Tell whether each race had one winner and rescinded the others."""
        return all(one.went_well for one in self.rounds)

    def as_dict(self) -> dict[str, Any]:
        """Return the demonstration for JSON."""
        return {
            "workspace_sid": self.workspace_sid,
            **vars(self.options),
            "rounds": [one.as_dict() for one in self.rounds],
            "removed": True,
        }


def run(
    client: TwilioClient,
    options: Options,
    watcher: Watcher,
    *,
    held: Callable[[], AbstractContextManager[None]] = nullcontext,
    waiting: Waiting = REAL_TIME,
) -> Demonstration:
    """Make a centre, let its workers race, and remove it again whatever happens.

    `held` keeps interrupts waiting while the workspace comes and goes.

    Raises: SetupError, with nothing created, where this is no local Twilio; OperationError
    where something could not be removed or nobody was offered a task; TwilioError.
    """
    require_emulator(client)
    centre = DemoCentre(client)
    try:
        try:
            return _shown(client, centre, options, watcher, held, waiting)
        finally:
            with held():
                watcher.close()
                centre.remove()
    except KeyboardInterrupt:
        # It may have come between the two lines above; by now no second one can.
        centre.remove()
        raise


def _shown(
    client: TwilioClient,
    centre: DemoCentre,
    options: Options,
    watcher: Watcher,
    held: Callable[[], AbstractContextManager[None]],
    waiting: Waiting,
) -> Demonstration:
    with held():
        centre.create()
    centre.furnish(workers=options.workers, max_reserved_workers=options.max_reserved_workers)
    shown = Demonstration(centre.sid, options)
    watcher.begins(centre.sid, centre.name, options.workers, options.max_reserved_workers)
    race = Race(Reservations(client, centre.sid), seed=options.seed)
    for number in range(1, options.rounds + 1):
        shown.rounds.append(_race(client, centre, race, number, watcher, options, waiting))
    return shown


def _race(
    client: TwilioClient,
    centre: DemoCentre,
    race: Race,
    number: int,
    watcher: Watcher,
    options: Options,
    waiting: Waiting,
) -> Round:
    task_sid = centre.new_task()
    offered = _offered(Reservations(client, centre.sid), task_sid, waiting)
    chosen = {reservation.worker_sid for reservation in offered}
    others = [name for sid, name in centre.workers.items() if sid not in chosen]
    current = Round(number, task_sid, offers_of(offered), others)
    watcher.offered(current)
    waiting.sleep(options.pause_seconds)
    race.run(current, watcher)
    watcher.settled(current)
    waiting.sleep(options.pause_seconds)
    if number < options.rounds:
        centre.complete_task(task_sid)
    return current


def _offered(reservations: Reservations, task_sid: str, waiting: Waiting) -> list[Reservation]:
    deadline = waiting.now() + OFFER_SECONDS
    while not (found := reservations.list(task_sid=task_sid)):
        if waiting.now() > deadline:
            raise OperationError(
                f"Task {task_sid} was offered to nobody within {OFFER_SECONDS:.0f} s; "
                "look at the emulator's log and at `twilio-emulator faults list`"
            )
        waiting.sleep(POLL_SECONDS)
    return found
