"""Call the workflow's assignment callback for each reservation and follow its instruction.

Source: assignment callbacks page: an answer within 5 s or the fallback address is called; when
both fail the reservation is canceled; an empty answer leaves the decision for later.  Error pages
40000 (not called JSON), 40001 (no JSON) and 40005 (no instruction).
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

from twilio_emulator import assumptions
from twilio_emulator.wire import ApiError, FunctionResponse

from . import routing
from .events import escaped
from .events.webhooks import Undelivered, Webhook, Webhooks
from .instructions import Instruction, WrongInstruction, follow
from .records import Reservation, Task, Worker, Workflow
from .task_rendering import age

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator
    from twilio_emulator.store import Store

_log = logging.getLogger(__name__)

ANSWER_SECONDS = 5.0
ABOUT = "assignment"
NOT_CALLED_JSON, NOT_JSON, NO_INSTRUCTION = 40000, 40001, 40005
JSON = "application/json"


def offer(emulator: Emulator, reservation: Reservation) -> None:
    """Start calling the assignment callback of a reservation that has just been committed.

    Without a callback address it waits for an update, or for its timeout.
    """
    sid = reservation.workflow_sid
    workflow = emulator.store[Workflow].get(sid) if sid else None
    if workflow is not None and workflow.assignment_callback_url:
        emulator.state(AssignmentCallbacks).start(reservation, workflow)


def offer_pending(emulator: Emulator) -> None:
    """Call for every pending reservation: who was called before a restart is not known."""
    if assumptions.PENDING_RESERVATIONS_ARE_OFFERED_AGAIN:
        for reservation in list(emulator.store[Reservation]):
            if reservation.reservation_status == "pending":
                offer(emulator, reservation)


class AssignmentCallbacks:
    """The assignment callbacks under way."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._webhooks = emulator.state(Webhooks)
        self._turns = asyncio.Semaphore(assumptions.CALLBACKS_AT_A_TIME)

    def start(self, reservation: Reservation, workflow: Workflow) -> None:
        """Call the workflow's addresses until one answers, and do what the answer says."""
        form = callback_form(self._emulator.store, reservation)
        urls = (workflow.assignment_callback_url, workflow.fallback_assignment_callback_url)
        called = [url for url in urls if url]
        self._webhooks.start(self._call(reservation, called, form))

    async def _call(self, reservation: Reservation, urls: list[str], form: dict[str, str]) -> None:
        async with self._turns:
            for url in urls:
                webhook = Webhook(reservation.account_sid, url, ABOUT, form, ANSWER_SECONDS)
                answer = await self._answer(reservation, webhook)
                if answer is not None:
                    self._act(reservation.sid, answer)
                    return
            self._cancel(reservation.sid)

    async def _answer(self, reservation: Reservation, webhook: Webhook) -> FunctionResponse | None:
        try:
            answer = await self._webhooks.post(webhook)
        except Undelivered as error:
            _log.warning("assignment callback of reservation %s: %s", reservation.sid, error)
            return None
        fault = _fault(answer)
        if fault is None:
            return answer
        _log.warning(
            "assignment callback of reservation %s: %s answered %s",
            reservation.sid,
            webhook.shown,
            fault,
        )
        return None

    def _act(self, sid: str, answer: FunctionResponse) -> None:
        reservation = self._emulator.store[Reservation].get(sid)
        if reservation is None:
            return
        try:
            instruction = read_instruction(answer.body)
            if instruction is not None:
                with self._emulator.store.transaction():
                    follow(self._emulator, reservation, instruction)
        except ApiError as error:
            code = error.debugger_code if isinstance(error, WrongInstruction) else None
            _log.warning(
                "reservation %s, debugger code %s: %s", sid, code or error.code, error.message
            )

    def _cancel(self, sid: str) -> None:
        reservation = self._emulator.store[Reservation].get(sid)
        if reservation is not None and reservation.reservation_status == "pending":
            with self._emulator.store.transaction():
                routing.cancel(self._emulator, reservation)


def _fault(answer: FunctionResponse) -> str | None:
    """Say why an answer does not count; None for one that does."""
    status = answer.status
    if status != 200 and not (assumptions.ANY_SUCCESS_IS_AN_ANSWER and status // 100 == 2):
        return str(status)
    given = (value for name, value in answer.headers if name.lower() == "content-type")
    content_type = next(given, "none")
    if answer.body.strip() and content_type.partition(";")[0].strip().lower() != JSON:
        return f"{status} with Content-Type {content_type}, debugger code {NOT_CALLED_JSON}"
    return None


def read_instruction(body: bytes) -> Instruction | None:
    """Read the answer of an assignment callback; None is "later".

    Raises: WrongInstruction for what is no JSON object, or one without an instruction.
    """
    if not body.strip():
        return None
    try:
        given: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WrongInstruction(f"The assignment callback's answer: {error}", NOT_JSON) from None
    if not isinstance(given, dict):
        raise WrongInstruction("The assignment callback's answer is no JSON object", NOT_JSON)
    if not given:
        return None
    if not isinstance(given.get("instruction"), str):
        raise WrongInstruction(
            "The assignment callback's answer has no instruction", NO_INSTRUCTION
        )
    return Instruction(given["instruction"], given)


def callback_form(store: Store, reservation: Reservation) -> dict[str, str]:
    """Write the fields of an assignment callback as things stand."""
    task = store[Task].get(reservation.task_sid)
    worker = store[Worker].get(reservation.worker_sid)
    return {
        "Timestamp": str(int(store.clock.time())),
        "AccountSid": reservation.account_sid,
        "WorkspaceSid": reservation.workspace_sid,
        "WorkflowSid": reservation.workflow_sid or "",
        "TaskQueueSid": reservation.task_queue_sid or "",
        "WorkerSid": reservation.worker_sid,
        "WorkerAttributes": escaped(worker.attributes) if worker else "{}",
        "TaskSid": reservation.task_sid,
        "TaskAttributes": escaped(task.attributes) if task else "{}",
        "TaskAge": str(age(store, task)) if task else "0",
        "TaskPriority": str(task.priority) if task else "0",
        "ReservationSid": reservation.sid,
    }
