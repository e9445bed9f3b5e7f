"""Limits of the functions runtime."""

from __future__ import annotations

import dataclasses
import os


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
