"""Ask Twilio who is eligible for what, and what the workers carry.

The truth is Twilio's own evaluation: `Workers?TaskQueueSid=WQ…`, which is not among the filters
limited to 3 requests a second. A listing that fails raises; it never means "no queues".
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from taskrouter_ops.thread_pool import thread_pool
from taskrouter_ops.waiting import Report, silent
from twilio_client import InvalidRequest, NotFound, TwilioClient, urls
from twilio_client.attributes import parse_attributes

CONCURRENT_LISTINGS = 8
PAGE_SIZE = 1000


@dataclass(frozen=True)
class Listing:
    """One look at a workspace, in the shapes `plan_sync` takes, and the names of what is in it.

    Shape: `names` maps the SIDs of queues and workers to their friendly names; `queues` are the
    records of the task queues as Twilio lists them.
    """

    eligible: dict[str, list[str]]
    current: dict[str, object]
    names: dict[str, str]
    queues: tuple[dict[str, Any], ...]


def look(client: TwilioClient, workspace_sid: str, report: Report = silent) -> Listing:
    """List the queues, each queue's eligible workers, and all workers.

    Raises: TwilioError when any of the lists fails, also half way (safe to repeat).
    Source: TaskRouter API v1, TaskQueues and Workers lists, 1000 records a page.
    """
    with thread_pool(CONCURRENT_LISTINGS) as pool:
        workers = pool.submit(_workers, client, workspace_sid)
        queues = _queues(client, workspace_sid)
        report(f"listing the eligible workers of {len(queues)} queues")
        members = pool.map(lambda queue: _eligible(client, workspace_sid, queue["sid"]), queues)
        eligible = {
            queue["sid"]: found
            for queue, found in zip(queues, members, strict=True)
            if found is not None
        }
        found_workers = workers.result()
        return Listing(
            eligible,
            _current(client, workspace_sid, found_workers, pool),
            {one["sid"]: str(one.get("friendly_name")) for one in (*queues, *found_workers)},
            tuple(queues),
        )


def _queues(client: TwilioClient, workspace_sid: str) -> list[dict[str, Any]]:
    url = urls.taskrouter("Workspaces", workspace_sid, "TaskQueues")
    what = f"list the TaskQueues of {workspace_sid}"
    return list(client.list(url, page_size=PAGE_SIZE, what=what))


def _eligible(client: TwilioClient, workspace_sid: str, queue_sid: str) -> list[str] | None:
    """Return the queue's eligible workers, None when the queue itself is gone."""
    url = urls.taskrouter("Workspaces", workspace_sid, "Workers")
    what = f"list the Workers eligible for TaskQueue {queue_sid}"
    params = {"TaskQueueSid": queue_sid}
    try:
        return [
            worker["sid"] for worker in client.list(url, params, page_size=PAGE_SIZE, what=what)
        ]
    except (NotFound, InvalidRequest):
        # Deleted since the queues were listed, unless the queue is still there to be read.
        if _exists(client, workspace_sid, queue_sid):
            raise
        return None


def _exists(client: TwilioClient, workspace_sid: str, queue_sid: str) -> bool:
    url = urls.taskrouter("Workspaces", workspace_sid, "TaskQueues", queue_sid)
    try:
        client.get(url, what=f"read TaskQueue {queue_sid}")
    except NotFound:
        return False
    return True


def _workers(client: TwilioClient, workspace_sid: str) -> list[dict[str, Any]]:
    url = urls.taskrouter("Workspaces", workspace_sid, "Workers")
    what = f"list the Workers of {workspace_sid}"
    return list(client.list(url, page_size=PAGE_SIZE, what=what))


def _current(
    client: TwilioClient,
    workspace_sid: str,
    workers: list[dict[str, Any]],
    pool: ThreadPoolExecutor,
) -> dict[str, object]:
    """Return each worker's `queues`; attributes a list leaves out are read one by one.

    Twilio's pages say lists carry null for attributes, its OpenAPI examples show them.
    """
    attributes = {worker["sid"]: worker.get("attributes") for worker in workers}
    left_out = [sid for sid, text in attributes.items() if text is None]
    read = pool.map(lambda sid: _read_attributes(client, workspace_sid, sid), left_out)
    texts = {**attributes, **dict(zip(left_out, read, strict=True))}
    return {sid: _queues_of(text) for sid, text in texts.items() if text is not None}


def _read_attributes(client: TwilioClient, workspace_sid: str, worker_sid: str) -> str | None:
    url = urls.taskrouter("Workspaces", workspace_sid, "Workers", worker_sid)
    try:
        return str(client.get(url, what=f"read Worker {worker_sid}").body["attributes"])
    except NotFound:
        return None


def _queues_of(text: object) -> object:
    return parse_attributes(text).get("queues")


def worker_names(
    client: TwilioClient, workspace_sid: str, worker_sids: Iterable[str]
) -> dict[str, str]:
    """Return the friendly names of workers, for messages; those that are gone are left out."""
    names = {}
    for sid in worker_sids:
        url = urls.taskrouter("Workspaces", workspace_sid, "Workers", sid)
        try:
            names[sid] = str(client.get(url, what=f"read Worker {sid}").body["friendly_name"])
        except NotFound:
            continue
    return names
