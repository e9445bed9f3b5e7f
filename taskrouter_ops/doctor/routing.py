"""Queues, workflows, and the workers' attribute `queues`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from taskrouter_ops.doctor.findings import Finding, counted, some_of
from taskrouter_ops.queue_sync import Listing, plan_sync
from twilio_client import TwilioClient, urls

DRIFT = "queue-drift"
QUEUES = "queues"
WORKFLOWS = "workflows"


def drift(listing: Listing) -> Finding:
    """Count the workers whose `queues` are not what they are eligible for."""
    plan = plan_sync(listing.eligible, listing.current)
    named = [f"{listing.names.get(sid, sid)} ({sid})" for sid in plan.stale]
    if plan.too_long:
        which = [f"{listing.names.get(sid, sid)} ({sid})" for sid, _ in plan.too_long]
        found = f"the queues of {some_of(which)} do not fit into 4096 characters of attributes"
        return Finding(DRIFT, "failed", found, "narrow the queues' expressions")
    if named:
        found = f"stale: {len(named)} of {counted(plan.workers, 'worker')}: {some_of(named)}"
        advice = "run `taskrouter sync`; if they stay stale, events are lost: `taskrouter verify`"
        return Finding(DRIFT, "warning", found, advice)
    return Finding(DRIFT, "ok", f"{counted(plan.workers, 'worker')}, `queues` as Twilio says")


def queues(listing: Listing) -> Finding:
    """Tell which queues offer a task to several workers, and which to nobody."""
    several = [
        f"{queue['friendly_name']} ({queue['max_reserved_workers']})"
        for queue in listing.queues
        if int(queue.get("max_reserved_workers") or 1) > 1
    ]
    told = counted(len(listing.queues), "queue")
    if several:
        told += f", {len(several)} offer a task to several workers at once: {some_of(several)}"
    nobody = [listing.names[sid] for sid, workers in listing.eligible.items() if not workers]
    if nobody:
        found = f"{told}; nobody is eligible for {len(nobody)} of them: {some_of(nobody)}"
        advice = "tasks wait there for ever: correct the queue's expression or the workers' skills"
        return Finding(QUEUES, "warning", found, advice)
    return Finding(QUEUES, "ok", told)


def workflows(client: TwilioClient, workspace_sid: str, listing: Listing) -> Finding:
    """See that every queue a workflow names exists. Raises: TwilioError.

    Source: Workflow configuration page (targets and the default filter name queues by SID).
    """
    url = urls.taskrouter("Workspaces", workspace_sid, "Workflows")
    found = list(client.list(url, what=f"list the Workflows of {workspace_sid}"))
    there = {queue["sid"] for queue in listing.queues}
    problems = [problem for workflow in found for problem in _problems(workflow, there)]
    if problems:
        advice = "correct the workflow's definition and run `pulumi up`"
        return Finding(WORKFLOWS, "failed", some_of(problems), advice)
    return Finding(WORKFLOWS, "ok", f"{counted(len(found), 'workflow')}, whose queues all exist")


def _problems(workflow: Mapping[str, Any], there: set[str]) -> Iterator[str]:
    named = f"{workflow.get('friendly_name')} ({workflow.get('sid')})"
    try:
        configuration = json.loads(workflow.get("configuration") or "{}")
    except ValueError:
        yield f"{named} has a configuration that is not JSON"
        return
    for sid in sorted(named_queues(configuration) - there):
        yield f"{named} names {sid}, which does not exist"


def named_queues(configuration: object) -> set[str]:
    """Return the queues a workflow's configuration names, wherever it names them."""
    if isinstance(configuration, dict):
        own = {v for k, v in configuration.items() if k == "queue" and isinstance(v, str) and v}
        return own.union(*map(named_queues, configuration.values()))
    if isinstance(configuration, list):
        return set().union(*map(named_queues, configuration))
    return set()
