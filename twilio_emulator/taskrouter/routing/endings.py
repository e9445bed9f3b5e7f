"""End reservations and say what becomes of their workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_emulator.store import Store
from twilio_emulator.taskrouter.events import announce_reservation
from twilio_emulator.taskrouter.records import Reservation, Task

from .load import OPEN
from .moves import release

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator


def reservations_of_task(store: Store, task_sid: str) -> list[Reservation]:
    """List the reservations made for a task, oldest first."""
    return store[Reservation].index("task", lambda item: item.task_sid).get(task_sid)


def reservations_of_worker(store: Store, worker_sid: str) -> list[Reservation]:
    """List the reservations made for a worker, oldest first."""
    return store[Reservation].index("worker", lambda item: item.worker_sid).get(worker_sid)


def open_reservations(store: Store, task_sid: str) -> list[Reservation]:
    """List a task's reservations that have not ended."""
    found = reservations_of_task(store, task_sid)
    return [item for item in found if item.reservation_status in OPEN]


def end_reservation(emulator: Emulator, reservation: Reservation, status: str) -> Reservation:
    """End one reservation and announce it; its task is not touched."""
    ended = emulator.store.change(reservation, reservation_status=status)
    release(emulator, ended.worker_sid, completed=status == "completed")
    announce_reservation(emulator, ended, f"reservation.{status}")
    return ended


def end_reservations(emulator: Emulator, task: Task, status: str) -> None:
    """End every reservation of a task that has not ended."""
    for reservation in open_reservations(emulator.store, task.sid):
        end_reservation(emulator, reservation, status)
