"""An owned workspace with QUEUES task queues."""

import os

from pulumi_twilio.resources import taskrouter

workspace = taskrouter.Workspace("workspace", friendly_name="Benchmark")
for number in range(int(os.environ["QUEUES"])):
    taskrouter.TaskQueue(
        f"queue-{number:03}",
        workspace_sid=workspace.sid,
        friendly_name=f"Queue {number:03}",
        target_workers=f"skill HAS 'skill-{number}'",
        max_reserved_workers=1 + number % 50,
    )
