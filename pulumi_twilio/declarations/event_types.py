"""The events TaskRouter can send to a workspace's callback.

Source: TaskRouter event reference page; 49 names, where worker events say `update`, not
`updated`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_BY_RESOURCE = {
    "activity": "created updated deleted",
    "reservation": "created accepted rejected timeout canceled rescinded completed failed wrapup",
    "task": (
        "created updated canceled wrapup completed deleted system-deleted transfer-initiated "
        "transfer-attempt-failed transfer-failed transfer-canceled transfer-completed"
    ),
    "task-channel": "created updated deleted",
    "task-queue": "created deleted entered timeout moved expression.updated",
    "worker": (
        "created activity.update attributes.update capacity.update channel.availability.update "
        "deleted"
    ),
    "workflow": "created updated deleted target-matched entered timeout skipped",
    "workspace": "created updated deleted",
}

EVENT_TYPES = frozenset(
    f"{resource}.{event}" for resource, events in _BY_RESOURCE.items() for event in events.split()
)


def event_problem(name: str) -> str | None:
    """Say what is wrong with an event's name, with the nearest real one; None if it is one."""
    if name in EVENT_TYPES:
        return None
    near = difflib.get_close_matches(name.strip().lower(), sorted(EVENT_TYPES), n=1, cutoff=0.7)
    hint = f": did you mean {near[0]!r}?" if near else " (see TaskRouter's event reference)"
    return f"{name!r} is not an event of TaskRouter{hint}"


def events_filter(events: Iterable[str]) -> str:
    """Write a set of events as Twilio's comma list, sorted, so that equal sets are equal text."""
    return ",".join(sorted(set(events)))


def events_of(filter_text: str | None) -> list[str]:
    """Read Twilio's comma list, written with or without spaces, as sorted names."""
    return sorted({name.strip() for name in (filter_text or "").split(",") if name.strip()})
