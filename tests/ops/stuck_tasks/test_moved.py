"""A task that leaves the queue an operator asked for."""

from __future__ import annotations

import json

import pytest

from taskrouter_ops.stuck_tasks import Filters, Options, Reason, clean
from tests.ops.stuck_tasks.conftest import Centre, outcome
from tests.ops.stuck_tasks.test_closing import AfterListing

HOURS = 3600


@pytest.mark.parametrize(("queue", "ends"), [("Waiting", Reason.QUEUE_CHANGED), (None, "canceled")])
def test_a_task_that_moved_on_is_none_of_the_queues_any_more(
    centre: Centre, queue: str | None, ends: str
) -> None:
    """With `--queue` it is left alone; without, its queue does not matter."""
    queues = {
        one["friendly_name"]: one["sid"] for one in centre.client.list(centre.url("TaskQueues"))
    }
    second = centre.client.post(
        centre.url("TaskQueues"), {"FriendlyName": "Second", "TargetWorkers": "1==2"}
    ).body["sid"]
    targets = [{"queue": queues["Waiting"], "timeout": 3 * HOURS}, {"queue": second}]
    routing = {"task_routing": {"filters": [{"expression": "1==1", "targets": targets}]}}
    workflow = centre.client.post(
        centre.url("Workflows"),
        {"FriendlyName": "Two steps", "Configuration": json.dumps(routing)},
    ).body["sid"]
    call = centre.call()
    form = {"WorkflowSid": workflow, "TaskChannel": "voice", "Attributes": {"call_sid": call}}
    task = centre.client.post(centre.url("Tasks"), form).body["sid"]
    centre.emulator.advance(2 * HOURS)

    report = clean(
        centre.client,
        centre.workspace_sid,
        Options(Filters(queue=queue), apply=True),
        watcher=AfterListing(lambda: centre.emulator.advance(2 * HOURS)),
    )

    assert centre.tasks()[task]["task_queue_sid"] == second
    assert outcome(report, task) == ends
