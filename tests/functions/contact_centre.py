"""A workspace with deployed functions: drives events over the API and reads what came of them."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from tests.functions.deployment import SECRET, Deployment
from twilio_emulator.testing import RunningEmulator, wait_for

TASKROUTER = "https://taskrouter.twilio.com/v1/Workspaces"
SYNC = "https://sync.twilio.com/v1/Services"
LATEST = "latest-worker-queue-sync"
TERMINAL = {"completed", "completed_with_failures", "cancelled", "failed"}
EVENTS = (
    "worker.created,worker.attributes.update,"
    "task-queue.created,task-queue.expression.updated,task-queue.deleted"
)


@dataclass(frozen=True)
class ContactCentre:
    """One workspace, one Sync service, one deployment of the functions."""

    emulator: RunningEmulator
    workspace_sid: str
    sync_service_sid: str
    deployment: Deployment

    @property
    def url(self) -> str:
        """The workspace's address."""
        return f"{TASKROUTER}/{self.workspace_sid}"

    def post(self, url: str, **form: Any) -> dict[str, Any]:
        """Create or update a resource."""
        answer = self.emulator.request("POST", url, data=form)
        assert answer.status_code in (200, 201), answer.text
        body: dict[str, Any] = answer.json()
        return body

    def delete(self, url: str) -> None:
        """Delete a resource."""
        assert self.emulator.request("DELETE", url).status_code == 204

    def read_all(self, collection: str, **params: str) -> list[dict[str, Any]]:
        """Read a collection of the workspace."""
        params = {"PageSize": "1000", **params}
        answer = self.emulator.request("GET", f"{self.url}/{collection}", params=params)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["meta"]["next_page_url"] is None
        found: list[dict[str, Any]] = body[body["meta"]["key"]]
        return found

    def add_worker(self, name: str, **attributes: Any) -> str:
        """Create a worker and return its SID."""
        form = {"FriendlyName": name, "Attributes": json.dumps(attributes)}
        return str(self.post(f"{self.url}/Workers", **form)["sid"])

    def add_queue(self, name: str, expression: str) -> str:
        """Create a task queue and return its SID."""
        form = {"FriendlyName": name, "TargetWorkers": expression}
        return str(self.post(f"{self.url}/TaskQueues", **form)["sid"])

    def change_queue(self, sid: str, expression: str) -> None:
        """Give a task queue another expression."""
        self.post(f"{self.url}/TaskQueues/{sid}", TargetWorkers=expression)

    def delete_queue(self, sid: str) -> None:
        """Delete a task queue."""
        self.delete(f"{self.url}/TaskQueues/{sid}")

    def attributes(self, worker_sid: str) -> dict[str, Any]:
        """Read a worker's attributes."""
        answer = self.emulator.request("GET", f"{self.url}/Workers/{worker_sid}")
        attributes: dict[str, Any] = json.loads(answer.json()["attributes"])
        return attributes

    def change_worker(self, worker_sid: str, **changes: Any) -> None:
        """Change attributes by hand, as a supervisor does in the Console."""
        attributes = {**self.attributes(worker_sid), **changes}
        url = f"{self.url}/Workers/{worker_sid}"
        self.post(url, Attributes=json.dumps(attributes))

    def eligible(self) -> dict[str, list[str]]:
        """The server's own lists, inverted: worker SID to the sorted SIDs of its queues."""
        found: dict[str, list[str]] = {worker["sid"]: [] for worker in self.read_all("Workers")}
        for queue in self.read_all("TaskQueues"):
            for worker in self.read_all("Workers", TaskQueueSid=queue["sid"]):
                found[worker["sid"]].append(queue["sid"])
        return {sid: sorted(queues) for sid, queues in found.items()}

    def held(self) -> dict[str, Any]:
        """What the workers' attributes say."""
        workers = self.read_all("Workers")
        return {w["sid"]: json.loads(w["attributes"]).get("queues") for w in workers}

    def await_right(self, seconds: float = 30, but: frozenset[str] = frozenset()) -> None:
        """Wait until every worker holds exactly its queues and no batch is under way."""
        deadline = time.monotonic() + seconds
        while wrong := self.wrong(but) or self.running():
            if time.monotonic() > deadline:
                raise AssertionError(f"after {seconds} s: {wrong}; batch: {self.latest()}")
            time.sleep(0.1)

    def wrong(self, but: frozenset[str] = frozenset()) -> dict[str, Any]:
        """Workers whose queues are not those the server lists, with both."""
        eligible, held = self.eligible(), self.held()
        sids = [sid for sid in eligible if sid not in but and held[sid] != eligible[sid]]
        return {sid: (held[sid], eligible[sid]) for sid in sids}

    @property
    def documents_url(self) -> str:
        """The address of the Sync service's documents."""
        return f"{SYNC}/{self.sync_service_sid}/Documents"

    def document(self, name: str) -> dict[str, Any] | None:
        """Read a document's data, None where there is none."""
        answer = self.emulator.request("GET", f"{self.documents_url}/{name}")
        if answer.status_code == 404:
            return None
        assert answer.status_code == 200, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data

    def put(self, name: str, data: dict[str, Any]) -> None:
        """Write a document's data, whether it exists or not."""
        form = {"UniqueName": name, "Data": json.dumps(data)}
        answer = self.emulator.request("POST", self.documents_url, data=form)
        if answer.status_code == 409:
            self.post(f"{self.documents_url}/{name}", Data=json.dumps(data))

    def latest(self) -> dict[str, Any] | None:
        """The record of the newest batch."""
        latest = self.document(LATEST)
        return self.document(f"batch-{latest['batch']}") if latest else None

    def running(self) -> bool:
        """Tell whether the newest batch is still to be done."""
        record = self.latest()
        return record is not None and record["status"] not in TERMINAL

    def await_end(self, batch: str, seconds: float = 40) -> dict[str, Any]:
        """Wait for a batch's terminal status and return its record."""

        def ended() -> dict[str, Any] | None:
            record = self.document(f"batch-{batch}")
            return record if record and record["status"] in TERMINAL else None

        record: dict[str, Any] = wait_for(
            ended, seconds=seconds, what=f"the end of {batch}", pause=0.1
        )
        return record

    def write_batch(self, batch: str, shards: list[dict[str, Any]], **lane: Any) -> None:
        """Write a batch of one lane as the planner in Python does."""
        for number, shard in enumerate(shards):
            self.put(f"batch-{batch}-shard-{number}", shard)
        total = sum(len(shard["items"]) for shard in shards)
        counts = dict.fromkeys(("done", "updated", "unchanged", "gone", "failed"), 0)
        state = {
            "generation": 0,
            "holder": None,
            "lease_expires_at": 0,
            "shards": list(range(len(shards))),
            "cursor": {"shard": 0, "item": 0},
            **counts,
            "failures": [],
        }
        self.put(f"batch-{batch}-lane-0", {**state, **lane})
        record: dict[str, Any] = {"type": "worker-queue-sync", "reason": "test", "status": "queued"}
        record |= {"total": total, **counts, "failures": [], "lanes": 1, "shards": len(shards)}
        self.put(f"batch-{batch}", record)
        self.put(LATEST, {"batch": batch, "document_sid": "ET"})

    def message(self, batch: str, generation: int = 1, lane: int = 0) -> dict[str, str]:
        """A signed batch message."""
        content = {"batch": batch, "lane": lane, "generation": generation}
        payload = json.dumps(content, separators=(",", ":"))
        timestamp = str(int(time.time()))
        return {"payload": payload, "timestamp": timestamp, "signature": sign(timestamp, payload)}

    def send(self, message: dict[str, Any]) -> httpx.Response:
        """Post to the batch endpoint."""
        return self.emulator.request("POST", self.deployment.batch_process, json=message)

    def calls(self, **filters: Any) -> list[dict[str, Any]]:
        """The journal's API calls to this workspace and this Sync service."""
        ours = (self.workspace_sid, self.sync_service_sid)
        found = self.emulator.journal(kind="api", **filters)
        return [entry for entry in found if any(sid in entry["path"] for sid in ours)]

    def events(self, event_type: str) -> Iterator[dict[str, Any]]:
        """The workspace's callbacks of one type that were answered."""
        wanted = {"EventType": event_type, "WorkspaceSid": self.workspace_sid}
        for entry in self.emulator.journal(kind="callback"):
            if wanted.items() <= entry["params"].items() and entry["status"] is not None:
                yield entry

    def await_events(self, event_type: str, count: int, seconds: float = 20) -> None:
        """Wait until as many callbacks of a type were answered."""

        def enough() -> bool:
            return len(list(self.events(event_type))) >= count

        wait_for(enough, seconds=seconds, what=f"{count} x {event_type}")


def sign(timestamp: str, payload: str, secret: str = SECRET) -> str:
    """The signature of a batch message, as docs/batch-protocol.md has it."""
    text = f"{timestamp}.{payload}".encode()
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
