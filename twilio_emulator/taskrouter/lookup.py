"""Find what a call's address names, and what belongs to a workspace."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from twilio_emulator.assumptions import ILLEGAL_STATE
from twilio_emulator.store import Record, Store
from twilio_emulator.wire import ApiError, Call, not_found

from .records import (
    Activity,
    Event,
    Reservation,
    Task,
    TaskChannel,
    TaskQueue,
    Worker,
    WorkerChannel,
    Workflow,
    Workspace,
)

HOST = "taskrouter.twilio.com"
ROOT = "/v1/Workspaces"
BASE = f"https://{HOST}{ROOT}"

Part = TypeVar(
    "Part",
    Activity,
    TaskChannel,
    TaskQueue,
    Workflow,
    Worker,
    WorkerChannel,
    Task,
    Reservation,
    Event,
)


def workspace_of(call: Call, name: str = "WorkspaceSid") -> Workspace:
    """Return the workspace of a call.

    Raises: ApiError 404 when there is none, or it is another account's.
    """
    workspace = call.store[Workspace].get(call.sids[name])
    if workspace is None or workspace.account_sid != call.account_sid:
        raise not_found(call)
    return workspace


def part_of(call: Call, kind: type[Part], name: str = "Sid") -> Part:
    """Return the part of a workspace that a call names.

    Raises: ApiError 404.
    """
    workspace = workspace_of(call)
    part = call.store[kind].get(call.sids[name])
    if part is None or part.workspace_sid != workspace.sid:
        raise not_found(call)
    return part


def parts(store: Store, kind: type[Part], workspace_sid: str) -> list[Part]:
    """List a workspace's parts of one kind, in order of creation."""
    return store[kind].index("workspace", lambda part: part.workspace_sid).get(workspace_sid)


def part_named(store: Store, kind: type[Part], workspace_sid: str, sid: str) -> Part | None:
    """Find a part of a workspace by a SID given as a parameter."""
    part = store[kind].get(sid)
    return part if part is not None and part.workspace_sid == workspace_sid else None


def attributes_text(attributes: dict[str, Any]) -> str:
    """Write attributes the way they are kept: compact JSON, keys in the order given."""
    return json.dumps(attributes, separators=(",", ":"), ensure_ascii=False)


def illegal(message: str) -> ApiError:
    """Refuse what the state does not allow."""
    status, code = ILLEGAL_STATE
    return ApiError(status, code, message)


def common(record: Record, url: str) -> dict[str, Any]:
    """Write the fields every resource shows."""
    return {
        "account_sid": record.account_sid,
        "date_created": iso(record.date_created),
        "date_updated": iso(record.date_updated),
        "sid": record.sid,
        "url": url,
    }


def iso(moment: Any) -> str:
    """Write a moment as TaskRouter does, to the second."""
    return str(moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
