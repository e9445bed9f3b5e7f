"""Run clients as programs of their own, with nothing but the environment to go by."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
NODE_LIBRARIES = ("twilio4", "twilio5", "twilio6")


def told_by_env(port: int, directory: Path, *options: str) -> dict[str, str]:
    """Return the variables that `twilio-emulator env` prints."""
    command = [sys.executable, "-m", "twilio_emulator", "env", "--port", str(port), "--json"]
    ran = run([*command, "--certificates", str(directory), *options], {})
    return dict(json.loads(ran))


def run(command: list[str], variables: Mapping[str, str], folder: Path | None = None) -> str:
    """Run a program to its good end and return what it printed."""
    done = subprocess.run(
        command,
        env={**os.environ, **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, f"{command}: {done.stderr[-4000:]}"
    return done.stdout


def facts(command: list[str], variables: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """Run a program and read the JSON object it reports."""
    return dict(json.loads(run(command, variables, folder)))


def node_folder() -> Path:
    """Return the folder with Twilio's Node libraries, installed now if nothing did it before."""
    installed = HERE / "node_modules"
    if not all((installed / name / "package.json").is_file() for name in NODE_LIBRARIES):
        run(["npm", "ci", "--no-audit", "--no-fund"], {}, HERE)
    return HERE


def go_command() -> list[str]:
    """Return the `go` command; a test without one is skipped."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("there is no `go` on PATH")
    return [go]


def go_program(folder: Path) -> str:
    """Build the Go program in a folder of its own and return its path."""
    target = folder / "conversation"
    variables = {"GOFLAGS": "-buildvcs=false"}
    run([*go_command(), "build", "-o", str(target), "."], variables, HERE / "go")
    return str(target)
