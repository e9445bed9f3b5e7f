"""A workspace with a queue, a workflow and workers, to route tasks in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from twilio_emulator.testing import RunningEmulator, wait_for

from .conftest import TASKROUTER, WorkspaceClient


class TaskCentre(WorkspaceClient):
    """One workspace whose only workflow sends every task to one queue for everyone."""

    available: str
    queue: str
    workflow: str

    def build(self, *, max_reserved_workers: int = 1, **workflow: Any) -> None:
        """Make the queue and the workflow."""
        self.available = self.activity("Available")
        self.queue = self.make(
            "TaskQueues", FriendlyName="Everyone", MaxReservedWorkers=max_reserved_workers
        )["sid"]
        configuration = {"task_routing": {"default_filter": {"queue": self.queue}}}
        self.workflow = self.make(
            "Workflows",
            FriendlyName="Assign",
            Configuration=json.dumps(configuration),
            **workflow,
        )["sid"]

    def activity(self, name: str) -> str:
        """Find an activity by name."""
        return str(self.get("/Activities", FriendlyName=name)["activities"][0]["sid"])

    def worker(self, name: str, *, capacity: int | None = None, **attributes: Any) -> str:
        """Make an available worker, with a capacity on the default channel if one is given."""
        sid = self.make(
            "Workers",
            FriendlyName=name,
            ActivitySid=self.available,
            Attributes=json.dumps(attributes),
        )["sid"]
        if capacity is not None:
            self.change(f"/Workers/{sid}/Channels/default", Capacity=capacity)
        return str(sid)

    def task(self, attributes: dict[str, Any] | None = None, **more: Any) -> str:
        """Make a task and return its SID."""
        text = json.dumps(attributes or {})
        return str(self.make("Tasks", WorkflowSid=self.workflow, Attributes=text, **more)["sid"])

    def status(self, task: str) -> str:
        """Tell a task's status."""
        return str(self.get(f"/Tasks/{task}")["assignment_status"])

    def reservations(self, task: str, **filters: str) -> list[dict[str, Any]]:
        """List a task's reservations."""
        return list(self.get(f"/Tasks/{task}/Reservations", **filters)["reservations"])

    def reservation(self, task: str) -> str:
        """Return the address of a task's only reservation."""
        (found,) = self.reservations(task)
        return f"/Tasks/{task}/Reservations/{found['sid']}"

    def await_status(self, reservation: str, status: str) -> dict[str, Any]:
        """Wait until a reservation, by its address, has a status."""
        return dict(
            wait_for(
                lambda: (found := self.get(reservation))["reservation_status"] == status and found,
                what=f"{reservation} to be {status}",
            )
        )

    def event_types(self, **filters: str) -> list[str]:
        """List the types of events, oldest first."""
        events = self.get("/Events", PageSize=1000, **filters)["events"]
        return [event["event_type"] for event in reversed(events)]


@contextmanager
def task_centre(emulator: RunningEmulator, **options: Any) -> Iterator[TaskCentre]:
    """Make a centre in a workspace of its own for the length of a block."""
    made = emulator.request("POST", TASKROUTER, data={"FriendlyName": "Centre"}).json()
    centre = TaskCentre(emulator, made["sid"])
    centre.build(**options)
    yield centre
    if emulator.process.poll() is None:
        centre.send("DELETE")
