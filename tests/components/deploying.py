"""A copy of the project that the real Pulumi engine deploys to a local Twilio."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twilio_emulator.testing import RunningEmulator

PROJECT = Path(__file__).parents[2]
LINKED = ("__main__.py", "components", "functions", "pulumi_twilio", "taskrouter_ops")
TASKROUTER = "https://taskrouter.twilio.com/v1/Workspaces"
PLUGIN = """\
#!{python}
import sys
sys.path.insert(0, {root!r})
from pulumi_twilio.provider.__main__ import main
sys.exit(main())
"""


@dataclass
class Deployment:
    """A project folder with one stack, `local`, and the Twilio it is deployed to."""

    folder: Path
    emulator: RunningEmulator

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the Pulumi CLI in the folder; what it prints is in `stdout`, errors too."""
        cli = shutil.which("pulumi")
        assert cli is not None, "no pulumi on PATH: run the tests with `make test`"
        kept = {name: value for name, value in os.environ.items() if "TWILIO" not in name}
        return subprocess.run(
            [cli, *arguments, "--non-interactive"],
            cwd=self.folder,
            env={
                **kept,
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                "PULUMI_BACKEND_URL": f"file://{self.folder}",
                "PULUMI_CONFIG_PASSPHRASE": "local",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
            check=False,
        )

    def must(self, *arguments: str) -> str:
        """Run the CLI and return what it printed; it has to succeed."""
        run = self.pulumi(*arguments)
        assert run.returncode == 0, run.stdout
        return run.stdout

    def up(self) -> str:
        """Deploy."""
        return self.must("up", "--yes", "--skip-preview")

    @contextmanager
    def layered(self, layer: str) -> Iterator[None]:
        """Have the stack's definition say more, for the length of a block."""
        stacks = self.folder / "stacks"
        (stacks / "local.yaml").rename(stacks / "before.yaml")
        (stacks / "local.yaml").write_text(f"extends: before.yaml\n{layer}")
        try:
            yield
        finally:
            (stacks / "before.yaml").replace(stacks / "local.yaml")

    def outputs(self) -> Any:
        """Read the stack's outputs."""
        return json.loads(self.must("stack", "output", "--json"))

    def preview_changes(self) -> list[str]:
        """Preview in detail; return the lines with a change to a resource, stripped."""
        shown = re.split("--outputs:--|Resources:", self.must("preview", "--diff"))[0].splitlines()
        return [line.strip() for line in shown if re.match(r"\s*[~+-] ", line)]

    def of_workspace(self, sid: str, collection: str, **filters: str) -> list[dict[str, Any]]:
        """List a workspace's things, from outside."""
        url, params = f"{TASKROUTER}/{sid}/{collection}", {"PageSize": 1000, **filters}
        listed = self.emulator.request("GET", url, params=params).json()
        found: list[dict[str, Any]] = listed[listed["meta"]["key"]]
        return found

    def workspaces(self) -> list[dict[str, Any]]:
        """List the account's workspaces, from outside."""
        found: list[dict[str, Any]] = self.emulator.request("GET", TASKROUTER).json()["workspaces"]
        return found


def prepare(folder: Path, emulator: RunningEmulator) -> Deployment:
    """Lay out the project in `folder`, with its stack pointed at the emulator."""
    for name in (*LINKED, "twilio_client"):
        (folder / name).symlink_to(PROJECT / name)
    (folder / ".venv").symlink_to(sys.prefix)
    shutil.copytree(PROJECT / "stacks", folder / "stacks")
    settings = folder / "stacks" / "Pulumi.local.yaml"
    settings.write_text(settings.read_text().replace("http://127.0.0.1:4010", emulator.base_url))
    _install_plugin(folder)
    deployment = Deployment(folder, emulator)
    deployment.must("stack", "init", "local")
    return deployment


def _install_plugin(folder: Path) -> None:
    plugin = folder / "bin" / "pulumi-resource-twilio"
    plugin.parent.mkdir()
    plugin.write_text(PLUGIN.format(python=sys.executable, root=str(PROJECT)))
    plugin.chmod(0o755)
    project = (PROJECT / "Pulumi.yaml").read_text()
    (folder / "Pulumi.yaml").write_text(project.replace("path: .venv/bin", "path: bin"))
