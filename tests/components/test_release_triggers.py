"""What the hooks conclude from the release's former and present triggers."""

from __future__ import annotations

from components.release_triggers import removed_queues


def test_only_owned_queues_that_went_are_leaving() -> None:
    """A removed queue counts, one only referred to, changed or renamed in state does not."""
    old = {
        "taskQueues.kept": "WQ1:a",
        "taskQueues.gone": "WQ2:b",
        "taskQueues.referred-to": ":c",
        "taskQueues.renamed": "WQ4:d",
        "functions.variables": "e:f",
    }
    new = {"taskQueues.kept": "WQ1:z", "taskQueues.other": "WQ4:d"}

    assert removed_queues(old, new) == {"WQ2"}
