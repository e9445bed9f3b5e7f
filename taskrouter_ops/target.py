"""Which deployment an operation works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

EVENT_HANDLER_PATH = "/event-handler"

# Twilio sends an event once unless the address says otherwise: three more times where nobody
# answered or no function was free (429).
# Source: webhook connection overrides page. A fragment is no part of the request or signature.
EVENT_HANDLER_OVERRIDES = "#rc=3&rp=4xx,5xx,ct,rt"

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

    @property
    def event_handler(self) -> str:
        """Return the event callback's address, with how often Twilio is to try."""
        return event_handler_url(self.functions_url)


def event_handler_url(functions_url: str) -> str:
    """Return the event callback's address at a functions domain."""
    return functions_url.rstrip("/") + EVENT_HANDLER_PATH + EVENT_HANDLER_OVERRIDES


@dataclass(frozen=True)
class CallbackSettings:
    """What the workspace's event callback is meant to be; `events` compare as a set."""

    url: str
    events: Sequence[str] = SYNC_EVENTS
