"""What can be done to a reservation.

Each operation works inside the present transaction; what follows from it (the next offer) is done
after the commit.

Source: reservation and task queue pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_emulator import assumptions
from twilio_emulator.taskrouter.events import announce_reservation
from twilio_emulator.taskrouter.lookup import illegal
from twilio_emulator.taskrouter.records import Reservation, Task, Workspace
from twilio_emulator.wire import ApiError

from .endings import end_reservation, open_reservations
from .moves import move_worker, single_tasking_activity
from .router import look_again
from .task_operations import complete_task, wrap_up_task

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator


def accept(
    emulator: Emulator, reservation: Reservation, *, if_match: str | None = None
) -> Reservation:
    """Assign the task to the reservation's worker and rescind the others.

    Raises: ApiError 410 when another worker won or the reservation ended, 400 when it was accepted
    before; StaleVersion.
    """
    store = emulator.store
    reservation, task = _present(emulator, reservation)
    if reservation.reservation_status in ("accepted", "wrapping"):
        raise illegal(f"{_cannot(reservation, 'accept')} because it is already accepted")
    if reservation.reservation_status != "pending":
        raise ApiError(
            *assumptions.RESERVATION_GONE,
            f"{_cannot(reservation, 'accept')} because it is {reservation.reservation_status}",
        )
    accepted = store.change(reservation, if_match=if_match, reservation_status="accepted")
    store.change(task, assignment_status="assigned", date_assigned=store.clock.now())
    single_tasking_activity(emulator, accepted, "assignment")
    announce_reservation(emulator, accepted, "reservation.accepted")
    for other in open_reservations(store, task.sid):
        if other.sid != accepted.sid:
            end_reservation(emulator, other, "rescinded")
    look_again(emulator)
    return accepted


def reject(
    emulator: Emulator,
    reservation: Reservation,
    *,
    activity_sid: str | None = None,
    if_match: str | None = None,
) -> Reservation:
    """Turn an offer down; the worker stays in their activity unless another is given.

    Raises: ApiError 400 when the reservation is not pending, StaleVersion.
    """
    return _end_pending(emulator, reservation, "rejected", activity_sid, if_match)


def cancel(emulator: Emulator, reservation: Reservation) -> Reservation:
    """Take an offer back that nobody answered for.

    Raises: ApiError 400 when the reservation is not pending.
    """
    return _end_pending(emulator, reservation, "canceled", None, None)


def time_out_reservation(emulator: Emulator, reservation: Reservation) -> Reservation:
    """End an offer nobody answered in time; its worker goes to the timeout activity.

    Source: activity page.
    """
    workspace = emulator.store[Workspace].get(reservation.workspace_sid)
    activity_sid = workspace.timeout_activity_sid if workspace else None
    return _end_pending(emulator, reservation, "timeout", activity_sid, None)


def wrap_up(
    emulator: Emulator, reservation: Reservation, *, if_match: str | None = None
) -> Reservation:
    """Begin the wrap-up of an accepted reservation and of its task.

    Raises: ApiError 400 when the reservation is not accepted, StaleVersion.
    """
    reservation, task = _present(emulator, reservation)
    if reservation.reservation_status != "accepted":
        raise illegal(f"{_cannot(reservation, 'wrap up')} because it is not currently accepted")
    emulator.store.check_version(reservation, if_match)
    wrap_up_task(emulator, task, None)
    look_again(emulator)
    return _present(emulator, reservation)[0]


def complete(
    emulator: Emulator, reservation: Reservation, *, if_match: str | None = None
) -> Reservation:
    """Complete an accepted reservation and its task.

    Raises: ApiError 400 when the reservation is neither accepted nor wrapping, StaleVersion.
    """
    reservation, task = _present(emulator, reservation)
    if reservation.reservation_status not in ("accepted", "wrapping"):
        raise illegal(f"{_cannot(reservation, 'complete')} because it is not currently accepted")
    emulator.store.check_version(reservation, if_match)
    complete_task(emulator, task, assumptions.COMPLETED_BY_WORKER_REASON)
    look_again(emulator)
    return _present(emulator, reservation)[0]


def _end_pending(
    emulator: Emulator,
    reservation: Reservation,
    status: str,
    activity_sid: str | None,
    if_match: str | None,
) -> Reservation:
    reservation, task = _present(emulator, reservation)
    if reservation.reservation_status != "pending":
        raise illegal(
            f"{_cannot(reservation, 'end')} because it is {reservation.reservation_status},"
            " not pending"
        )
    emulator.store.check_version(reservation, if_match)
    ended = end_reservation(emulator, reservation, status)
    move_worker(emulator, ended.worker_sid, activity_sid)
    give_back(emulator, task.sid)
    look_again(emulator)
    return ended


def give_back(emulator: Emulator, task_sid: str) -> None:
    """Let a reserved task wait again once nobody is left to answer for it."""
    task = emulator.store[Task].get(task_sid)
    is_reserved = task is not None and task.assignment_status == "reserved"
    if task is not None and is_reserved and not open_reservations(emulator.store, task.sid):
        emulator.store.change(task, assignment_status="pending")


def _present(emulator: Emulator, reservation: Reservation) -> tuple[Reservation, Task]:
    """Return a reservation as it is now, and its task."""
    store = emulator.store
    present = store[Reservation].get(reservation.sid)
    task = store[Task].get(reservation.task_sid)
    if present is None or task is None:
        raise ApiError(*assumptions.RESERVATION_GONE, f"Reservation {reservation.sid} is deleted")
    return present, task


def _cannot(reservation: Reservation, what: str) -> str:
    return (
        f"Cannot {what} reservation {reservation.sid} of task {reservation.task_sid}"
        f" in workspace {reservation.workspace_sid} for account {reservation.account_sid}"
    )
