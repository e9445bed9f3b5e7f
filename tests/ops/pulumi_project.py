"""A Pulumi project with one stack, as somebody who operates a centre has it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.ops.conftest import ROOT

STACK = "support"


@dataclass
class Project:
    """A Pulumi project with one stack in a state folder of its own."""

    folder: Path

    def environment(self) -> dict[str, str]:
        """Return what `pulumi` and the tested command need."""
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith(("TWILIO_", "TASKROUTER_"))},
            "PULUMI_BACKEND_URL": f"file://{self.folder}",
            "PULUMI_CONFIG_PASSPHRASE": "tests",
            "PYTHONPATH": str(ROOT),
        }

    def pulumi(self, *arguments: str, given: str | None = None) -> None:
        """Run the Pulumi CLI in the project."""
        cli = shutil.which("pulumi")
        assert cli is not None, "no pulumi on PATH: run the tests with `make test`"
        argv = [cli, *arguments, "--stack", STACK, "--non-interactive"]
        environment = self.environment()
        subprocess.run(
            argv,
            cwd=self.folder,
            env=environment,
            input=given,
            check=True,
            capture_output=True,
            text=True,
        )

    def deployed(self, outputs: dict[str, Any]) -> None:
        """Put outputs into the stack's state, as an update leaves them there."""
        urn = f"urn:pulumi:{STACK}::centre::pulumi:pulumi:Stack::centre-{STACK}"
        root = {"urn": urn, "custom": False, "type": "pulumi:pulumi:Stack", "outputs": outputs}
        state = {"version": 3, "deployment": {"resources": [root]}}
        self.pulumi("stack", "import", given=json.dumps(state))

    def command(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run the `taskrouter` command in the project's folder."""
        return subprocess.run(
            [sys.executable, "-m", "taskrouter_ops", *arguments],
            cwd=self.folder,
            env={**self.environment(), **environ},
            capture_output=True,
            text=True,
        )
