"""Operations on a deployed TaskRouter contact centre: tasks, reservations, worker-queue sync.

Nothing here needs Pulumi: the `taskrouter` command and the hooks of `pulumi up` call the same
functions.
"""

from taskrouter_ops.errors import (
    BatchFailed,
    OperationError,
    SetupError,
    SyncFailed,
    VerificationFailed,
)
from taskrouter_ops.reservations import Reservations
from taskrouter_ops.target import CallbackSettings, Target
from taskrouter_ops.task_router_service import TaskRouterService

__all__ = [
    "BatchFailed",
    "CallbackSettings",
    "OperationError",
    "Reservations",
    "SetupError",
    "SyncFailed",
    "Target",
    "TaskRouterService",
    "VerificationFailed",
]
