"""How much work every worker has, counted as reservations change."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from twilio_emulator.taskrouter.records import Reservation

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

OPEN = ("pending", "accepted", "wrapping")
"""Statuses of a reservation that take up capacity (multitasking page)."""

_Place: TypeAlias = tuple[str, str]
_K = TypeVar("_K", bound=Hashable)


class Load:
    """Count reservations per worker and task channel.

    Reservations are kept by SID rather than as numbers, so that being told twice does no harm.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._reserved: dict[_Place, set[str]] = {}
        self._assigned: dict[_Place, set[str]] = {}
        self._open: dict[str, set[str]] = {}
        for reservation in emulator.store[Reservation]:
            self._changed(None, reservation)
        emulator.store.observe(Reservation, self._changed)

    def reserved(self, worker_sid: str, channel_sid: str) -> int:
        """Count what takes up capacity on a channel: pending, accepted and wrapping."""
        return len(self._reserved.get((worker_sid, channel_sid), ()))

    def assigned(self, worker_sid: str, channel_sid: str) -> int:
        """Count accepted reservations on a channel."""
        return len(self._assigned.get((worker_sid, channel_sid), ()))

    def open(self, worker_sid: str) -> int:
        """Count what takes up capacity on any channel."""
        return len(self._open.get(worker_sid, ()))

    def _changed(self, old: Reservation | None, new: Reservation | None) -> None:
        reservation = new or old
        if reservation is None:
            return
        worker, place = reservation.worker_sid, _place(reservation)
        status = new.reservation_status if new else ""
        _keep(self._reserved, place, reservation.sid, present=status in OPEN)
        _keep(self._open, worker, reservation.sid, present=status in OPEN)
        _keep(self._assigned, place, reservation.sid, present=status == "accepted")


def _place(reservation: Reservation) -> _Place:
    return reservation.worker_sid, reservation.task_channel_sid


def _keep(groups: dict[_K, set[str]], key: _K, sid: str, *, present: bool) -> None:
    if present:
        groups.setdefault(key, set()).add(sid)
    elif (group := groups.get(key)) is not None:
        group.discard(sid)
        if not group:
            del groups[key]
