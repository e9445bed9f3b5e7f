"""What the benchmark asks of the emulator, and the contact centre it asks it of."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from twilio_emulator.sample_account import LANGUAGES, SKILLS
from twilio_emulator.testing import RunningEmulator

from .bench_emulator_load import Script, content_length, put_load_on

HOST = "taskrouter.twilio.com"
RESERVED = 10  # reservations a created task is to get


@dataclass(frozen=True)
class Centre:
    """A filled emulator: its workspace, workers in pages, and the workflow that reserves."""

    emulator: RunningEmulator
    workspace: str
    workers: list[str]
    workflow: str

    def request(
        self, method: str, path: str, form: dict[str, str] | None = None, **h: str
    ) -> bytes:
        """Write a request below the workspace as it goes over the wire."""
        account = ":".join(self.emulator.credentials).encode()
        body = urlencode(form or {}).encode()
        lines = [
            f"{method} /v1/Workspaces/{self.workspace}{path} HTTP/1.1",
            f"Host: {HOST}",
            f"Authorization: Basic {base64.b64encode(account).decode()}",
            "Accept: application/json",
            "User-Agent: bench",
            *(f"{name.replace('_', '-')}: {value}" for name, value in h.items()),
        ]
        if method == "POST":
            lines += ["Content-Type: application/x-www-form-urlencoded"]
            lines += [f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body


def fill(emulator: RunningEmulator, queues: int) -> Centre:
    """Make queues over the sample workers, work out who fits each, and a workflow.

    `queues` counts the sample account's own and the racing one as well.
    """
    root = f"https://{HOST}/v1/Workspaces"
    workspace = emulator.request("GET", root).json()["workspaces"][0]["sid"]
    base = f"{root}/{workspace}"
    for number in range(queues - 2):
        skill = SKILLS[number % len(SKILLS)]
        language = LANGUAGES[number % len(LANGUAGES)]
        expression = (
            f"routing.skills HAS '{skill}' AND routing.levels.{skill} >= {1 + number % 5}"
            f" AND languages HAS '{language}'"
        )
        form = {"FriendlyName": f"Queue {number:03}", "TargetWorkers": expression}
        queue = _made(emulator, f"{base}/TaskQueues", **form)
        emulator.request("GET", f"{base}/Workers?TaskQueueSid={queue}&PageSize=1")
    racing = _made(
        emulator, f"{base}/TaskQueues", FriendlyName="Racing", MaxReservedWorkers=str(RESERVED)
    )
    routing = {"task_routing": {"default_filter": {"queue": racing}}}
    workflow = _made(
        emulator, f"{base}/Workflows", FriendlyName="Race", Configuration=json.dumps(routing)
    )
    found = emulator.request("GET", f"{base}/Workers?PageSize=1000").json()["workers"]
    return Centre(emulator, workspace, [worker["sid"] for worker in found], workflow)


def _made(emulator: RunningEmulator, url: str, **form: str) -> str:
    answer = emulator.request("POST", url, data=form)
    if answer.status_code != 201:
        raise RuntimeError(f"POST {url}: {answer.text}")
    return str(answer.json()["sid"])


@dataclass(frozen=True)
class Scenario:
    """One kind of request: how to ask the emulator, how the bare server, and where."""

    name: str
    template: str
    script: Callable[[Centre, int], Script]
    bare_script: Callable[[Centre, int], Script]
    connections: int = 8

    def recorded(self, centre: Centre) -> dict[str, Any]:
        """Ask once, and describe the answer for the bare servers."""
        seen: list[tuple[bytes, bytes]] = []
        put_load_on(
            centre.emulator.port,
            lambda number: _first_counted(self.script(centre, number), seen),
            connections=1,
            seconds=60,  # the script ends itself
        )
        request, answer = seen[0]
        head, _, body = answer.partition(b"\r\n\r\n")
        status, *headers = head.decode("latin-1").split("\r\n")
        pairs = [line.split(": ", 1) for line in headers]
        return {
            "method": request.partition(b" ")[0].decode(),
            "path": self.template,
            "status": int(status.split(" ")[1]),
            "headers": [pair for pair in pairs if pair[0] != "date"],  # uvicorn adds its own
            "body": body.decode(),
        }


def _first_counted(script: Script, seen: list[tuple[bytes, bytes]]) -> Script:
    """Follow a script through its first counted step and what tidies up after that."""
    step = next(script)
    while True:
        answer = yield step
        if step[1]:
            seen.append((step[0], answer))
        step = script.send(answer)
        if seen and step[1]:
            return


def _fetch(centre: Centre, number: int) -> Script:
    """Read one worker after the other."""
    requests = [centre.request("GET", f"/Workers/{sid}") for sid in centre.workers]
    while True:
        number = (number + 101) % len(requests)
        yield requests[number], True


def _page(centre: Centre, _number: int) -> Script:
    """Read the same page of 1000 workers."""
    request = centre.request("GET", "/Workers?PageSize=1000")
    while True:
        yield request, True


def _update(centre: Centre, number: int) -> Script:
    """Read a worker's version once, then change it again and again under If-Match."""
    path = f"/Workers/{centre.workers[number]}"
    answer = yield centre.request("GET", path), False
    count = 0
    while True:
        count += 1
        form = {"Attributes": json.dumps({"languages": ["en"], "count": count})}
        answer = yield centre.request("POST", path, form, If_Match=etag(answer)), True


def _update_unread(centre: Centre, number: int) -> Script:
    """Send the same updates to a server that has no versions."""
    form = {"Attributes": json.dumps({"languages": ["en"], "count": 1000})}
    request = centre.request("POST", f"/Workers/{centre.workers[number]}", form, If_Match='"1"')
    while True:
        yield request, True


def _create(centre: Centre) -> bytes:
    form = {"WorkflowSid": centre.workflow, "Attributes": '{"type":"call"}'}
    return centre.request("POST", "/Tasks", form)


def _reserve(centre: Centre, _number: int) -> Script:
    """Create a task that reserves workers, and cancel it to set them free."""
    request = _create(centre)
    while True:
        answer = yield request, True
        sid = json.loads(answer[len(answer) - content_length(answer.partition(b"\r\n\r\n")[0]) :])[
            "sid"
        ]
        form = {"AssignmentStatus": "canceled", "Reason": "measured"}
        yield centre.request("POST", f"/Tasks/{sid}", form), False


def _create_only(centre: Centre, _number: int) -> Script:
    request = _create(centre)
    while True:
        yield request, True


def etag(answer: bytes) -> str:
    """Read the ETag header of an answer."""
    head = answer.partition(b"\r\n\r\n")[0].decode("latin-1")
    return next(
        line.partition(":")[2].strip()
        for line in head.split("\r\n")
        if line.lower().startswith("etag:")
    )


_WORKERS = "/v1/Workspaces/{workspace}/Workers"
SCENARIOS = (
    Scenario("worker by SID", f"{_WORKERS}/{{sid}}", _fetch, _fetch),
    Scenario("page of 1000 workers", _WORKERS, _page, _page, connections=1),
    Scenario("conditional update", f"{_WORKERS}/{{sid}}", _update, _update_unread),
    Scenario(
        f"task to {RESERVED} reservations",
        "/v1/Workspaces/{workspace}/Tasks",
        _reserve,
        _create_only,
        connections=1,
    ),
)
