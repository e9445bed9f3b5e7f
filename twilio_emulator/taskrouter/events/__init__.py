"""What happens in a workspace: event types, their fields, the Events list, callbacks.

* `announce*` record an event within the present transaction; its callback follows the commit.
* `listing.ROUTES` are the Events API, `callbacks` hands events to the workspace's address,
  `webhooks` delivers one form post with its retries (assignment callbacks use it too).
"""

from .announce import (
    announce,
    announce_queue_step,
    announce_reservation,
    announce_task,
    announce_workflow_step,
)
from .fields import (
    activity_fields,
    escaped,
    task_channel_fields,
    task_queue_fields,
    worker_channel_fields,
    worker_fields,
    workflow_fields,
)

__all__ = [
    "activity_fields",
    "announce",
    "announce_queue_step",
    "announce_reservation",
    "announce_task",
    "announce_workflow_step",
    "escaped",
    "task_channel_fields",
    "task_queue_fields",
    "worker_channel_fields",
    "worker_fields",
    "workflow_fields",
]
