"""What a waiting task needs of a worker.

Tasks with the same need are fit by the same workers, so that a worker who becomes free is tested
once per need and not once per task.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from twilio_emulator.expressions import Expression
from twilio_emulator.expressions.evaluation import reader
from twilio_emulator.expressions.syntax import (
    Comparison,
    Conjunction,
    Disjunction,
    Negation,
    Node,
    Operand,
    Reference,
    Truth,
    parse_tree,
)
from twilio_emulator.store import Store
from twilio_emulator.taskrouter.plans import KnownWorker, Target
from twilio_emulator.taskrouter.records import Task, Worker, Workflow

from .selectors import Path, selectors


@dataclass(frozen=True)
class Need:
    """What decides which workers fit a task.

    Shape: `queue_sid` is the queue the worker has to be in (None: any worker); `worker` names the
    only one wanted as ("sid", SID) or ("friendly_name", name in lower case), an empty name being
    nobody; `task` are the attributes `expression` reads.
    """

    workspace_sid: str
    queue_sid: str | None
    channel_sid: str
    ignore_capacity: bool = False
    worker: tuple[str, str] | None = None
    expression: Expression | None = None
    task: Frozen | None = None

    def names(self, worker: Worker) -> bool:
        """Tell whether the need leaves a worker in question: it is for anyone or just for them."""
        return self.worker is None or self.worker in names_of(worker)

    def wanted(self) -> Iterator[tuple[Path, list[Any]]]:
        """Yield attributes of workers with the values one of which a worker has to have there."""
        if self.expression is None:
            return
        scope = {"task": self.task.value if self.task else {}}
        for selector in selectors(self.expression.text):
            values = selector.values(scope)
            if values is not None:
                yield selector.path, values

    def fits(self, worker: Mapping[str, Any]) -> bool:
        """Test a worker's attributes (`WorkerScope`) with the target's expression."""
        if self.expression is None:
            return True
        task = self.task.value if self.task else {}
        return self.expression.matches({"task": task, "worker": worker})


class Frozen:
    """JSON that can be compared and hashed."""

    __slots__ = ("_key", "value")

    def __init__(self, value: Mapping[str, Any]) -> None:
        self.value = value
        # repr tells 1 from true and from 1.0, which == does not and expressions do.
        self._key = repr(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Frozen) and other._key == self._key

    def __hash__(self) -> int:
        return hash(self._key)


def names_of(worker: Worker) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return the two ways a need may name a worker."""
    return ("sid", worker.sid), ("friendly_name", worker.friendly_name.casefold())


def target_of(store: Store, task: Task) -> Target | None:
    """Return the target a task is at; None outside of any filter."""
    workflow = store[Workflow].get(task.workflow_sid) if task.workflow_sid else None
    return workflow.plan.target(task.filter_index, task.target_index) if workflow else None


def has_lost_its_target(store: Store, task: Task) -> bool:
    """Tell whether a task's workflow was changed so that the task's place in it is no more."""
    if task.filter_index is None or store[Workflow].get(task.workflow_sid or "") is None:
        return False
    return target_of(store, task) is None


def need_of(store: Store, task: Task) -> Need | None:
    """Work out what a task needs; None when it is in no queue and for no worker."""
    if task.routing_target is not None and task.routing_target.startswith("WK"):
        return Need(
            task.workspace_sid,
            None,
            task.task_channel_sid,
            ignore_capacity=task.ignore_capacity,
            worker=("sid", task.routing_target),
        )
    if task.task_queue_sid is None:
        return None
    target = target_of(store, task) or Target(task.task_queue_sid)
    expression = target.expression
    return Need(
        task.workspace_sid,
        task.task_queue_sid,
        task.task_channel_sid,
        worker=_known(target.known_worker, task) if target.known_worker else None,
        expression=expression,
        task=_read_by(expression, task) if expression else None,
    )


def _known(reference: KnownWorker, task: Task) -> tuple[str, str]:
    value = reader(reference.path)(task.parsed_attributes) if reference.path else None
    text = value if isinstance(value, str) else ""
    return reference.by, text if reference.by == "sid" else text.casefold()


def _read_by(expression: Expression, task: Task) -> Frozen:
    attributes = task.parsed_attributes
    return Frozen({name: attributes.get(name) for name in _task_names(expression.text)})


@lru_cache(maxsize=4096)
def _task_names(text: str) -> tuple[str, ...]:
    """List the task attributes an expression reads, by their first name."""
    if not text.strip():
        return ()  # `parse` takes a blank expression, which fits nothing and has no tree
    paths = (path for path in _paths(parse_tree(text)) if path[0] == "task" and len(path) > 1)
    return tuple(sorted({str(path[1]) for path in paths}))


def _paths(node: Node) -> list[tuple[str | int, ...]]:
    match node:
        case Disjunction(parts) | Conjunction(parts):
            return [path for part in parts for path in _paths(part)]
        case Negation(inner):
            return _paths(inner)
        case Truth(operand):
            return _path(operand)
        case Comparison(_, left, right):
            return _path(left) + _path(right)


def _path(operand: Operand) -> list[tuple[str | int, ...]]:
    return [operand.path] if isinstance(operand, Reference) else []
