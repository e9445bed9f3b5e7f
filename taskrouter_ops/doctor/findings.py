"""What an examination looks at, and what it finds, as values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from taskrouter_ops.target import CallbackSettings

Outcome = Literal["ok", "warning", "failed", "skipped"]

# How many names a text lists before it only counts.
NAMED = 5


@dataclass(frozen=True)
class Finding:
    """One check: how it ended, what was found, and what to do next ("" where there is nothing)."""

    name: str
    outcome: Outcome
    found: str
    advice: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the finding for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Deployment:
    """What is known of a deployment; the checks of what is not known are skipped."""

    workspace_sid: str | None = None
    sync_service_sid: str | None = None
    functions_url: str | None = None
    callback: CallbackSettings | None = None


def worst(findings: Iterable[Finding]) -> Outcome:
    """Return the outcome of all together: failed, warning or ok; skipped ones do not count."""
    outcomes = {finding.outcome for finding in findings}
    if "failed" in outcomes:
        return "failed"
    return "warning" if "warning" in outcomes else "ok"


def counted(number: int, one: str) -> str:
    """Say how many there are of something: 1 queue, 2 queues."""
    return f"{number} {one}{'' if number == 1 else 's'}"


def some_of(names: Sequence[str]) -> str:
    """Name the first few and count the rest."""
    rest = len(names) - NAMED
    shown = ", ".join(names[:NAMED])
    return f"{shown} and {rest} more" if rest > 0 else shown
