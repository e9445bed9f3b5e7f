"""Tasks on the local Twilio, looked at from outside the library."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from taskrouter_ops.task_attributes.marks import without_marks
from taskrouter_ops.task_router_service import TaskRouterService
from twilio_client import RetryPolicy, TwilioClient, urls
from twilio_client.transport import Transport
from twilio_emulator.testing import RunningEmulator

T = TypeVar("T")
QUICK = RetryPolicy(first_seconds=0.01, longest_seconds=0.1)


@dataclass
class Desk:
    """Makes tasks, writes them as somebody else would, and reads what became of them."""

    emulator: RunningEmulator
    client: TwilioClient

    @property
    def workspace_sid(self) -> str:
        """The sample account's workspace."""
        found = self.client.get(urls.flex("Configuration")).body["taskrouter_workspace_sid"]
        return str(found)

    def service(self, **options: Any) -> TaskRouterService:
        """Make a service, as another process would have one."""
        transport = Transport(self.emulator.base_url, retry=QUICK)
        client = TwilioClient(self.client.credentials, transport=transport)
        return TaskRouterService(client, self.workspace_sid, **options)

    def task(self, **attributes: Any) -> str:
        """Make a task with these attributes."""
        return self._made({"WorkflowSid": self._first("Workflows")}, attributes)

    def assigned_task(self, **attributes: Any) -> str:
        """Make a task that a worker has accepted."""
        worker = self._first("Workers", Available="true")
        sid = self._made({"RoutingTarget": worker}, attributes)
        url = f"{self.url(sid)}/Reservations"
        offered = next(iter(self.client.list(url)))["sid"]
        self.client.post(f"{url}/{offered}", {"ReservationStatus": "accepted"})
        self.emulator.clear_journal()
        return sid

    def _made(self, form: dict[str, Any], attributes: dict[str, Any]) -> str:
        url = urls.taskrouter("Workspaces", self.workspace_sid, "Tasks")
        sid = str(self.client.post(url, {**form, "Attributes": attributes}).body["sid"])
        self.client.get(f"{url}/{sid}")  # routed by now: later writes are the tests' only
        self.emulator.clear_journal()
        return sid

    def _first(self, kind: str, **filters: str) -> str:
        url = urls.taskrouter("Workspaces", self.workspace_sid, kind)
        return str(next(iter(self.client.list(url, filters)))["sid"])

    def url(self, task_sid: str) -> str:
        """Return a task's address."""
        return urls.taskrouter("Workspaces", self.workspace_sid, "Tasks", task_sid)

    def text(self, task_sid: str) -> str:
        """Read a task's attributes as Twilio keeps them."""
        return str(self.client.get(self.url(task_sid)).body["attributes"])

    def attributes(self, task_sid: str) -> dict[str, Any]:
        """Read a task's attributes without the marks."""
        return without_marks(json.loads(self.text(task_sid)))

    def status(self, task_sid: str) -> str:
        """Read a task's status."""
        return str(self.client.get(self.url(task_sid)).body["assignment_status"])

    def write(self, task_sid: str, text: str | dict[str, Any]) -> None:
        """Overwrite a task's attributes, as somebody who knows no If-Match."""
        self.client.post(self.url(task_sid), {"Attributes": text})

    def requests(self, task_sid: str, method: str | None = None) -> list[dict[str, Any]]:
        """List the requests for a task, oldest first."""
        path = f"/Tasks/{task_sid}$"
        return self.emulator.journal(kind="api", path=path, method=method)


def at_once(work: Iterable[Callable[[], T]]) -> list[T]:
    """Run all in threads that begin together; return what each gave, in order."""
    given = list(work)
    begin = threading.Barrier(len(given))

    def run(one: Callable[[], T]) -> T:
        begin.wait()
        return one()

    with ThreadPoolExecutor(len(given)) as pool:
        running: list[Future[T]] = [pool.submit(run, one) for one in given]
    return [one.result() for one in running]
