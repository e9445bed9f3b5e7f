"""What still goes on in a stack's contact centre when it is taken down."""

import json
from typing import Any

from bootstrap.open_work import Emulator, end_open_work
from twilio_emulator.testing import start_emulator


def test_tasks_of_the_stack_end_and_its_activities_are_left() -> None:
    """What kept workflow, queue and activity in use is gone; other tasks and workers stay."""
    with start_emulator(workers=6) as running:
        emulator = Emulator(running.port, *running.credentials)
        (workspace,) = emulator.each("/v1/Workspaces")
        root = f"/v1/Workspaces/{workspace['sid']}"
        queue = emulator.send("POST", f"{root}/TaskQueues", {"FriendlyName": "Ours"})
        routing = {"task_routing": {"default_filter": {"queue": queue["sid"]}}}
        form = {"FriendlyName": "Ours", "Configuration": json.dumps(routing)}
        workflow = emulator.send("POST", f"{root}/Workflows", form)
        activity = emulator.send("POST", f"{root}/Activities", {"FriendlyName": "Ours"})
        (theirs,) = (w for w in emulator.each(f"{root}/Workflows") if w["sid"] != workflow["sid"])
        for _ in range(3):
            emulator.send("POST", f"{root}/Tasks", {"WorkflowSid": workflow["sid"]})
        kept = emulator.send("POST", f"{root}/Tasks", {"WorkflowSid": theirs["sid"]})
        worker = next(iter(emulator.each(f"{root}/Workers")))
        emulator.send("POST", f"{root}/Workers/{worker['sid']}", {"ActivitySid": activity["sid"]})

        end_open_work(
            emulator,
            [
                _resource(root, kind, made)
                for kind, made in (
                    ("Workflow", workflow),
                    ("TaskQueue", queue),
                    ("Activity", activity),
                )
            ],
        )

        assert [task["sid"] for task in emulator.each(f"{root}/Tasks")] == [kept["sid"]]
        for collection, made in (
            ("Workflows", workflow),
            ("TaskQueues", queue),
            ("Activities", activity),
        ):
            assert emulator.send("DELETE", f"{root}/{collection}/{made['sid']}") is None


def _resource(root: str, kind: str, made: dict[str, Any]) -> dict[str, Any]:
    workspace_sid = root.rpartition("/")[2]
    return {"type": f"twilio:taskrouter:{kind}", "id": f"{workspace_sid}/{made['sid']}"}
