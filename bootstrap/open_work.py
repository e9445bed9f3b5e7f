"""End the work that still goes on in the local contact centre, before its stack is destroyed.

A workflow or queue with open tasks and an activity with workers in it are in use: Twilio refuses
to delete them, and so does the emulator.  On the local one nobody is served by that work.
"""

from __future__ import annotations

import base64
import json
import subprocess
import urllib.request
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from bootstrap.checkout import Checkout
from bootstrap.console import say

STEP = "open work"
HOST = "taskrouter.twilio.com"
TASK_OWNERS = ("twilio:taskrouter:Workflow", "twilio:taskrouter:TaskQueue")
ACTIVITY = "twilio:taskrouter:Activity"


@dataclass(frozen=True)
class Emulator:
    """The local Twilio's TaskRouter at a port, spoken to as its sample account."""

    port: int
    account_sid: str
    auth_token: str

    @classmethod
    def at(cls, checkout: Checkout, port: int) -> Emulator:
        """Ask the emulator's own command for the account."""
        command = [str(checkout.script("twilio-emulator")), "env", "--no-proxy", "--json"]
        command += ["--port", str(port)]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        known = json.loads(told)
        return cls(port, known["TWILIO_ACCOUNT_SID"], known["TWILIO_AUTH_TOKEN"])

    def send(self, method: str, path: str, form: Mapping[str, str] | None = None) -> Any:
        """Send one request and return the answer's JSON, None for an empty one."""
        credentials = base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=urlencode(form).encode() if form else None,
            method=method,
            headers={"Host": HOST, "Authorization": f"Basic {credentials}"},
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=30) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def each(self, path: str) -> Iterator[Mapping[str, Any]]:
        """Yield every item of a list."""
        separator = "&" if "?" in path else "?"
        following: str | None = f"{path}{separator}PageSize=1000"
        while following:
            page = self.send("GET", following)
            yield from page[page["meta"]["key"]]
            address = page["meta"]["next_page_url"]
            following = address.partition(HOST)[2] if address else None


def end_open_work(emulator: Emulator, resources: Sequence[Mapping[str, Any]]) -> None:
    """Delete the tasks of a stack's workflows and queues, and move workers off its activities.

    Shape: `resources` are those of `pulumi stack export`; ids are `WS…/WW…`.
    """
    owners, activities = ids_of(resources, TASK_OWNERS), ids_of(resources, (ACTIVITY,))
    for workspace_sid in sorted({identity.partition("/")[0] for identity in owners + activities}):
        root = f"/v1/Workspaces/{workspace_sid}"
        tasks = end_tasks(emulator, root, sids_in(owners, workspace_sid))
        workers = move_workers(emulator, root, sids_in(activities, workspace_sid))
        if tasks or workers:
            say(STEP, f"ended {tasks} tasks, moved {workers} workers off the stack's activities")


def end_tasks(emulator: Emulator, root: str, owners: Collection[str]) -> int:
    """Delete the tasks of these workflows and queues; return how many."""
    tasks = [
        task["sid"]
        for task in emulator.each(f"{root}/Tasks")
        if task["workflow_sid"] in owners or task["task_queue_sid"] in owners
    ]
    for sid in tasks:
        emulator.send("DELETE", f"{root}/Tasks/{sid}")
    return len(tasks)


def move_workers(emulator: Emulator, root: str, activities: Collection[str]) -> int:
    """Move the workers in these activities to one that stays; return how many."""
    staying = [
        activity["sid"]
        for activity in emulator.each(f"{root}/Activities")
        if activity["sid"] not in activities and not activity["available"]
    ]
    workers = [
        worker["sid"]
        for sid in activities
        for worker in emulator.each(f"{root}/Workers?ActivitySid={sid}")
    ]
    for sid in workers if staying else ():
        emulator.send("POST", f"{root}/Workers/{sid}", {"ActivitySid": staying[0]})
    return len(workers) if staying else 0


def ids_of(resources: Sequence[Mapping[str, Any]], types: Collection[str]) -> list[str]:
    """List the ids of a stack's resources of some types."""
    return [each["id"] for each in resources if each.get("type") in types and "/" in each["id"]]


def sids_in(identities: Sequence[str], workspace_sid: str) -> set[str]:
    """Return the SIDs among ids that belong to a workspace."""
    split = (identity.partition("/") for identity in identities)
    return {sid for workspace, _, sid in split if workspace == workspace_sid}
