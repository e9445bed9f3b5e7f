"""Task attributes: changes as values, written so that nobody's change is lost.

Agreement: docs/task-attributes.md.
"""

from taskrouter_ops.task_attributes.change import (
    Append,
    Change,
    Merge,
    Operation,
    Remove,
    apply,
    as_change,
    change_from_json,
    change_to_json,
    fold,
    is_repeatable,
)
from taskrouter_ops.task_attributes.deferred import Batch, DeferredChanges
from taskrouter_ops.task_attributes.memory_store import MemoryDeferredChanges
from taskrouter_ops.task_attributes.sqlite_store import SqliteDeferredChanges
from taskrouter_ops.task_attributes.sync_store import SyncDeferredChanges

__all__ = [
    "Append",
    "Batch",
    "Change",
    "DeferredChanges",
    "MemoryDeferredChanges",
    "Merge",
    "Operation",
    "Remove",
    "SqliteDeferredChanges",
    "SyncDeferredChanges",
    "apply",
    "as_change",
    "change_from_json",
    "change_to_json",
    "fold",
    "is_repeatable",
]
