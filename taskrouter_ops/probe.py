"""Send one real event through the workspace: a queue that matches nobody comes and goes."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from taskrouter_ops.errors import VerificationFailed
from taskrouter_ops.sync_documents import SyncDocuments
from taskrouter_ops.target import CallbackSettings, Target
from taskrouter_ops.waiting import Waiting
from twilio_client import NotFound, TwilioClient, urls

PROBE_PREFIX = "taskrouter-probe-"
MATCHES_NOBODY = "1==2"
CREATED = "task-queue.created"
DELETED = "task-queue.deleted"


@dataclass(frozen=True)
class ProbeTimes:
    """How long one event may take, and how often to look, in seconds.

    Twilio repeats a callback only when it cannot connect (Source: webhooks connection
    overrides page), so a receipt that is not there after half a minute does not come.
    """

    arrival: float = 30.0
    poll: float = 0.5


def event_round_trip(
    client: TwilioClient,
    target: Target,
    settings: CallbackSettings,
    *,
    waiting: Waiting,
    times: ProbeTimes,
) -> tuple[Literal["passed", "skipped"], str]:
    """Create and delete a probe queue and wait for the receipts of both events.

    Leftover probes of runs that crashed are removed first, this run's own whatever happens.

    Raises: VerificationFailed when a receipt does not arrive in time; TwilioError.
    """
    expected = [event for event in (CREATED, DELETED) if event in settings.events]
    if not expected:
        return "skipped", f"neither {CREATED} nor {DELETED} is among the callback's events"
    _remove_leftovers(client, target)
    receipts = _Receipts(client, target, settings, waiting, times)
    started = waiting.now()
    try:
        with _probe_queue(client, target) as sid:
            if CREATED in expected:
                receipts.await_event(sid, CREATED)
        if DELETED in expected:
            receipts.await_event(sid, DELETED)
    finally:
        receipts.clear()
    seconds = waiting.now() - started
    return "passed", f"{' and '.join(expected)} arrived within {seconds:.1f} s"


@contextmanager
def _probe_queue(client: TwilioClient, target: Target) -> Iterator[str]:
    name = PROBE_PREFIX + secrets.token_hex(4)
    url = urls.taskrouter("Workspaces", target.workspace_sid, "TaskQueues")
    form = {"FriendlyName": name, "TargetWorkers": MATCHES_NOBODY}
    sid = str(client.post(url, form, what=f"create probe TaskQueue {name!r}").body["sid"])
    try:
        yield sid
    finally:
        _delete_queue(client, target, sid)


def _remove_leftovers(client: TwilioClient, target: Target) -> None:
    url = urls.taskrouter("Workspaces", target.workspace_sid, "TaskQueues")
    what = f"list the TaskQueues of {target.workspace_sid}"
    found = [q["sid"] for q in client.list(url, what=what) if _is_probe(q["friendly_name"])]
    for sid in found:
        _delete_queue(client, target, sid)
        SyncDocuments(client, target.sync_service_sid).delete(f"probe-{sid}")


def _is_probe(friendly_name: str) -> bool:
    return friendly_name.startswith(PROBE_PREFIX)


def _delete_queue(client: TwilioClient, target: Target, sid: str) -> None:
    url = urls.taskrouter("Workspaces", target.workspace_sid, "TaskQueues", sid)
    try:
        client.delete(url, what=f"delete probe TaskQueue {sid}")
    except NotFound:
        return


class _Receipts:
    """What the event handler wrote about the probe queue."""

    def __init__(
        self,
        client: TwilioClient,
        target: Target,
        settings: CallbackSettings,
        waiting: Waiting,
        times: ProbeTimes,
    ) -> None:
        self._documents = SyncDocuments(client, target.sync_service_sid)
        self._url = settings.url
        self._waiting = waiting
        self._times = times
        self._name: str | None = None

    def await_event(self, queue_sid: str, event: str) -> None:
        self._name = f"probe-{queue_sid}"
        deadline = self._waiting.now() + self._times.arrival
        while event not in self._events():
            if self._waiting.now() > deadline:
                raise VerificationFailed(
                    check="event-round-trip",
                    found=f"{event} of probe TaskQueue {queue_sid} did not arrive at {self._url} "
                    f"within {self._times.arrival:.0f} s",
                    advice="look at the Console's error log for the workspace and at the event "
                    "handler's log, then run `pulumi up` again",
                )
            self._waiting.sleep(self._times.poll)

    def clear(self) -> None:
        if self._name:
            self._documents.delete(self._name)

    def _events(self) -> list[str]:
        document = self._documents.read(self._name or "")
        return list(document.data.get("events") or []) if document else []
