"""How much fits into a workspace, and how long its texts may be.

Source: TaskRouter limits page (attributes, configuration), activity page (100 activities), worker
page (15,000 workers by default), Twilio's own notes for assistants (250 task queues).  Other
resources have limits that are published nowhere; none is enforced.
"""

from __future__ import annotations

from typing import TypeAlias

from twilio_emulator.wire import Call, invalid

from .lookup import illegal, parts
from .records import Activity, TaskQueue, Worker, Workspace

ATTRIBUTES_LENGTH = 4096
CONFIGURATION_BYTES = 1_038_576

Counted: TypeAlias = "type[Activity | TaskQueue | Worker]"
_MOST: dict[Counted, tuple[str, int]] = {
    Activity: ("activities", 100),
    TaskQueue: ("task_queues", 250),
    Worker: ("workers", 15_000),
}


def check_room(call: Call, workspace: Workspace, kind: Counted) -> None:
    """Refuse one more of a kind in a workspace that is full of them.

    Raises: ApiError 400/20001.
    """
    name, most = _MOST[kind]
    present = len(parts(call.store, kind, workspace.sid))  # type: ignore[type-var]
    if present >= most and call.emulator.limits.enforced(name):
        raise illegal(f"Workspace {workspace.sid} has {most} {name.replace('_', ' ')}, its limit")


def check_attributes(call: Call) -> None:
    """Refuse attributes that are too long as they were written, white space included.

    Raises: ApiError 400/20001.
    """
    length = len(call.query.get("Attributes", [""])[-1])
    if length > ATTRIBUTES_LENGTH and call.emulator.limits.enforced("attributes"):
        raise invalid(f"Attributes has {length} characters, the limit is {ATTRIBUTES_LENGTH}")


def check_configuration(call: Call) -> None:
    """Refuse a workflow's configuration that is too large.

    Raises: ApiError 400/20001.
    """
    size = len(call.params.get("Configuration", "").encode())
    if size > CONFIGURATION_BYTES and call.emulator.limits.enforced("workflows"):
        raise invalid(f"Configuration has {size} bytes, the limit is {CONFIGURATION_BYTES}")
