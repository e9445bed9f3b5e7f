"""A small Pulumi project in a temporary folder, run by the real engine against an emulator."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twilio_emulator.testing import RunningEmulator

ROOT = Path(__file__).parents[2]
_HEADER = "import pulumi\nfrom pulumi_twilio.resources import flex, sync, taskrouter\n"


@dataclass(frozen=True)
class Project:
    """One project with the stack `test`; `pulumi` comes from PATH."""

    folder: Path
    environment: dict[str, str]

    def program(self, source: str) -> None:
        """Write the program."""
        (self.folder / "__main__.py").write_text(_HEADER + textwrap.dedent(source))

    def run(self, *arguments: str, fails: bool = False, **environment: str) -> str:
        """Run `pulumi`; return all it printed. It must succeed, or fail where that is expected."""
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        printed = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, printed
        return printed

    def up(self, **options: Any) -> str:
        """Run `pulumi up` without a preview."""
        return self.run("up", "--yes", "--skip-preview", **options)

    def assert_settled(self) -> None:
        """Make sure that neither the program nor a refresh sees any change."""
        self.run("preview", "--expect-no-changes")
        self.run("refresh", "--preview-only", "--expect-no-changes")

    def planned(self) -> dict[str, tuple[str, list[str]]]:
        """Preview: what would happen to each resource that is not left as it is, and where."""
        printed = self.run("preview", "--json")
        steps = json.loads(printed[printed.index("{") :])["steps"]
        return {
            step["urn"].split("::")[-1]: (step["op"], sorted(step.get("detailedDiff") or {}))
            for step in steps
            if step["op"] != "same"
        }

    def state(self) -> str:
        """Export the stack's state as text."""
        return self.run("stack", "export")

    def id_of(self, name: str) -> str:
        """Return a resource's id."""
        resources = json.loads(self.state())["deployment"]["resources"]
        return str(next(each["id"] for each in resources if each["urn"].endswith(f"::{name}")))


def new_project(folder: Path, emulator: RunningEmulator, **environment: str) -> Project:
    """Make a project whose plugin is this source tree's."""
    plugins = folder / "plugins"
    plugins.mkdir()
    plugin = plugins / "pulumi-resource-twilio"
    plugin.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pulumi_twilio.provider "$@"\n')
    plugin.chmod(0o755)
    (folder / "Pulumi.yaml").write_text(
        "name: contact-centre\nruntime: python\n"
        f"plugins:\n  providers:\n    - name: twilio\n      path: {plugins}\n"
    )
    (folder / "state").mkdir()
    project = Project(folder, _environment(folder, {**emulator.environment(), **environment}))
    project.run("stack", "init", "test")
    return project


def _environment(folder: Path, more: dict[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TWILIO")}
    return {
        **inherited,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        **more,
    }
