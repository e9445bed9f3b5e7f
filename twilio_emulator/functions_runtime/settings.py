"""Limits of the functions runtime."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Any, Self

PREFIX = "TWILIO_EMULATOR_FUNCTIONS_"


@dataclasses.dataclass(frozen=True)
class RuntimeSettings:
    """Say how functions are run.

    Units: seconds.
    Source: 10 s per execution and 30 concurrent executions per account are the limits Twilio
    documents for Functions; how long a process stays warm is assumed.
    """

    execution_limit: float = 10.0
    concurrent_executions: int = 30
    warm_processes: int = 4
    """Idle processes kept per environment."""
    warm_for: float = 60.0
    """How long an idle process is kept."""
    strict: bool = False
    """End the process with its response, so that work left after the callback is lost."""
    start_limit: float = 20.0
    """How long Node may take to start."""
    parallel_starts: int = max(2, os.cpu_count() or 2)
    """Processes started at the same time; more only slow each other down."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read settings named like TWILIO_EMULATOR_FUNCTIONS_STRICT=true from an environment.

        Raises: ValueError naming a variable that is none or has a wrong value.
        """
        kinds = {field.name.upper(): type(field.default) for field in dataclasses.fields(cls)}
        given = {
            name.removeprefix(PREFIX): text
            for name, text in environ.items()
            if name.startswith(PREFIX)
        }
        if unknown := sorted(set(given) - set(kinds)):
            known = ", ".join(PREFIX + name for name in kinds)
            raise ValueError(f"unknown variable {PREFIX}{unknown[0]} (known: {known})")
        values: dict[str, Any] = {
            name.lower(): _value(name, text, kinds[name]) for name, text in given.items()
        }
        return cls(**values)


def _value(name: str, text: str, kind: type) -> Any:
    value: float
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        value = int(text) if kind is int else float(text)
    except (KeyError, ValueError):
        raise ValueError(f"{PREFIX}{name}='{text}' is not a {kind.__name__}") from None
    if value <= 0:
        raise ValueError(f"{PREFIX}{name}='{text}' must be above 0")
    return value
