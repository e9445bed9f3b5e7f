"""What happens to tasks: evaluation by workflows, matching, reservations, deadlines.

* Operations (`create_task`, `accept`, `worker_moved`, ...) change records and announce events in
  the present transaction; handlers, callbacks and timers use the same ones.
* After the commit `Router` offers tasks to workers, a transaction per batch of reservations.
* `Load`, `Waiting`, `FreeWorkers` and `Eligibility` are derived from the records and follow every
  commit; `Due` holds the timers.  All are made anew from the records by `start`.
"""

from typing import TYPE_CHECKING

from .batches import new_reservation
from .due import Due
from .endings import reservations_of_task, reservations_of_worker
from .free_workers import FreeWorkers
from .load import Load
from .moves import announce_move
from .reservation_operations import accept, cancel, complete, reject, wrap_up
from .router import Router, look_again
from .scope import WorkerScope, capacity_percentage
from .task_operations import create_task, delete_task, set_task_status, update_task
from .waiting import Waiting
from .worker_operations import (
    re_evaluate,
    tasks_of_queue,
    tasks_of_workflow,
    worker_moved,
    worker_removed,
)

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

__all__ = [
    "FreeWorkers",
    "Load",
    "Waiting",
    "WorkerScope",
    "accept",
    "announce_move",
    "cancel",
    "capacity_percentage",
    "complete",
    "create_task",
    "delete_task",
    "look_again",
    "new_reservation",
    "re_evaluate",
    "reject",
    "reservations_of_task",
    "reservations_of_worker",
    "set_task_status",
    "start",
    "tasks_of_queue",
    "tasks_of_workflow",
    "update_task",
    "worker_moved",
    "worker_removed",
    "wrap_up",
]


def start(emulator: "Emulator") -> None:
    """Take up what is stored: make the timers and look at every task that waits."""
    router = emulator.state(Router)
    emulator.state(Due)
    router.run()
