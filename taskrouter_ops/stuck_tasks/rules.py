"""Which tasks count as stuck, as an operator asks for it; everything wrong is said at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from taskrouter_ops.errors import SetupError
from taskrouter_ops.expressions import Answer, Expression, parse_expression
from taskrouter_ops.expressions.syntax import check_expression

# Source: support article 42423992053915, "Stuck Voice Tasks From TaskRouter".
DEFAULT_REASON = "Orchestration issue: closed stuck voice Task."
DEFAULT_CALL_STATUSES = ("completed", "failed", "busy", "no-answer")
DEFAULT_MIN_AGE = "10m"

# Source: API 2010 OpenAPI document, call_enum_status: what a call ends with.
ENDED_CALL_STATUSES = (*DEFAULT_CALL_STATUSES, "canceled")

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"([0-9]{1,7})([smhd])")
_SCOPES = frozenset(("task", "worker", "workers"))


class WrongRules(SetupError):
    """Rules that cannot be followed; nothing was sent.

    Attributes:
        problems: everything that is wrong with them, one line each.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        """Take all problems; the text is theirs, joined."""
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Rules:
    """When a task is stuck, and what keeps it from being closed.

    Shape: `exclude_attributes` are paths of keys; `reason` is what Twilio keeps with the task.
    `min_age` holds for the task, and again for how long ago its call ended.
    """

    call_statuses: frozenset[str] = frozenset(DEFAULT_CALL_STATUSES)
    min_age: timedelta = timedelta(minutes=10)
    exclude: tuple[Expression, ...] = ()
    exclude_attributes: tuple[str, ...] = ()
    reason: str = DEFAULT_REASON

    def excluding_expression(self, attributes: Mapping[str, Any]) -> tuple[int, Answer] | None:
        """Return the number (from 1) and answer of the first expression that may match."""
        answers = enumerate((each.answer(attributes) for each in self.exclude), start=1)
        found = [item for item in answers if item[1] in (Answer.MATCH, Answer.UNDECIDED)]
        # A clear match is a better reason to show than a doubtful one.
        return min(found, key=lambda item: item[1] is not Answer.MATCH, default=None)

    def excluding_attribute(self, attributes: Mapping[str, Any]) -> str | None:
        """Return the first excluded attribute that is there and neither false nor null."""
        for name in self.exclude_attributes:
            if any(value is not None and value is not False for value in _values(attributes, name)):
                return name
        return None


def rules_from(
    *,
    call_statuses: str = ",".join(DEFAULT_CALL_STATUSES),
    min_age: str = DEFAULT_MIN_AGE,
    exclude: Sequence[str] = (),
    exclude_attributes: Sequence[str] = (),
    reason: str = DEFAULT_REASON,
) -> Rules:
    """Read rules as they are typed.

    Shape: `call_statuses` comma-separated, `min_age` like 90s, 10m, 2h or 1d.
    Raises: WrongRules with everything that is wrong.
    """
    problems: list[str] = []
    statuses = _statuses(call_statuses, problems)
    age = _min_age(min_age, problems)
    expressions = [_expression(text, problems) for text in exclude]
    problems += [
        f"--exclude-attribute {name!r} is no name: keys, joined by dots"
        for name in exclude_attributes
        if "" in name.split(".")
    ]
    if not reason.strip():
        problems.append("--reason is empty: it is how a closed task is told from others")
    if problems or age is None:
        raise WrongRules(problems)
    found = tuple(expression for expression in expressions if expression is not None)
    return Rules(statuses, age, found, tuple(exclude_attributes), reason)


def parse_duration(text: str) -> timedelta | None:
    """Read 90s, 10m, 2h or 1d; None for anything else."""
    match = _DURATION.fullmatch(text.strip())
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]]) if match else None


def _min_age(text: str, problems: list[str]) -> timedelta | None:
    age = parse_duration(text)
    if age is None:
        problems.append(f"--min-age {text!r} is no length of time: write it like 90s, 10m, 2h, 1d")
    return age


def _statuses(text: str, problems: list[str]) -> frozenset[str]:
    names = {name.strip() for name in text.split(",")}
    known = ", ".join(ENDED_CALL_STATUSES)
    problems += [
        f"--call-status {name!r} is no status a call ends with: choose among {known}"
        for name in sorted(names - set(ENDED_CALL_STATUSES))
    ]
    return frozenset(names)


def _expression(text: str, problems: list[str]) -> Expression | None:
    if problem := check_expression(text):
        problems.append(f"--exclude {text!r}: {problem}")
        return None
    try:
        expression = parse_expression(text)
    except ValueError as error:
        problems.append(f"--exclude {text[:60]!r}: {error}")
        return None
    if "\\" in text:
        problems.append(
            f"--exclude {text!r}: how Twilio reads a backslash in a string is not documented; "
            "compare with CONTAINS and a part without one, or use the other kind of quotes"
        )
    if scopes := _SCOPES & expression.roots:
        prefix = min(scopes)
        problems.append(
            f"--exclude {text!r}: write the task's attributes by their bare names, "
            f"without `{prefix}.`"
        )
    return expression


def _values(attributes: Mapping[str, Any], name: str) -> Collection[Any]:
    """Return what a dotted name may mean: a path of keys, or one key with dots in it."""
    found: Any = attributes
    for key in name.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return (found, attributes.get(name))
