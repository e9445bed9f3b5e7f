"""Operations on a deployed TaskRouter contact centre: worker-queue sync, batches, verification.

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
from taskrouter_ops.target import CallbackSettings, Target

__all__ = [
    "BatchFailed",
    "CallbackSettings",
    "OperationError",
    "SetupError",
    "SyncFailed",
    "Target",
    "VerificationFailed",
]
