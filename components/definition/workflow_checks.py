"""Check workflows: queues that exist, expressions that parse, steps that can be reached."""

import json
from collections.abc import Iterator
from itertools import pairwise

from components.definition.cursor import Cursor
from components.definition.expressions import (
    FILTER,
    SKIP_IF,
    TARGET,
    expression_problems,
    matches_everything,
)
from components.definition.function_checks import function_problems
from components.definition.model import OWN_FUNCTION
from components.definition.problems import Problem, near
from components.definition.source import plain

CONFIGURATION_BYTES = 1_038_576
"""Twilio's limit for one workflow's configuration (TaskRouter limits page)."""


def workflow_problems(root: Cursor) -> Iterator[Problem]:
    """Yield the problems of every workflow of a merged definition."""
    queues = {queue.key for queue in root.below("taskQueues")}
    for workflow in root.below("workflows"):
        yield from _reference_problems(workflow, queues)
        yield from _filter_problems(workflow)
        yield from _callback_problems(workflow)
        size = len(json.dumps(plain(workflow.value)).encode())
        if size > CONFIGURATION_BYTES:
            yield workflow.problem(f"is larger than Twilio's {CONFIGURATION_BYTES} bytes")
        for filter_ in workflow.below("filters"):
            yield from _step_problems(list(filter_.below("targets")))


def _reference_problems(workflow: Cursor, queues: set[str]) -> Iterator[Problem]:
    references = list(workflow.texts("defaultQueue"))
    for filter_ in workflow.below("filters"):
        for target in filter_.below("targets"):
            references.extend(target.texts("queue"))
    for reference, key in references:
        if key not in queues:
            yield reference.problem(f"there is no task queue '{key}'{near(key, queues)}")


def _filter_problems(workflow: Cursor) -> Iterator[Problem]:
    names: dict[str, Cursor] = {}
    catch_all: Cursor | None = None
    for filter_ in workflow.below("filters"):
        if catch_all is not None:
            line = catch_all.value.place.line
            yield filter_.problem(f"is never reached: the filter of line {line} takes every task")
        for cursor, text in filter_.texts("expression"):
            yield from map(cursor.problem, expression_problems(text, FILTER))
            catch_all = catch_all or (filter_ if matches_everything(text) else None)
        for cursor, name in filter_.texts("friendlyName"):
            if name.casefold() in names:
                line = names[name.casefold()].value.place.line
                yield cursor.problem(f"'{name}' is already the name of the filter of line {line}")
            names.setdefault(name.casefold(), cursor)


def _callback_problems(workflow: Cursor) -> Iterator[Problem]:
    fallback = workflow.get("fallbackAssignmentCallbackUrl")
    if fallback is not None and workflow.get("assignmentCallbackUrl") is None:
        yield fallback.problem("there is no assignmentCallbackUrl to fall back from")
    for cursor, url in workflow.texts("assignmentCallbackUrl", "fallbackAssignmentCallbackUrl"):
        if url.startswith(OWN_FUNCTION):
            yield from map(cursor.problem, function_problems(url))


def _step_problems(targets: list[Cursor]) -> Iterator[Problem]:
    for before, target in pairwise(targets):
        if before.get("timeout") is None and before.get("skipIf") is None:
            step = before.path[-1]
            yield target.problem(
                f"is never reached: targets[{step}] before it has neither timeout nor skipIf"
            )
    for target in targets:
        for cursor, text in target.texts("expression"):
            yield from map(cursor.problem, expression_problems(text, TARGET))
        for cursor, text in target.texts("skipIf"):
            yield from map(cursor.problem, expression_problems(text, SKIP_IF))
