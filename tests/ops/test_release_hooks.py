"""The two hooks on the real Pulumi engine: what `pulumi up` shows, stops at and repeats."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from taskrouter_ops.release_record import ReleaseRecord
from tests.ops.conftest import ROOT, Centre

PROJECT = """\
name: release-hooks
runtime: python
plugins:
  providers:
    - name: twilio
      path: bin
"""

PROGRAM = """\
import os, sys
sys.path.insert(0, {root!r})
import pulumi
from components.definition.model import PostDeploy
from components.release import Release, ReleaseArgs

release = Release("release", ReleaseArgs(
    workspace_sid={workspace!r},
    sync_service_sid={sync!r},
    functions_url={functions!r},
    callback_url={callback!r},
    events={events!r},
    triggers={{"taskQueues.sales": os.environ["TRIGGER"]}},
    post_deploy=PostDeploy(on_failure=os.environ["ON_FAILURE"]),
))
pulumi.export("status", release.status)
pulumi.export("last_sync", release.last_sync)
pulumi.export("checks", release.checks)
pulumi.export("batch_document_sid", release.batch_document_sid)
"""

PLUGIN = """\
#!{python}
import sys
sys.path.insert(0, {root!r})
from pulumi_twilio.provider.__main__ import main
sys.exit(main())
"""


@dataclass
class Stack:
    """A Pulumi stack with nothing but a release, for a deployed centre."""

    centre: Centre
    folder: Path

    def pulumi(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run the Pulumi CLI on the stack."""
        cli = shutil.which("pulumi")
        assert cli is not None, "no pulumi on PATH: run the tests with `make test`"
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            [cli, *arguments, "--non-interactive"],
            cwd=self.folder,
            env={
                **os.environ,
                **self.centre.emulator.environment(),
                "PATH": path,
                "PULUMI_BACKEND_URL": f"file://{self.folder}",
                "PULUMI_CONFIG_PASSPHRASE": "tests",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "TRIGGER": "1",
                "ON_FAILURE": "fail",
                **environ,
            },
            capture_output=True,
            text=True,
            timeout=180,
        )

    def up(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run `pulumi up`."""
        return self.pulumi("up", "--yes", "--skip-preview", *arguments, **environ)

    def outputs(self) -> dict[str, Any]:
        """Read the stack's outputs."""
        found: dict[str, Any] = json.loads(self.pulumi("stack", "output", "--json").stdout)
        return found

    def released(self) -> bool:
        """Tell whether the release is in the state."""
        return "twilio:taskrouter:Release" in self.pulumi("stack", "export").stdout


@pytest.fixture
def stack(centre: Centre, tmp_path: Path) -> Iterator[Stack]:
    """Make a stack, and take it down again."""
    program = PROGRAM.format(
        root=str(ROOT),
        workspace=centre.target.workspace_sid,
        sync=centre.target.sync_service_sid,
        functions=centre.target.functions_url,
        callback=centre.settings.url,
        events=list(centre.settings.events),
    )
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    (tmp_path / "__main__.py").write_text(program)
    plugin = tmp_path / "bin" / "pulumi-resource-twilio"
    plugin.parent.mkdir()
    plugin.write_text(PLUGIN.format(python=sys.executable, root=str(ROOT)))
    plugin.chmod(0o755)
    made = Stack(centre, tmp_path)
    created = made.pulumi("stack", "init", "test")
    assert created.returncode == 0, created.stderr
    yield made
    centre.emulator.clear_faults()
    made.pulumi("destroy", "--yes", "--skip-preview")


def test_up_verifies_syncs_and_records_then_finds_nothing_to_do(stack: Stack) -> None:
    """The hooks' results are stack outputs; a second up changes nothing and runs no hook."""
    stack.centre.disturb_all()

    first = stack.up()

    assert first.returncode == 0, first.stdout
    assert "verify-callbacks: 4 checks without a failure" in first.stdout
    assert "sync-worker-queues: " in first.stdout
    assert "starting lane 0" in first.stdout
    outputs = stack.outputs()
    assert outputs["status"] == "verified"
    assert outputs["last_sync"]["failed"] == 0
    assert outputs["batch_document_sid"].startswith("ET")
    assert stack.centre.held() == stack.centre.eligible()

    stack.centre.emulator.clear_journal()
    assert stack.up("--expect-no-changes").returncode == 0
    assert stack.centre.functions_called("/event-handler") == 0


def test_a_changed_trigger_runs_the_hooks_again(stack: Stack) -> None:
    """Before an update they run as before a create, and the preview names the trigger."""
    assert stack.up().returncode == 0

    preview = stack.pulumi("preview", "--diff", TRIGGER="2")
    second = stack.up(TRIGGER="2")

    assert "taskQueues.sales" in preview.stdout
    assert second.returncode == 0, second.stdout
    assert "verify-callbacks: 4 checks without a failure" in second.stdout


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            {"kind": "function", "function": "/event-handler", "status": 200},
            "check callback-signature failed",
        ),
        (
            {"kind": "api", "method": "POST", "path": r"Workers/WK\w+$", "status": 400, "count": 1},
            "1 worker(s) do not hold the queues",
        ),
    ],
    ids=["unsigned-accepted", "one-worker-failing"],
)
def test_a_failed_hook_stops_the_update_and_runs_again(
    stack: Stack, rule: dict[str, Any], words: str
) -> None:
    """The release is not recorded until its hooks have succeeded; no traceback is shown."""
    stack.centre.disturb_all()

    with stack.centre.emulator.fault(**rule):
        failed = stack.up()

    assert failed.returncode != 0
    assert words in failed.stdout
    assert "Traceback" not in failed.stdout + failed.stderr
    assert not stack.released()
    record = ReleaseRecord(stack.centre.client, stack.centre.target)
    assert record.read()["status"] == "unverified"
    again = stack.up()
    assert again.returncode == 0, again.stdout
    assert stack.outputs()["status"] == "verified"
    assert stack.centre.held() == stack.centre.eligible()


def test_on_failure_warn_goes_on_and_tries_again_next_time(stack: Stack) -> None:
    """The update succeeds with a warning; the unverified release shows as changed."""
    rule = {"kind": "function", "function": "/event-handler", "status": 200}

    with stack.centre.emulator.fault(**rule):
        warned = stack.up(ON_FAILURE="warn")

    assert warned.returncode == 0, warned.stdout
    assert "warning: verify-callbacks: check callback-signature failed" in warned.stdout
    assert stack.outputs()["status"] == "unverified"
    again = stack.up(ON_FAILURE="warn")
    assert again.returncode == 0, again.stdout
    assert stack.outputs()["status"] == "verified"


def test_no_secret_reaches_the_state_or_the_output(stack: Stack) -> None:
    """Neither the batch secret nor the auth token is written anywhere."""
    shown = stack.up()

    state = stack.pulumi("stack", "export", "--show-secrets").stdout
    for text in (state, shown.stdout, shown.stderr):
        assert "0f" * 32 not in text
        assert stack.centre.emulator.auth_token not in text
