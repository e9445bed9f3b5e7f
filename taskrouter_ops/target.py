"""Which deployment an operation works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

EVENT_HANDLER_PATH = "/event-handler"
BATCH_PATH = "/batch/process"

# What keeps the workers' `queues` right between two deploys, see docs/batch-protocol.md.
SYNC_EVENTS = (
    "task-queue.created",
    "task-queue.deleted",
    "task-queue.expression.updated",
    "worker.attributes.update",
    "worker.created",
)


@dataclass(frozen=True)
class Target:
    """One deployed contact centre: its workspace, its Sync service and its functions.

    Shape: `functions_url` is `https://<domain>`, without a path.
    """

    workspace_sid: str
    sync_service_sid: str
    functions_url: str

    @property
    def functions_domain(self) -> str:
        """Return the host name the functions are served from."""
        return urlsplit(self.functions_url).netloc

    def function(self, path: str) -> str:
        """Return the address of one function."""
        return self.functions_url.rstrip("/") + path


@dataclass(frozen=True)
class CallbackSettings:
    """What the workspace's event callback is meant to be; `events` compare as a set."""

    url: str
    events: Sequence[str] = SYNC_EVENTS
