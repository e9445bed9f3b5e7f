"""List, accept and reject reservations, where losing the race is an outcome and no error.

A task in a queue with `MaxReservedWorkers` above 1 is offered to several workers at once; the
first who accepts has it, the other reservations are rescinded and accepting one of those is
answered HTTP 410 (Source: task queue page).

Accepting and rejecting send no If-Match, although the API takes one: Twilio decides both by the
reservation's status, so the status itself is the condition. A version would cost a read before
the race, and an answer 412 for changes that do not matter to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from twilio_client import (
    Gone,
    InvalidRequest,
    NotFound,
    ServerFault,
    TwilioClient,
    TwilioError,
    Unreachable,
    unexpected,
    urls,
)

# The worker took the task; what came after that does not take the acceptance back.
TAKEN = ("accepted", "wrapping", "completed")
STATUSES = (
    "pending", "accepted", "rejected", "timeout", "canceled", "rescinded", "wrapping", "completed",
)  # fmt: skip
"""Source: taskrouter_v1 OpenAPI document."""

Setting = Literal["accepted", "rejected"]
Listed: TypeAlias = list["Reservation"]  # inside the class `list` is the method


@dataclass(frozen=True)
class Reservation:
    """One offer of a task to a worker.

    Shape: dates as Twilio gives them, to the second; `worker_name` None where the worker is
    deleted; `etag` only where the reservation was read by itself, since lists carry none.
    """

    sid: str
    status: str
    task_sid: str
    worker_sid: str
    worker_name: str | None
    date_created: datetime
    date_updated: datetime
    etag: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the reservation for JSON, dates in ISO 8601."""
        dates = {name: getattr(self, name).isoformat() for name in ("date_created", "date_updated")}
        return {**vars(self), **dates}


@dataclass(frozen=True)
class ReservationOutcome:
    """How accepting or rejecting ended.

    `reservation_status` is the reservation's own word for it, None where it could not be read
    (deleted, or Twilio failed just then). `http_status` is Twilio's answer to the request that
    decided it.
    """

    outcome: Literal["accepted", "rejected", "gone"]
    reservation_sid: str
    reservation_status: str | None
    http_status: int | None
    reservation: Reservation | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome for JSON."""
        shown = self.reservation.as_dict() if self.reservation else None
        return {**vars(self), "reservation": shown}


class Reservations:
    """The reservations of one workspace, addressed below their task or their worker.

    Every method takes either `task_sid` or `worker_sid`.

    Raises (every method): TwilioError; ValueError for both or neither of the two, or for a SID
    of another form, with nothing sent. Calling again is always safe.
    """

    def __init__(self, client: TwilioClient, workspace_sid: str) -> None:
        """Bind to a workspace; nothing is sent yet."""
        self._client = client
        self._workspace_sid = workspace_sid

    def list(
        self,
        *,
        task_sid: str | None = None,
        worker_sid: str | None = None,
        status: str | None = None,
    ) -> Listed:
        """List the reservations made for a task or for a worker, all pages.

        Shape: `status` is one of `STATUSES`. Raises: NotFound for a deleted task or worker.
        """
        if status is not None and status not in STATUSES:
            raise ValueError(f"status {status!r} is not one of {', '.join(STATUSES)}")
        url, owner = self._address(task_sid, worker_sid)
        what = f"list the Reservations of {owner} in {self._workspace_sid}"
        listed = self._client.list(url, {"ReservationStatus": status}, what=what)
        return [_reservation(record, what) for record in listed]

    def read(
        self, reservation_sid: str, *, task_sid: str | None = None, worker_sid: str | None = None
    ) -> Reservation | None:
        """Read one reservation with its version, None where there is none."""
        url, what = self._one("read", reservation_sid, task_sid, worker_sid)
        return self._read(url, what)

    def accept(
        self, reservation_sid: str, *, task_sid: str | None = None, worker_sid: str | None = None
    ) -> ReservationOutcome:
        """Accept: `accepted`, or `gone` where somebody was first or the offer has ended.

        Accepting what this reservation's worker has accepted already is `accepted`, so an answer
        that was lost is recognised and the call may be repeated.

        Source: task queue page (410); 20001 for other states as recorded by users (assumed here).
        """
        url, what = self._one("accept", reservation_sid, task_sid, worker_sid)
        return self._set("accepted", TAKEN, url, {}, what)

    def reject(
        self,
        reservation_sid: str,
        *,
        task_sid: str | None = None,
        worker_sid: str | None = None,
        worker_activity_sid: str | None = None,
    ) -> ReservationOutcome:
        """Reject: `rejected`, or `gone` where the offer has ended otherwise.

        `worker_activity_sid` is the activity the worker moves to; left out, the worker stays.

        Raises: InvalidRequest for a reservation that was accepted, or an unknown activity.
        """
        url, what = self._one("reject", reservation_sid, task_sid, worker_sid)
        form = {"WorkerActivitySid": worker_activity_sid}
        return self._set("rejected", ("rejected",), url, form, what)

    def _set(
        self,
        wanted: Setting,
        reached: tuple[str, ...],
        url: str,
        form: Mapping[str, Any],
        what: str,
    ) -> ReservationOutcome:
        data = {"ReservationStatus": wanted, **form}
        try:
            # Once set, the status cannot be set again: repeating it has no second effect.
            answer = self._client.post(url, data, repeatable=True, what=what)
        except NotFound as refused:
            return self._settled(wanted, reached, url, refused, None)
        except Gone as refused:
            return self._settled(wanted, reached, url, refused, self._seen(url, what))
        except (InvalidRequest, ServerFault, Unreachable) as failed:
            return self._looked_up(wanted, reached, url, failed, what)
        try:
            found = _reservation(answer.body, what, answer.etag)
        except TwilioError as failed:
            return self._looked_up(wanted, reached, url, failed, what)
        return ReservationOutcome(wanted, found.sid, found.status, answer.status, found)

    def _looked_up(
        self, wanted: Setting, reached: tuple[str, ...], url: str, failed: TwilioError, what: str
    ) -> ReservationOutcome:
        """Decide by what the reservation is now, where the answer does not say."""
        found = self._seen(url, what, otherwise=failed)
        if found is not None and found.status not in reached and _may_change(found, wanted):
            raise _explained(failed, found)
        return self._settled(wanted, reached, url, failed, found)

    def _settled(
        self,
        wanted: Setting,
        reached: tuple[str, ...],
        url: str,
        answer: TwilioError,
        found: Reservation | None,
    ) -> ReservationOutcome:
        sid = url.rpartition("/")[2]
        if found is None:
            return ReservationOutcome("gone", sid, None, answer.status)
        outcome = wanted if found.status in reached else "gone"
        return ReservationOutcome(outcome, sid, found.status, answer.status, found)

    def _seen(
        self, url: str, what: str, *, otherwise: TwilioError | None = None
    ) -> Reservation | None:
        """Read the reservation after a refusal; where that fails, the refusal is what is known."""
        try:
            return self._read(url, what)
        except TwilioError:
            if otherwise is None:
                return None
            otherwise.retry_safe = True
            raise otherwise from None

    def _read(self, url: str, what: str) -> Reservation | None:
        try:
            answer = self._client.get(url, what=what)
        except NotFound:
            return None
        return _reservation(answer.body, what, answer.etag)

    def _one(
        self, verb: str, sid: str, task_sid: str | None, worker_sid: str | None
    ) -> tuple[str, str]:
        url, owner = self._address(task_sid, worker_sid)
        what = f"{verb} Reservation {sid} of {owner} in {self._workspace_sid}"
        return f"{url}/{_checked('WR', sid)}", what

    def _address(self, task_sid: str | None, worker_sid: str | None) -> tuple[str, str]:
        if (task_sid is None) == (worker_sid is None):
            raise ValueError("give either task_sid or worker_sid")
        kind, prefix = ("Tasks", "WT") if task_sid is not None else ("Workers", "WK")
        owner = _checked(prefix, task_sid or worker_sid or "")
        parts = ("Workspaces", self._workspace_sid, kind, owner, "Reservations")
        return urls.taskrouter(*parts), owner


def _may_change(found: Reservation, wanted: Setting) -> bool:
    """Tell whether the refusal cannot be explained by the offer's having ended."""
    return found.status == "pending" or (wanted == "rejected" and found.status in TAKEN)


def _explained(failed: TwilioError, found: Reservation) -> TwilioError:
    if found.status == "pending":
        # It was not taken: the same request may be sent again.
        failed.retry_safe = not isinstance(failed, InvalidRequest)
        return failed
    return InvalidRequest(
        failed.what,
        status=failed.status,
        code=failed.code,
        twilio_message=failed.twilio_message,
        advice=f"it is {found.status}, and only a pending reservation can be rejected: "
        f"complete or transfer the task {found.task_sid}",
    )


def _checked(prefix: str, sid: str) -> str:
    if not re.fullmatch(rf"{prefix}[0-9a-fA-F]{{32}}", sid):
        raise ValueError(f"{sid!r} is not {prefix} and 32 hexadecimal digits")
    return sid


def _reservation(record: Mapping[str, Any], what: str, etag: str | None = None) -> Reservation:
    try:
        return _read_from(record, etag)
    except (KeyError, TypeError, ValueError) as error:
        raise unexpected(what, "Reservation") from error


def _read_from(record: Mapping[str, Any], etag: str | None) -> Reservation:
    return Reservation(
        sid=record["sid"],
        status=record["reservation_status"],
        task_sid=record["task_sid"],
        worker_sid=record["worker_sid"],
        worker_name=record["worker_name"],
        date_created=datetime.fromisoformat(record["date_created"]),
        date_updated=datetime.fromisoformat(record["date_updated"]),
        etag=etag,
    )
