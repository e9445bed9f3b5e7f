"""Complete, wrap up or cancel a task.

A step is repeated until it is known what became of it: after a lost answer, and where Twilio
refuses it for the task's status (20001), the task is read again.
Source: TaskRouter Task resource, AssignmentStatus and Reason; the texts of 20001 are recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from taskrouter_ops.errors import StatusNotAllowed
from taskrouter_ops.task_attributes.update import task_url
from twilio_client import (
    Deadline,
    InvalidRequest,
    NotFound,
    ServerFault,
    TwilioClient,
    TwilioError,
    Unreachable,
)

ILLEGAL_STATE = 20001


@dataclass(frozen=True)
class Step:
    """What is done to a task, the status it ends in, and those it may come from."""

    name: str
    status: str
    allowed: tuple[str, ...]


COMPLETE = Step("complete", "completed", ("assigned", "wrapping"))
WRAP_UP = Step("wrap up", "wrapping", ("assigned",))
CANCEL = Step("cancel", "canceled", ("pending", "reserved"))


@dataclass(frozen=True)
class TaskEnd:
    """How a step ended.

    Attributes:
        outcome: the status it brought about (completed, wrapping, canceled), unchanged where
            the task was there already, or gone: Twilio knows no such task in this workspace.
        flush_error: what kept attributes from being written first; they are not written.
        flushed: how many deferred changes were written first.
        kept: how many deferred changes a task that is gone leaves behind.
    """

    outcome: Literal["completed", "wrapping", "canceled", "unchanged", "gone"]
    task_sid: str
    flush_error: Exception | None = None
    flushed: int = 0
    kept: int = 0


def take_step(
    client: TwilioClient,
    workspace_sid: str,
    task_sid: str,
    step: Step,
    reason: str | None,
    *,
    deadline_seconds: float,
) -> str:
    """Bring a task to a status; return that status, "unchanged" or "gone".

    Raises: StatusNotAllowed naming the status the task has; TwilioError. All are safe to repeat:
    a task is completed or canceled once.
    """
    deadline = Deadline(deadline_seconds, client.transport.clock)
    stepping = _Stepping(client, task_url(workspace_sid, task_sid), task_sid, step, deadline)
    try:
        return stepping.run(reason)
    except NotFound:
        return "gone"


class _Stepping:
    def __init__(
        self, client: TwilioClient, url: str, task_sid: str, step: Step, deadline: Deadline
    ) -> None:
        self._client = client
        self._url = url
        self._task_sid = task_sid
        self._step = step
        self._deadline = deadline
        self._what = f"{step.name} Task {task_sid}"
        self._lost = 0
        self._refused = False

    def run(self, reason: str | None) -> str:
        while True:
            try:
                self._post(reason)
            except (ServerFault, Unreachable) as error:
                self._lost += 1
                if self._status() == self._step.status:
                    return self._step.status
                self._pause(error)
            except InvalidRequest as error:
                if error.code != ILLEGAL_STATE:
                    raise
                if self._status_after(error) == self._step.status:
                    return self._step.status if self._lost else "unchanged"
            else:
                return self._step.status

    def _post(self, reason: str | None) -> None:
        form = {"AssignmentStatus": self._step.status, "Reason": reason}
        self._client.post(self._url, form, deadline=self._deadline, what=self._what)

    def _status(self) -> str:
        found = self._client.get(self._url, deadline=self._deadline, what=self._what)
        return str(found.body["assignment_status"])

    def _status_after(self, refusal: InvalidRequest) -> str:
        """Return the status after a refusal, where it is worth to go on.

        Raises: StatusNotAllowed; the refusal itself where the status was not its cause.
        """
        status = self._status()
        if status == self._step.status:
            return status
        if status not in self._step.allowed:
            raise StatusNotAllowed(self._task_sid, self._step.name, status, self._step.allowed)
        if self._refused:
            raise refusal
        self._refused = True  # it moved in between: once more
        return status

    def _pause(self, error: TwilioError) -> None:
        transport = self._client.transport
        wait = transport.retry.wait_seconds(self._lost)
        if wait >= self._deadline.left:
            error.retry_safe = True  # a task comes to a status once
            raise error
        transport.sleep(wait)
