"""Do what is due: time out, cancel and forget tasks and reservations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_emulator.taskrouter.records import Reservation, Task

from .deadlines import Timers, end_of_life
from .progress import cancel_task, time_out
from .reservation_operations import time_out_reservation
from .router import look_again
from .task_operations import remove_task

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

TTL_EXCEEDED = "Task TTL Exceeded"
"""What a task is canceled with that nobody accepted in its life time (task page)."""


class Due:
    """Run the timers of tasks and reservations."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator, self._store = emulator, emulator.store
        Timers(emulator, self._task, self._reservation)

    def _task(self, sid: str) -> None:
        with self._store.transaction():
            task = self._store[Task].get(sid)
            if task is not None:
                self._act(task)
                look_again(self._emulator)

    def _act(self, task: Task) -> None:
        emulator = self._emulator
        if task.assignment_status == "assigned":
            remove_task(emulator, task, "task.system-deleted")
        elif task.assignment_status in ("canceled", "completed"):
            remove_task(emulator, task, None)
        elif end_of_life(task) <= emulator.clock.now():
            cancel_task(emulator, task, TTL_EXCEEDED, description=TTL_EXCEEDED)
        else:
            time_out(emulator, task)

    def _reservation(self, sid: str) -> None:
        with self._store.transaction():
            reservation = self._store[Reservation].get(sid)
            if reservation is not None and reservation.reservation_status == "pending":
                time_out_reservation(self._emulator, reservation)
