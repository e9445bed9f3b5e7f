"""Reservations, seen from their task and from their worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twilio_emulator import assumptions
from twilio_emulator.wire import Call, Reply, Route, not_found, page

from . import routing
from .instructions import Instruction, follow
from .lookup import HOST, ROOT, illegal, part_of
from .records import Reservation, Task, Worker
from .reservation_parameters import FOR_TASKS, FOR_WORKERS, LIST_OF_TASK, LIST_OF_WORKER, values_of
from .task_rendering import reservation_body

_OF_TASK = f"{ROOT}/{{WorkspaceSid}}/Tasks/{{TaskSid}}/Reservations"
_OF_WORKER = f"{ROOT}/{{WorkspaceSid}}/Workers/{{WorkerSid}}/Reservations"
_BY_STATUS = {"accepted": "accept", "rejected": "reject"}
_OPERATIONS: dict[str, Callable[..., Reservation]] = {
    "wrapping": routing.wrap_up,
    "completed": routing.complete,
}


def list_of_task(call: Call) -> dict[str, Any]:
    """List the reservations made for a task."""
    task = part_of(call, Task, "TaskSid")
    return _listed(call, routing.reservations_of_task(call.store, task.sid))


def list_of_worker(call: Call) -> dict[str, Any]:
    """List the reservations made for a worker."""
    worker = part_of(call, Worker, "WorkerSid")
    return _listed(call, routing.reservations_of_worker(call.store, worker.sid))


def fetch_reservation(call: Call) -> Reply:
    """Show a reservation, its version as ETag."""
    return _shown(call, _addressed(call))


def update_reservation(call: Call) -> Reply:
    """Set a reservation's status or carry out an instruction, under If-Match when it is given."""
    reservation, params = _addressed(call), call.params
    call.store.check_version(reservation, call.if_match)
    if assumptions.STATUS_AND_INSTRUCTION_ARE_REFUSED and {
        "ReservationStatus",
        "Instruction",
    } <= set(params):
        raise illegal(
            f"Cannot update reservation {reservation.sid} by ReservationStatus and Instruction"
            " at once: send one of them"
        )
    if "Instruction" in params:
        instruction = Instruction(params["Instruction"], values_of(params["Instruction"], params))
        reservation = follow(call.emulator, reservation, instruction)
    elif "ReservationStatus" in params:
        reservation = _with_status(call, reservation, params["ReservationStatus"])
    return _shown(call, reservation)


def _with_status(call: Call, reservation: Reservation, status: str) -> Reservation:
    if (name := _BY_STATUS.get(status)) is not None:
        return follow(call.emulator, reservation, Instruction(name, values_of(name, call.params)))
    if (operation := _OPERATIONS.get(status)) is not None:
        return operation(call.emulator, reservation)
    raise illegal(
        f"Cannot set ReservationStatus of reservation {reservation.sid} to {status}:"
        f" only {', '.join((*_BY_STATUS, *_OPERATIONS))} can be set"
    )


def _addressed(call: Call) -> Reservation:
    reservation = part_of(call, Reservation)
    owner = call.sids.get("TaskSid"), call.sids.get("WorkerSid")
    if owner not in ((reservation.task_sid, None), (None, reservation.worker_sid)):
        raise not_found(call)
    return reservation


def _shown(call: Call, reservation: Reservation) -> Reply:
    return Reply(_body(call, reservation), etag=reservation.version)


def _body(call: Call, reservation: Reservation) -> dict[str, Any]:
    below = "Tasks" if "TaskSid" in call.sids else "Workers"
    return reservation_body(call.store, reservation, below)


def _listed(call: Call, reservations: list[Reservation]) -> dict[str, Any]:
    params = call.params
    found = [
        reservation
        for reservation in reservations
        if params.get("ReservationStatus", reservation.reservation_status)
        == reservation.reservation_status
        and params.get("WorkerSid", reservation.worker_sid) == reservation.worker_sid
    ]
    position = call.store[Reservation].position
    return page(call, "reservations", found, lambda item: _body(call, item), position=position)


ROUTES = tuple(
    route
    for path, listing, filters, parameters in (
        (_OF_TASK, list_of_task, LIST_OF_TASK, FOR_TASKS),
        (_OF_WORKER, list_of_worker, LIST_OF_WORKER, FOR_WORKERS),
    )
    for route in (
        Route("GET", HOST, path, listing, parameters=filters, page_size=1000),
        Route("GET", HOST, f"{path}/{{Sid}}", fetch_reservation),
        Route(
            "POST",
            HOST,
            f"{path}/{{Sid}}",
            update_reservation,
            parameters=parameters,
            if_match=True,
        ),
    )
)
