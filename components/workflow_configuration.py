"""Write a workflow's configuration the way TaskRouter reads it."""

from collections.abc import Mapping
from typing import Any

from components.definition.model import Filter, Target, Workflow

_OPTIONAL = (
    "priority",
    "timeout",
    "expression",
    "order_by",
    "skip_if",
    "known_worker_sid",
    "known_worker_friendly_name",
)


def configuration(workflow: Workflow, queue_sids: Mapping[str, Any]) -> dict[str, Any]:
    """Build the configuration object of a workflow.

    Shape: `queue_sids` maps a queue's key to its SID, or to what will be its SID.
    Source: TaskRouter "Workflow configuration" page; verified on the emulator only.
    """
    routing: dict[str, Any] = {"filters": [_filter(each, queue_sids) for each in workflow.filters]}
    if workflow.default_queue is not None:
        routing["default_filter"] = {"queue": queue_sids[workflow.default_queue]}
    return {"task_routing": routing}


def _filter(filter_: Filter, queue_sids: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "filter_friendly_name": filter_.friendly_name,
        "expression": filter_.expression,
        "targets": [_target(target, queue_sids) for target in filter_.targets],
    }


def _target(target: Target, queue_sids: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: getattr(target, name) for name in _OPTIONAL}
    queue = {} if target.queue is None else {"queue": queue_sids[target.queue]}
    return queue | {name: value for name, value in given.items() if value is not None}
