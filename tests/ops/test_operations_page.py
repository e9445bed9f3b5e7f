"""docs/operations.md: its program runs, and prints what the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.ops.conftest import ROOT, Centre, deployed_centre
from twilio_emulator.testing import wait_for

PAGE = ROOT / "docs" / "operations.md"
PIECES = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
STATED = re.compile(r"  # -> (.+)$", re.MULTILINE)


@pytest.fixture
def centre() -> Iterator[Centre]:
    """Deploy to an emulator of its own: the program changes what it finds."""
    with deployed_centre(12) as centre:
        yield centre


def _offered_task(centre: Centre) -> str:
    """Make a task that is offered to several workers."""
    form = {"FriendlyName": "Race", "TargetWorkers": "1==1", "MaxReservedWorkers": 3}
    queue = centre.client.post(centre.url("TaskQueues"), form).body["sid"]
    centre.callbacks_settled()
    (workflow,) = centre.client.list(centre.url("Workflows"))
    task = {"WorkflowSid": workflow["sid"], "TaskQueueSid": queue, "Attributes": {}}
    url = centre.url("Tasks", str(centre.client.post(centre.url("Tasks"), task).body["sid"]))
    wait_for(lambda: len(list(centre.client.list(f"{url}/Reservations"))) == 3)
    return url.rpartition("/")[2]


def test_the_program_prints_what_the_page_says(centre: Centre, tmp_path: Path) -> None:
    """All pieces together, as they stand there."""
    task_sid = _offered_task(centre)
    seed = ROOT / "docs" / "examples" / "stuck-voice.yaml"
    centre.emulator.seed(yaml.safe_load(seed.read_text("utf-8")))
    centre.disturb_all()
    environ = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("TWILIO_", "TASKROUTER_"))},
        **centre.emulator.environment(),
        "PYTHONPATH": str(ROOT),
        "TWILIO_FLEX_WORKSPACE_SID": centre.target.workspace_sid,
        "TWILIO_FLEX_SYNC_SID": centre.target.sync_service_sid,
        "TASKROUTER_FUNCTIONS_URL": centre.target.functions_url,
        "TASK_SID": task_sid,
    }

    ran = subprocess.run(
        [sys.executable, "-c", "".join(PIECES)],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == STATED.findall("".join(PIECES))


def test_every_piece_prints_something() -> None:
    """A part of the page without a stated result would not be checked."""
    assert len(PIECES) == 6
    assert all(STATED.search(piece) for piece in PIECES)
