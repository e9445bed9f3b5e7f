"""Say what must cause a new verification and sync, so that a preview shows which one it was."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pulumi

from components.definition.model import ConfigValue, Definition, TaskQueue


def release_triggers(
    definition: Definition,
    task_queue_sids: Mapping[str, pulumi.Output[str]],
    deployment_sid: pulumi.Input[str],
) -> dict[str, pulumi.Input[str]]:
    """Build the triggers of a release.

    Shape: `taskQueues.<key>` is the SID of a queue the stack owns (nothing for one it refers
    to), a colon, and a digest of its SID and expression,
    `functions.deployment` the SID of the deployment (a new build or environment and a repair
    by hand make another), `functions.variables` a digest of the variables that are no secrets.
    The callback's address and events are inputs of their own.
    """
    queues = {
        f"taskQueues.{key}": sid.apply(_queue_digest(definition, key))
        for key, sid in task_queue_sids.items()
    }
    plain = {
        key: value.key if isinstance(value, ConfigValue) else value
        for key, value in definition.functions.variables.items()
    }
    return {**queues, "functions.deployment": deployment_sid, "functions.variables": _digest(plain)}


def _queue_digest(definition: Definition, key: str) -> Any:
    queue = definition.task_queues[key]
    owned = isinstance(queue, TaskQueue)
    expression = queue.target_workers if isinstance(queue, TaskQueue) else None
    return lambda sid: f"{sid if owned else ''}:{_digest([sid, expression])}"


def removed_queues(old: Mapping[str, str], new: Mapping[str, str]) -> frozenset[str]:
    """Return the SIDs of the queues an update is about to delete.

    The engine deletes last, after the hooks: what they find would otherwise count as there.
    """
    return frozenset(_owned_sids(old) - _owned_sids(new))


def _owned_sids(triggers: Mapping[str, str]) -> set[str]:
    values = [value for key, value in triggers.items() if key.startswith("taskQueues.")]
    return {sid for sid, colon, _ in (value.partition(":") for value in values) if sid and colon}


def _digest(value: Any) -> str:
    """Shorten a JSON value to 16 hexadecimal characters."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
