"""Where a task goes next in its workflow: a pure reading of the plan.

Source: workflow configuration, task evaluation and worker presence pages.  The first filter that
fits is entered; a filter that timed out is followed by the next one that fits, never by the
default queue; a filter that was skipped out of may be followed by the default queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twilio_emulator.taskrouter.plans import Plan, Target


@dataclass(frozen=True)
class Step:
    """A place in a plan; without indexes it is the default filter's queue."""

    queue_sid: str
    filter_index: int | None = None
    target_index: int | None = None
    target: Target | None = None

    @property
    def timeout(self) -> int | None:
        """Seconds the step lasts; None without end."""
        return self.target.timeout if self.target else None

    @property
    def priority(self) -> int | None:
        """The priority a task has here, where the target says one."""
        return self.target.priority if self.target else None


def first_step(plan: Plan, attributes: Mapping[str, Any]) -> Step | None:
    """Return where a task with these attributes begins; None when nothing takes it."""
    return _filter_from(plan, 0, attributes) or _default(plan)


def step_after_timeout(
    plan: Plan, filter_index: int | None, target_index: int | None, attributes: Mapping[str, Any]
) -> Step | None:
    """Return where a task goes whose target timed out; None when it leaves the workflow."""
    if filter_index is None or target_index is None:
        return None
    within = _target_at(plan, filter_index, target_index + 1)
    return within or _filter_from(plan, filter_index + 1, attributes)


def step_after_skip(
    plan: Plan, filter_index: int | None, target_index: int | None, attributes: Mapping[str, Any]
) -> Step | None:
    """Return where a task goes that skips its target; None when it skips out of the workflow."""
    return step_after_timeout(plan, filter_index, target_index, attributes) or _default(plan)


def _filter_from(plan: Plan, start: int, attributes: Mapping[str, Any]) -> Step | None:
    for index in range(start, len(plan.filters)):
        if plan.filters[index].expression.matches(attributes):
            return _target_at(plan, index, 0)
    return None


def _target_at(plan: Plan, filter_index: int, target_index: int) -> Step | None:
    target = plan.target(filter_index, target_index)
    return Step(target.queue_sid, filter_index, target_index, target) if target else None


def _default(plan: Plan) -> Step | None:
    return Step(plan.default_queue_sid) if plan.default_queue_sid else None
