"""All event types of a workspace.

Source: event reference page.
"""

from __future__ import annotations

_NAMES = {
    "activity": "created updated deleted",
    "reservation": ("created accepted rejected timeout canceled rescinded completed failed wrapup"),
    "task": (
        "created updated canceled wrapup completed deleted system-deleted transfer-initiated"
        " transfer-attempt-failed transfer-failed transfer-canceled transfer-completed"
    ),
    "task-channel": "created updated deleted",
    "task-queue": "created deleted entered timeout moved expression.updated",
    "worker": (
        "created activity.update attributes.update capacity.update channel.availability.update"
        " deleted"
    ),
    "workflow": "created updated deleted target-matched entered timeout skipped",
    "workspace": "created updated deleted",
}

EVENT_TYPES = frozenset(
    f"{subject}.{verb}" for subject, verbs in _NAMES.items() for verb in verbs.split()
)
