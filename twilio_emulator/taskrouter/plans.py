"""What a workflow's configuration means: filters, their targets, a default queue.

Source: workflow configuration page and those it links to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from twilio_emulator.expressions import Expression, ExpressionError, parse
from twilio_emulator.expressions.syntax import Reference, Truth, parse_tree

_CLAUSE = re.compile(r"\s*worker\.([A-Za-z_$][\w$.]*)\s+(ASC|DESC)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class OrderClause:
    """One clause of `order_by`: a path into the worker's attributes and a direction."""

    path: tuple[str, ...]
    descending: bool


@dataclass(frozen=True)
class KnownWorker:
    """A reference to the task attribute that names the one worker wanted: by sid or by name.

    Shape: without a path it is no reference, and nobody is wanted.
    """

    by: str
    path: tuple[str | int, ...]


@dataclass(frozen=True)
class Target:
    """One step of a filter; what is None was not written there."""

    queue_sid: str
    timeout: int | None = None
    priority: int | None = None
    expression: Expression | None = None
    skip_if: Expression | None = None
    order_by: tuple[OrderClause, ...] = ()
    known_worker: KnownWorker | None = None


@dataclass(frozen=True)
class Filter:
    """Targets for the tasks an expression fits."""

    name: str
    expression: Expression
    targets: tuple[Target, ...]


@dataclass(frozen=True)
class Plan:
    """A configuration."""

    filters: tuple[Filter, ...] = ()
    default_queue_sid: str | None = None

    def target(self, filter_index: int | None, target_index: int | None) -> Target | None:
        """Return the target at a place; None where there is none (any more)."""
        if filter_index is None or target_index is None or filter_index >= len(self.filters):
            return None
        targets = self.filters[filter_index].targets
        return targets[target_index] if target_index < len(targets) else None


def read_plan(configuration: str) -> Plan:
    """Read a configuration that has been checked (`configuration.queues_of`)."""
    routing = json.loads(configuration)["task_routing"]
    default = routing.get("default_filter")
    return Plan(
        filters=tuple(_filter(entry) for entry in routing.get("filters") or ()),
        default_queue_sid=default["queue"] if default else None,
    )


def _filter(entry: dict[str, Any]) -> Filter:
    return Filter(
        name=str(entry.get("filter_friendly_name") or entry.get("friendly_name") or ""),
        expression=parse(entry["expression"]),
        targets=tuple(_targets(entry["targets"])),
    )


def _targets(entries: list[dict[str, Any]]) -> Iterator[Target]:
    """Read targets; one without a queue inherits that of the target before it."""
    queue_sid = ""
    for entry in entries:
        queue_sid = entry.get("queue", queue_sid)
        yield Target(
            queue_sid=queue_sid,
            timeout=_number(entry.get("timeout")),
            priority=_number(entry.get("priority")),
            expression=_expression(entry.get("expression")),
            skip_if=_expression(entry.get("skip_if")),
            order_by=_order(entry.get("order_by")),
            known_worker=_known_worker(entry),
        )


def _number(value: int | str | None) -> int | None:
    return None if value is None else int(value)


def _expression(text: str | None) -> Expression | None:
    return parse(text) if text else None


def _order(text: object) -> tuple[OrderClause, ...]:
    """Read `worker.a DESC, worker.b ASC`; a clause that is none of these is passed over."""
    if not isinstance(text, str):
        return ()
    found = (_CLAUSE.fullmatch(part) for part in text.split(","))
    return tuple(
        OrderClause(tuple(match[1].split(".")), match[2].upper() == "DESC")
        for match in found
        if match
    )


def _known_worker(entry: dict[str, Any]) -> KnownWorker | None:
    for by in ("sid", "friendly_name"):
        given = entry.get(f"known_worker_{by}")
        if given:
            return KnownWorker(by, _task_path(given))
    return None


def _task_path(given: object) -> tuple[str | int, ...]:
    """Read a reference to a task attribute, with or without its prefix `task`."""
    try:
        tree = parse_tree(given) if isinstance(given, str) else None
    except ExpressionError:
        return ()
    if not isinstance(tree, Truth) or not isinstance(tree.operand, Reference):
        return ()
    path = tree.operand.path
    return path[1:] if path[0] == "task" else path
