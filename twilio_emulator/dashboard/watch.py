"""Notice what changes, so that a picture is only drawn again where something did."""

from __future__ import annotations

import secrets
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeAlias

from twilio_emulator.accounts.records import Account
from twilio_emulator.store import Record
from twilio_emulator.sync.records import Document
from twilio_emulator.taskrouter.records import (
    Activity,
    Event,
    Reservation,
    Task,
    TaskChannel,
    TaskQueue,
    Worker,
    WorkerChannel,
    Workflow,
    Workspace,
)
from twilio_emulator.taskrouter.routing import reservations_of_task

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

RACES_KEPT = 40
"""Tasks of a workspace whose offers are kept in the picture, the last to move ones."""

Moves: TypeAlias = list[tuple[str, float]]
"""Statuses a reservation went through, each with its moment (milliseconds since 1970)."""

_SECTIONS: dict[type[Record], tuple[str, ...]] = {
    Account: ("accounts", "workspaces"),
    Workspace: ("workspaces",),
    Activity: ("figures", "queues", "workers"),
    TaskChannel: ("races", "workers"),
    TaskQueue: ("figures", "queues", "races"),
    Workflow: ("figures",),
    Worker: ("figures", "queues", "races", "workers"),
    WorkerChannel: ("workers",),
    Task: ("figures", "queues", "races"),
    Reservation: ("figures", "races", "workers"),
    Event: ("events",),
    Document: ("batches",),
}
_FOR_ALL = (Account, Workspace)


class Watch:
    """What has changed in one emulator since it was first watched.

    A reset or restore drops it with the other states, which is how a stream learns of those:
    `name` is another one then.
    """

    def __init__(self, emulator: Emulator) -> None:
        self.name = secrets.token_hex(8)
        self.counted: set[str] = set()
        self._store = emulator.store
        self._revisions: Counter[tuple[str, str]] = Counter()
        self._kept: dict[tuple[str, str], tuple[Hashable, Any]] = {}
        self._races: dict[str, OrderedDict[str, None]] = {}
        self._moves: dict[str, Moves] = {}
        for reservation in self._store[Reservation]:
            self._raced(reservation)
        for kind in _SECTIONS:
            self._store.observe(kind, self._changed)
        self._store.observe(Reservation, self._moved)

    def revision(self, section: str, scope: str) -> int:
        """Return a number that grows with every change in a section.

        Shape: `scope` is a workspace, an account (batches) or "" (accounts and workspaces).
        """
        return self._revisions[section, scope]

    def kept(self, section: str, scope: str, by: Hashable, draw: Callable[[], Any]) -> Any:
        """Return what was drawn last while `by` is the same, else draw it again."""
        known = self._kept.get((section, scope))
        if known is None or known[0] != by:
            known = self._kept[section, scope] = (by, draw())
        return known[1]

    def races(self, workspace_sid: str) -> list[str]:
        """List the tasks whose offers moved last, the latest at the end."""
        return list(self._races.get(workspace_sid, ()))

    def moves(self, reservation: Reservation) -> Moves:
        """Return the statuses a reservation went through, as far as they were seen."""
        return self._moves.get(reservation.sid) or moves_of(reservation)

    def _changed(self, old: Record | None, new: Record | None) -> None:
        record: Any = new or old
        if record is None:  # made and removed within one transaction
            return
        kind = type(record)
        scope = "" if kind in _FOR_ALL else getattr(record, "workspace_sid", record.account_sid)
        for section in _SECTIONS[kind]:
            self._revisions[section, scope] += 1

    def _moved(self, old: Reservation | None, new: Reservation | None) -> None:
        if new is None:
            if old is not None:
                self._moves.pop(old.sid, None)
            return
        self._raced(new)
        moves = self._moves.setdefault(new.sid, moves_of(old or new))
        if not moves or moves[-1][0] != new.reservation_status:
            moves.append((new.reservation_status, milliseconds(new.date_updated)))

    def _raced(self, reservation: Reservation) -> None:
        races = self._races.setdefault(reservation.workspace_sid, OrderedDict())
        races[reservation.task_sid] = None
        races.move_to_end(reservation.task_sid)
        if len(races) > RACES_KEPT:
            self._forget(races.popitem(last=False)[0])

    def _forget(self, task_sid: str) -> None:
        for reservation in reservations_of_task(self._store, task_sid):
            self._moves.pop(reservation.sid, None)


def moves_of(reservation: Reservation) -> Moves:
    """Tell what one record shows of the way it came."""
    moves: Moves = [("pending", milliseconds(reservation.date_created))]
    if reservation.reservation_status != "pending":
        moves.append((reservation.reservation_status, milliseconds(reservation.date_updated)))
    return moves


def milliseconds(moment: Any) -> float:
    """Write a moment as milliseconds since 1970."""
    return round(float(moment.timestamp()) * 1000, 1)
