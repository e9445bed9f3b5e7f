"""Lists in the order `Ordering` asks for, and where a record stands in one.

Where a record stands is worked out of the record, not of the list, so that a page's cursor keeps
its place when its record no longer passes the list's filters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from twilio_emulator.store import Collection, Record

R = TypeVar("R", bound=Record)

SortKey = Callable[[R], float]


@dataclass(frozen=True)
class Order(Generic[R]):
    """An order of the records of a collection; ties stay in order of creation.

    Shape: `pairs` are names of `keys`, the first foremost, each with whether it descends.
    """

    collection: Collection[R]
    keys: Mapping[str, SortKey[R]]
    pairs: Sequence[tuple[str, bool]]

    @classmethod
    def by_one(cls, collection: Collection[R], ordering: str, **keys: SortKey[R]) -> Order[R]:
        """Read an `Ordering` of at most one pair, checked before."""
        name, _, direction = ordering.partition(":")
        return cls(collection, keys, [(name, direction == "desc")] if name else [])

    def sort(self, records: list[R]) -> list[R]:
        """Put records, given in order of creation, into this order."""
        return sorted(records, key=self._place) if self.pairs else records

    def position(self, sid: str) -> tuple[float, ...] | None:
        """Tell where a record stands; None for one whose place cannot be known any more."""
        record = self.collection.get(sid)
        if record is not None:
            return self._place(record)
        return None if self.pairs else _alone(self.collection.position(sid))

    def _place(self, record: R) -> tuple[float, ...]:
        found = ((self.keys[name](record), descends) for name, descends in self.pairs)
        values = (-value if descends else value for value, descends in found)
        return (*values, self.collection.position(record.sid) or 0)


def _alone(position: int | None) -> tuple[float, ...] | None:
    return None if position is None else (position,)
