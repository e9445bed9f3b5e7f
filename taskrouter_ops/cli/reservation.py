"""`taskrouter reservation`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from taskrouter_ops.cli.output import (
    NOT_REACHED,
    WRONG_USAGE,
    AsJson,
    examples,
    fail,
    show,
)
from taskrouter_ops.cli.settings import settings_of
from taskrouter_ops.reservations import STATUSES, Reservation, ReservationOutcome, Reservations

app = typer.Typer(
    help="Look at offers of tasks to workers, accept or reject them.", no_args_is_help=True
)


def _sid(prefix: str) -> Callable[[str | None], str | None]:
    def checked(value: str | None) -> str | None:
        if value is not None and not re.fullmatch(rf"{prefix}[0-9a-fA-F]{{32}}", value):
            raise typer.BadParameter(f"{value!r} is not {prefix} and 32 hexadecimal digits")
        return value

    return checked


def _status(value: str | None) -> str | None:
    if value is not None and value not in STATUSES:
        raise typer.BadParameter(f"{value!r} is not one of {', '.join(STATUSES)}")
    return value


OfTask = Annotated[
    str | None,
    typer.Option("--task", metavar="WT…", callback=_sid("WT"), help="The task that is offered."),
]
OfWorker = Annotated[
    str | None,
    typer.Option("--worker", metavar="WK…", callback=_sid("WK"), help="Who it is offered to."),
]
ReservationSid = Annotated[
    str, typer.Argument(metavar="WR…", callback=_sid("WR"), help="The reservation.")
]


@app.command(
    name="list", epilog=examples("taskrouter reservation list --task WT… --status pending")
)
def list_all(
    ctx: typer.Context,
    task: OfTask = None,
    worker: OfWorker = None,
    status: Annotated[
        str | None,
        typer.Option(callback=_status, metavar="STATUS", help=f"One of {', '.join(STATUSES)}."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the reservations of a task or of a worker."""
    found = _reservations(ctx, task, worker).list(task_sid=task, worker_sid=worker, status=status)
    lines = _lines(found, of_task=task is not None) or [f"no reservations of {task or worker}"]
    show({"reservations": [one.as_dict() for one in found]}, "\n".join(lines), as_json)


@app.command(epilog=examples("taskrouter reservation accept WR… --task WT…"))
def accept(
    ctx: typer.Context,
    reservation: ReservationSid,
    task: OfTask = None,
    worker: OfWorker = None,
    as_json: AsJson = False,
) -> None:
    """Accept a reservation; exit code 1 where somebody was first or the offer has ended."""
    bound = _reservations(ctx, task, worker)
    _show(bound.accept(reservation, task_sid=task, worker_sid=worker), as_json)


@app.command(
    epilog=examples("taskrouter reservation reject WR… --worker WK… --worker-activity WA…")
)
def reject(
    ctx: typer.Context,
    reservation: ReservationSid,
    task: OfTask = None,
    worker: OfWorker = None,
    worker_activity: Annotated[
        str | None,
        typer.Option(metavar="WA…", callback=_sid("WA"), help="The worker's activity from then."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Reject a reservation; exit code 1 where the offer has ended otherwise."""
    outcome = _reservations(ctx, task, worker).reject(
        reservation, task_sid=task, worker_sid=worker, worker_activity_sid=worker_activity
    )
    _show(outcome, as_json)


def _reservations(ctx: typer.Context, task: str | None, worker: str | None) -> Reservations:
    if (task is None) == (worker is None):
        fail("give either --task WT… or --worker WK…", WRONG_USAGE)
    settings = settings_of(ctx)
    return Reservations(settings.client(), settings.workspace())


def _show(found: ReservationOutcome, as_json: bool) -> None:
    show(found.as_dict(), _line(found), as_json)
    if found.outcome == "gone":
        raise typer.Exit(NOT_REACHED)


def _line(found: ReservationOutcome) -> str:
    if found.outcome != "gone":
        return f"{found.outcome}: Reservation {found.reservation_sid}"
    gone = f"gone: Reservation {found.reservation_sid}"
    if found.reservation_status is None and found.http_status == 404:
        return f"{gone} does not exist: deleted, or of another task, worker or workspace"
    if found.reservation_status in (None, "rescinded"):
        return f"{gone} is rescinded: another worker was first"
    return f"{gone} has ended as {found.reservation_status}"


def _lines(found: Sequence[Reservation], *, of_task: bool) -> list[str]:
    """Write a reservation a line; SIDs stay whole, so that they can be copied."""
    width = max((len(one.status) for one in found), default=0)
    return [
        f"{one.sid}  {one.status:{width}}  {one.date_created:%Y-%m-%d %H:%M:%S} UTC  "
        + (_worker(one) if of_task else one.task_sid)
        for one in found
    ]


def _worker(one: Reservation) -> str:
    return f"{one.worker_sid}  {one.worker_name or ''}".rstrip()
