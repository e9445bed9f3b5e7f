"""Carry out what a reservation's holder is told to do: accept, reject, dequeue, call and others.

An instruction comes from an assignment callback's answer or from an update of the reservation;
its values go by the names assignment callbacks use.  No telephone rings here: a worker who is
called answers at once, and what shows is what TaskRouter keeps of it.

Source: assignment callbacks page; debugger codes from their error pages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from twilio_emulator.assumptions import ILLEGAL_STATE
from twilio_emulator.wire import ApiError

from . import routing
from .lookup import attributes_text, part_named
from .records import Activity, Reservation, Task, Worker

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

REJECT_ACTIVITY = 40100
CALL_URL, CALL_NOT_PENDING = 40112, 40114
REDIRECT_CALL, REDIRECT_NOT_PENDING = 40121, 40123
DEQUEUE_ACTIVITY, DEQUEUE_NOT_PENDING = 40130, 40135
CONFERENCE_ACTIVITY, CONFERENCE_NOT_PENDING = 40143, 40144


class WrongInstruction(ApiError):
    """An instruction that cannot be carried out; nothing has changed.

    Shape: `debugger_code` is what Twilio's debugger shows for it, where that is documented.
    """

    def __init__(self, message: str, debugger_code: int | None = None) -> None:
        super().__init__(*ILLEGAL_STATE, message)
        self.debugger_code = debugger_code


@dataclass(frozen=True)
class Instruction:
    """What to do with a reservation; `values` by the names assignment callbacks use."""

    name: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return a value as text, empty when it is not given."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    def is_true(self, name: str) -> bool:
        """Tell whether a switch is on; it may come as a boolean or as text."""
        return self.text(name).lower() in ("true", "1")


def follow(
    emulator: Emulator,
    reservation: Reservation,
    instruction: Instruction,
    *,
    if_match: str | None = None,
) -> Reservation:
    """Carry out an instruction within the present transaction and return the reservation.

    Raises: WrongInstruction, StaleVersion, and ApiError 400 or 410 where the state forbids it.
    """
    action = _ACTIONS.get(instruction.name.lower())
    if action is None:
        raise WrongInstruction(
            f"Instruction '{instruction.name}' for reservation {reservation.sid} is not one of"
            f" {', '.join(_ACTIONS)}"
        )
    emulator.store.check_version(reservation, if_match)
    return action(emulator, reservation, instruction)


def _accept(emulator: Emulator, reservation: Reservation, _given: Instruction) -> Reservation:
    return routing.accept(emulator, reservation)


def _reject(emulator: Emulator, reservation: Reservation, given: Instruction) -> Reservation:
    activity = _activity(emulator, reservation, given.text("activity_sid"), REJECT_ACTIVITY)
    return routing.reject(emulator, reservation, activity_sid=activity)


def _dequeue(emulator: Emulator, reservation: Reservation, given: Instruction) -> Reservation:
    _check_pending(reservation, "dequeue", DEQUEUE_NOT_PENDING)
    sid = given.text("post_work_activity_sid")
    _activity(emulator, reservation, sid, DEQUEUE_ACTIVITY)
    _contact(emulator, reservation, given)
    attributes = _task(emulator, reservation).parsed_attributes
    if not attributes.get("call_sid"):
        raise WrongInstruction(
            f"Cannot dequeue task {reservation.task_sid} for reservation {reservation.sid}:"
            " its attributes have no call_sid, so no call waits for it"
        )
    accepted = routing.accept(emulator, reservation)
    _add_attributes(emulator, reservation, worker_call_sid=emulator.store.new_sid("CA"))
    return accepted


def _call(emulator: Emulator, reservation: Reservation, given: Instruction) -> Reservation:
    _check_pending(reservation, "call", CALL_NOT_PENDING)
    _require(reservation, given, "url", CALL_URL)
    _require(reservation, given, "from", None)
    _contact(emulator, reservation, given)
    answered = routing.accept(emulator, reservation) if given.is_true("accept") else reservation
    _add_attributes(emulator, reservation, worker_call_sid=emulator.store.new_sid("CA"))
    return answered


def _redirect(emulator: Emulator, reservation: Reservation, given: Instruction) -> Reservation:
    _check_pending(reservation, "redirect", REDIRECT_NOT_PENDING)
    _require(reservation, given, "call_sid", REDIRECT_CALL)
    _require(reservation, given, "url", None)
    return routing.accept(emulator, reservation) if given.is_true("accept") else reservation


def _conference(emulator: Emulator, reservation: Reservation, given: Instruction) -> Reservation:
    _check_pending(reservation, "conference", CONFERENCE_NOT_PENDING)
    sid = given.text("post_work_activity_sid")
    _activity(emulator, reservation, sid, CONFERENCE_ACTIVITY)
    _contact(emulator, reservation, given)
    customer = _task(emulator, reservation).parsed_attributes.get("call_sid")
    accepted = routing.accept(emulator, reservation)
    participants = {"worker": emulator.store.new_sid("CA"), "customer": customer}
    _add_attributes(
        emulator,
        reservation,
        conference={"sid": emulator.store.new_sid("CF"), "participants": participants},
    )
    return accepted


def _supervise(_emulator: Emulator, reservation: Reservation, given: Instruction) -> Reservation:
    """Let a supervisor listen in, which changes nothing TaskRouter keeps."""
    if reservation.reservation_status != "accepted":
        raise WrongInstruction(
            f"Cannot supervise reservation {reservation.sid} because it is not accepted"
        )
    _require(reservation, given, "supervisor", None)
    return reservation


Action = Callable[["Emulator", Reservation, Instruction], Reservation]

_ACTIONS: dict[str, Action] = {
    "accept": _accept,
    "reject": _reject,
    "dequeue": _dequeue,
    "call": _call,
    "redirect": _redirect,
    "conference": _conference,
    "supervise": _supervise,
}


def _check_pending(reservation: Reservation, instruction: str, code: int) -> None:
    if reservation.reservation_status != "pending":
        raise WrongInstruction(
            f"Cannot {instruction} reservation {reservation.sid} because it is"
            f" {reservation.reservation_status}, not pending",
            code,
        )


def _require(reservation: Reservation, given: Instruction, name: str, code: int | None) -> None:
    if not given.text(name):
        raise WrongInstruction(
            f"Instruction {given.name} for reservation {reservation.sid} needs {name}", code
        )


def _activity(
    emulator: Emulator, reservation: Reservation, sid: str, code: int | None
) -> str | None:
    if not sid:
        return None
    if part_named(emulator.store, Activity, reservation.workspace_sid, sid) is None:
        raise WrongInstruction(
            f"Activity '{sid}' for the worker of reservation {reservation.sid} does not exist"
            f" in workspace {reservation.workspace_sid}",
            code,
        )
    return sid


def _contact(emulator: Emulator, reservation: Reservation, given: Instruction) -> None:
    """Make sure there is somebody to call: `to`, or the worker's attribute contact_uri."""
    worker = emulator.store[Worker].get(reservation.worker_sid)
    if not given.text("to") and not (worker and worker.parsed_attributes.get("contact_uri")):
        raise WrongInstruction(
            f"Instruction {given.name} for reservation {reservation.sid} needs to, or a"
            f" contact_uri in the attributes of worker {reservation.worker_sid}"
        )


def _task(emulator: Emulator, reservation: Reservation) -> Task:
    task = emulator.store[Task].get(reservation.task_sid)
    if task is None:
        raise WrongInstruction(f"Task {reservation.task_sid} is gone")
    return task


def _add_attributes(emulator: Emulator, reservation: Reservation, **added: Any) -> None:
    task = _task(emulator, reservation)
    attributes = attributes_text({**task.parsed_attributes, **added})
    routing.update_task(emulator, task, attributes=attributes)
