"""A front end's desk: a workspace with the deployed functions, tasks, workers and their tokens."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

import httpx

from tests.functions.contact_centre import ContactCentre

ORIGIN = "https://flex.twilio.com"


@dataclass(frozen=True)
class FrontEnd:
    """One agent's page: a token, and a task to work on."""

    centre: ContactCentre
    workflow_sid: str
    worker_sid: str
    token: str
    task_sid: str

    @classmethod
    def opened(cls, centre: ContactCentre, *, workers: int = 1, **attributes: Any) -> FrontEnd:
        """Make a queue for everybody, workers who are available, and a task."""
        queue = centre.post(
            f"{centre.url}/TaskQueues",
            FriendlyName="Everybody",
            TargetWorkers="1==1",
            MaxReservedWorkers=max(workers, 1),
        )["sid"]
        routing = {"task_routing": {"default_filter": {"queue": queue}}}
        workflow = centre.post(
            f"{centre.url}/Workflows",
            FriendlyName="Everybody",
            Configuration=json.dumps(routing),
            TaskReservationTimeout=60,
        )["sid"]
        activities = centre.read_all("Activities", Available="true")
        sids = [
            centre.post(
                f"{centre.url}/Workers",
                FriendlyName=f"agent-{number}",
                ActivitySid=activities[0]["sid"],
            )["sid"]
            for number in range(workers)
        ]
        task = centre.post(
            f"{centre.url}/Tasks", WorkflowSid=workflow, Attributes=json.dumps(attributes)
        )["sid"]
        token = centre.emulator.flex_token(worker_sid=sids[0])
        return cls(centre, workflow, sids[0], token, task)

    @property
    def task_url(self) -> str:
        """The address of the task."""
        return f"{self.centre.url}/Tasks/{self.task_sid}"

    def task(self) -> dict[str, Any]:
        """Read the task, attributes parsed."""
        body = self.centre.emulator.request("GET", self.task_url).json()
        return {**body, "attributes": json.loads(body["attributes"])}

    def attributes(self) -> dict[str, Any]:
        """Read the task's attributes without the marks."""
        found: dict[str, Any] = self.task()["attributes"]
        found.pop("applied_changes", None)
        return found

    def write(self, **attributes: Any) -> None:
        """Replace the task's attributes, as somebody without any care does."""
        self.centre.post(self.task_url, Attributes=json.dumps(attributes))

    def url(self, path: str) -> str:
        """The address of an endpoint."""
        return f"https://{self.centre.deployment.domain}/{path}"

    def send(self, path: str, body: dict[str, Any], **options: Any) -> httpx.Response:
        """Post JSON as a page of Flex does."""
        headers = {"Origin": ORIGIN, **options.pop("headers", {})}
        return self.centre.emulator.request(
            "POST", self.url(path), json=body, headers=headers, **options
        )

    def update(self, attributes: Any = None, **body: Any) -> httpx.Response:
        """Call `/update-task-attributes` for the task."""
        own = {"attributes": attributes} if attributes is not None else {}
        message = {"Token": self.token, "taskSid": self.task_sid, **own, **body}
        return self.send("update-task-attributes", message)

    def append(self, value: Any, **body: Any) -> httpx.Response:
        """Append to the list `notes`."""
        change = {"append": {"path": ["notes"], "values": [value]}}
        return self.update(changes=[change], **{"id": str(uuid.uuid4()), **body})

    def complete(self, **body: Any) -> httpx.Response:
        """Call `/complete-task` for the task."""
        message = {"Token": self.token, "taskSid": self.task_sid, **body}
        return self.send("complete-task", message)

    def reservations(self) -> list[dict[str, Any]]:
        """Read the task's reservations."""
        return self.centre.read_all(f"Tasks/{self.task_sid}/Reservations")

    def accept(self, reservation: dict[str, Any], **body: Any) -> httpx.Response:
        """Call `/accept-reservation` with the token of the reservation's worker."""
        token = self.centre.emulator.flex_token(worker_sid=reservation["worker_sid"])
        message = {"Token": token, "taskSid": self.task_sid, "reservationSid": reservation["sid"]}
        return self.send("accept-reservation", {**message, **body})

    def assign(self) -> None:
        """Have the first worker accept the task."""
        (reservation, *_) = self.reservations()
        url = f"{self.task_url}/Reservations/{reservation['sid']}"
        self.centre.post(url, ReservationStatus="accepted")

    def requests(self, part: str) -> list[dict[str, Any]]:
        """The journal's API requests with something in their path."""
        journal = self.centre.emulator.journal(kind="api")
        return [entry for entry in journal if part in entry["path"]]

    def kept(self) -> dict[str, Any] | None:
        """Read what is deferred for the task."""
        return self.centre.document(f"deferred-{self.task_sid}")


def error_of(answer: httpx.Response) -> tuple[int, str, bool]:
    """The status, name and `retrySafe` of a refusal."""
    error = answer.json()["error"]
    return answer.status_code, error["name"], error["retrySafe"]
