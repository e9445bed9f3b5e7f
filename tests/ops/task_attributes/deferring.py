"""A process that defers changes: `python -m … TASK NAME COUNT memory|sqlite|sync [WHERE]`.

Each change appends one value `NAME-<number>`; its number is printed once `defer` has returned.
After every 40 changes it goes on with the next task, since one task's changes are limited.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from taskrouter_ops.task_attributes import (
    Append,
    DeferredChanges,
    MemoryDeferredChanges,
    SqliteDeferredChanges,
    SyncDeferredChanges,
)
from twilio_client import RetryPolicy, TwilioClient, credentials_from

PER_TASK = 40


def store_of(kind: str, where: str) -> DeferredChanges:
    """Open the store this process shares with the test."""
    if kind == "sqlite":
        return SqliteDeferredChanges(Path(where))
    if kind == "sync":
        settings = credentials_from({}, os.environ)
        retry = RetryPolicy(first_seconds=0.05)
        return SyncDeferredChanges(
            TwilioClient(settings.credentials, settings.base_url, retry=retry), where
        )
    return MemoryDeferredChanges()


def main(task_sid: str, name: str, count: str, kind: str, where: str = "") -> None:
    """Defer so many changes, one after the other."""
    store = store_of(kind, where)
    for number in range(int(count)):
        store.defer(
            f"{task_sid[:-4]}{number // PER_TASK:04x}", (Append(("n",), [f"{name}-{number}"]),)
        )
        print(number, flush=True)  # noqa: T201 - what the test waits for


if __name__ == "__main__":
    main(*sys.argv[1:])
