"""The contact centre of a demonstration: made for it alone, and removed with it."""

from __future__ import annotations

import secrets
from typing import Any

from taskrouter_ops.errors import OperationError
from twilio_client import NotFound, TwilioClient, TwilioError, urls

NAMES = (
    "Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hana", "Ivy", "Jo", "Kim", "Lea",
)  # fmt: skip
PREFIX = "Demo multi-reservation"


class DemoCentre:
    """A workspace with workers who are available, one queue for all of them and a workflow.

    Raises (every method): TwilioError.
    """

    def __init__(self, client: TwilioClient) -> None:
        """Choose a name nobody else has; nothing is sent yet."""
        self._client = client
        self.name = f"{PREFIX} {secrets.token_hex(4)}"
        self.sid = ""
        self.workers: dict[str, str] = {}
        self._workflow = ""

    def create(self) -> None:
        """Create the workspace, empty but for what every workspace has."""
        form = {"FriendlyName": self.name, "Template": "NONE"}
        what = f"create Workspace {self.name!r}"
        self.sid = self._made(self._client.post(urls.taskrouter("Workspaces"), form, what=what))

    def furnish(self, *, workers: int, max_reserved_workers: int) -> None:
        """Create the workers, the queue and the workflow."""
        available = self._available_activity()
        for number in range(workers):
            name = NAMES[number] if number < len(NAMES) else f"No {number + 1}"
            worker = {"FriendlyName": name, "ActivitySid": available}
            self.workers[self._create("Workers", worker, name)] = name
        queue = {
            "FriendlyName": "Everyone",
            "TargetWorkers": "1==1",
            "MaxReservedWorkers": max_reserved_workers,
        }
        routing = {"default_filter": {"queue": self._create("TaskQueues", queue, "Everyone")}}
        workflow = {"FriendlyName": "Race", "Configuration": {"task_routing": routing}}
        self._workflow = self._create("Workflows", workflow, "Race")

    def new_task(self) -> str:
        """Create a task and return its SID; workers are offered it at once."""
        form = {"WorkflowSid": self._workflow, "Attributes": {"demo": self.name}}
        return self._create("Tasks", form, "of the demo")

    def complete_task(self, task_sid: str) -> None:
        """Complete an assigned task, so that its worker is free again."""
        url = self._url("Tasks", task_sid)
        form = {"AssignmentStatus": "completed", "Reason": "end of the round"}
        self._client.post(url, form, what=f"complete Task {task_sid}")

    def remove(self) -> None:
        """Delete the workspace with everything in it, found by its name.

        The name finds it also where the answer to its creation was lost.

        Raises: OperationError saying what is left.
        """
        try:
            for sid in self._of_this_name():
                self._delete(sid)
        except TwilioError as error:
            raise OperationError(
                f"Workspace {self.name!r} could not be removed and is left behind ({error}); "
                "delete it, or go back to the sample account with `twilio-emulator reset`"
            ) from error

    def _of_this_name(self) -> list[str]:
        url = urls.taskrouter("Workspaces")
        what = f"find Workspace {self.name!r}"
        listed = self._client.list(url, {"FriendlyName": self.name}, what=what)
        return [str(workspace["sid"]) for workspace in listed]

    def _delete(self, sid: str) -> None:
        try:
            self._client.delete(
                urls.taskrouter("Workspaces", sid), what=f"delete Workspace {self.name!r} {sid}"
            )
        except NotFound:
            return

    def _available_activity(self) -> str:
        what = f"find an available Activity in {self.sid}"
        listed = self._client.list(self._url("Activities"), {"Available": "true"}, what=what)
        for activity in listed:
            return str(activity["sid"])
        raise OperationError(f"{what}: a new workspace has none")

    def _create(self, kind: str, form: dict[str, Any], name: str) -> str:
        what = f"create {kind.removesuffix('s')} {name!r} in {self.sid}"
        return self._made(self._client.post(self._url(kind), form, what=what))

    def _url(self, *segments: str) -> str:
        return urls.taskrouter("Workspaces", self.sid, *segments)

    @staticmethod
    def _made(answer: Any) -> str:
        return str(answer.body["sid"])
