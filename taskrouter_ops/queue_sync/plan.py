"""What to change on which worker; pure, no request is made here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from twilio_client.attributes import ATTRIBUTES_LIMIT


@dataclass(frozen=True)
class Item:
    """One worker's change: task queue SIDs to add and to remove, both sorted.

    Both are empty where the right SIDs are kept in the wrong form (no array yet, unsorted,
    doubled, mixed with something else): applying the item then only brings them into form.
    """

    worker_sid: str
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The stale workers, in the order of their SIDs.

    Attributes:
        items: what to change.
        too_long: worker SID to the reason, for workers whose queues alone would be over
            Twilio's limit for attributes: no request could ever succeed for them.
        workers: how many workers were looked at.
        queues: how many task queues there are.
    """

    items: tuple[Item, ...] = ()
    too_long: tuple[tuple[str, str], ...] = ()
    workers: int = 0
    queues: int = 0

    @property
    def stale(self) -> tuple[str, ...]:
        """Return the SIDs of all workers whose `queues` is not right."""
        return tuple(item.worker_sid for item in self.items) + tuple(
            sid for sid, _ in self.too_long
        )


def plan_sync(eligible: Mapping[str, Iterable[str]], current: Mapping[str, object]) -> Plan:
    """Compare who is eligible with what the workers carry.

    Shape: `eligible` maps each task queue SID to the SIDs of its eligible workers; `current`
    maps each worker SID to its attribute `queues` as it is, whatever its type, None where it is
    missing. A SID in `current` that is in no queue's list is stale and removed, also when no
    such queue exists any more. A worker that only `eligible` knows was created meanwhile and is
    planned as one without queues.
    """
    desired: dict[str, set[str]] = {worker: set() for worker in current}
    for queue, workers in eligible.items():
        for worker in workers:
            desired.setdefault(worker, set()).add(queue)
    items: list[Item] = []
    too_long: list[tuple[str, str]] = []
    for worker in sorted(desired):
        target = sorted(desired[worker])
        have = current.get(worker)
        if have == target:
            continue
        if (length := len(json.dumps(target, separators=(",", ":")))) > ATTRIBUTES_LIMIT:
            too_long.append((worker, _too_long(len(target), length)))
        else:
            items.append(_item(worker, target, have))
    return Plan(tuple(items), tuple(too_long), len(desired), len(eligible))


def known_sids(queues: object) -> set[str]:
    """Return the strings of an attribute `queues`, none where it is no array."""
    if not isinstance(queues, Sequence) or isinstance(queues, str):
        return set()
    return {sid for sid in queues if isinstance(sid, str)}


def _item(worker: str, target: Sequence[str], have: object) -> Item:
    wanted, known = set(target), known_sids(have)
    return Item(worker, tuple(sorted(wanted - known)), tuple(sorted(known - wanted)))


def _too_long(queues: int, length: int) -> str:
    return (
        f"is eligible for {queues} queues, whose SIDs need {length} characters of the "
        f"{ATTRIBUTES_LIMIT} a worker's attributes may have; narrow the queues' expressions"
    )
