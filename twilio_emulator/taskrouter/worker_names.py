"""Find workers by name."""

from __future__ import annotations

from twilio_emulator.store import Store

from .records import Worker


def worker_named(store: Store, workspace_sid: str, friendly_name: str) -> Worker | None:
    """Find a worker by name; case makes no difference."""
    index = store[Worker].index(
        "name", lambda worker: (worker.workspace_sid, worker.friendly_name.casefold())
    )
    return index.first((workspace_sid, friendly_name.casefold()))
