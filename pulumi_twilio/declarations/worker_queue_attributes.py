"""WorkerQueueAttributes: what the worker-queue sync writes goes when the stack goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pulumi_twilio.declarations.call import Call, Created, Refused, Values
from pulumi_twilio.declarations.model import Declaration, IdPart
from pulumi_twilio.declarations.shared import WORKSPACE_SID
from twilio_client import NotFound, TwilioError, update_attributes, urls
from twilio_client.attributes import parse_attributes

SYNCED_ATTRIBUTES = ("queues", "queues_digest")
CONCURRENT_WRITES = 16
_NAMED_FAILURES = 5


def without_queues(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes without those the sync writes."""
    return {name: value for name, value in attributes.items() if name not in SYNCED_ATTRIBUTES}


def may_have_queues(worker: Mapping[str, Any]) -> bool:
    """Tell from a listed worker whether it needs a closer look.

    Twilio's lists may leave attributes out; then nobody knows before the worker is read.
    """
    listed = worker.get("attributes")
    if listed is None:
        return True
    return any(name in parse_attributes(listed) for name in SYNCED_ATTRIBUTES)


def _create(call: Call) -> Created:
    workspace_sid = call.value("workspaceSid")
    return Created(workspace_sid, {"workspaceSid": workspace_sid})


def _read(call: Call) -> Values | None:
    workspace_sid = call.value("workspaceSid")
    try:
        call.client.get(urls.taskrouter("Workspaces", workspace_sid), what=f"read {call.label}")
    except NotFound:
        return None
    return {"workspaceSid": workspace_sid}


def _update(call: Call) -> Values:
    return {"workspaceSid": call.value("workspaceSid")}


def _delete(call: Call) -> None:
    """Take the attributes off every worker that has them; workers gone meanwhile are fine.

    Raises: Refused naming the workers left over; running it again goes on with those.
    """
    sids = _workers_to_clean(call)
    with ThreadPoolExecutor(CONCURRENT_WRITES) as pool:
        failures = [each for each in pool.map(lambda sid: _clean(call, sid), sids) if each]
    if failures:
        raise Refused(_left_over(call, failures, len(sids)))


def _workers_to_clean(call: Call) -> list[str]:
    url = urls.taskrouter("Workspaces", call.value("workspaceSid"), "Workers")
    workers: Iterable[Mapping[str, Any]] = call.client.list(
        url, what=f"list the workers of {call.value('workspaceSid')}"
    )
    try:
        return [str(worker["sid"]) for worker in workers if may_have_queues(worker)]
    except NotFound:
        return []


def _clean(call: Call, worker_sid: str) -> str | None:
    """Clean one worker; returns what went wrong, None when nothing did."""
    url = urls.taskrouter("Workspaces", call.value("workspaceSid"), "Workers", worker_sid)
    what = f"take queues off Worker {worker_sid}"
    try:
        update_attributes(call.client, url, without_queues, what=what)
    except TwilioError as error:
        return str(error)
    return None


def _left_over(call: Call, failures: list[str], total: int) -> str:
    named = "; ".join(failures[:_NAMED_FAILURES])
    more = (
        f"; and {len(failures) - _NAMED_FAILURES} more" if len(failures) > _NAMED_FAILURES else ""
    )
    return (
        f"delete {call.label}: {len(failures)} of {total} workers of "
        f"{call.value('workspaceSid')} keep the attributes {' and '.join(SYNCED_ATTRIBUTES)}: "
        f"{named}{more}. Run it again: it goes on with those that are left"
    )


WORKER_QUEUE_ATTRIBUTES = Declaration(
    type="twilio:taskrouter:WorkerQueueAttributes",
    doc=(
        "The attributes `queues` and `queues_digest` that the worker-queue sync keeps on every "
        "worker. Creating it writes nothing; deleting it takes both off all workers of the "
        "workspace and leaves everything else in their attributes as it is."
    ),
    product="taskrouter",
    path=("Workspaces",),
    id_parts=(IdPart("workspaceSid", "WS"),),
    properties=(WORKSPACE_SID,),
    outputs=(),
    source="TaskRouter API, Worker resource (OpenAPI taskrouter_v1): ETag and If-Match",
    example={"workspaceSid": "${workspace}"},
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
)
