"""Twilio's limits, each behind a switch that can be thrown while the emulator runs.

Who enforces a limit asks each time: `emulator.limits.enforced("activities")`.  Never keep the
answer: `POST /_emulator/limits` may change it between two requests.  A limit's figure stands
where it is enforced; here stands only which limits there are.
"""

from __future__ import annotations

from collections.abc import Mapping

RATES = {
    "filters": "3 requests a second for each filter TaskRouter evaluates at request time",
    "sync_rates": "20 reads, 20 writes (fewer of large data) a second of a Sync object",
}
SIZES = {
    "attributes": "4096 characters of a worker's or task's attributes",
    "workflows": "1,038,576 bytes of a workflow's configuration",
    "sync_sizes": "16 KiB of data in one Sync object",
    "variables": "450 bytes of a Serverless variable's value",
    "builds": "sizes and numbers of files in a Serverless build",
}
COUNTS = {
    "activities": "100 activities in a workspace",
    "task_queues": "250 task queues in a workspace",
    "workers": "15,000 workers in a workspace",
    "worker_statistics": "statistics of workers in a workspace with more than 100 of them",
}
FUNCTIONS = {
    "functions_concurrency": "30 executions of functions at a time in an account",
    "functions_time": "10 seconds for one execution of a function",
}

SWITCHES: Mapping[str, str] = {**RATES, **SIZES, **COUNTS, **FUNCTIONS}
"""Every switch with what it is about."""


class UnknownLimit(ValueError):
    """A name that is no switch."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"unknown {', '.join(names)} (known: all, {', '.join(SWITCHES)})")


class Limits:
    """Which limits hold; all of them unless told otherwise."""

    def __init__(self, *, rates: bool = True, every: bool = True) -> None:
        self._on = {name: every and (rates or name not in RATES) for name in SWITCHES}

    def enforced(self, name: str) -> bool:
        """Tell whether a limit holds now; a name that is no switch is a KeyError."""
        return self._on[name]

    def switch(self, changes: Mapping[str, bool]) -> None:
        """Throw switches by name; "all" stands for every one of them.

        Raises: UnknownLimit, and nothing is changed.
        """
        if unknown := sorted(set(changes) - set(SWITCHES) - {"all"}):
            raise UnknownLimit(unknown)
        if "all" in changes:
            self._on = dict.fromkeys(SWITCHES, changes["all"])
        self._on |= {name: value for name, value in changes.items() if name != "all"}

    def shown(self) -> dict[str, bool]:
        """Write the switches as JSON values."""
        return dict(self._on)
