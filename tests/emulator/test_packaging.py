"""The emulator as a package of its own: built, installed where nothing else is, and run."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from twilio_emulator.version import version

ROOT = Path(__file__).resolve().parents[2]

STORY = """
from importlib.metadata import distributions, version
from twilio_emulator.testing import start_emulator

with start_emulator(workers=3, environ={"PYTHONPATH": ""}) as emulator:
    url = "https://taskrouter.twilio.com/v1/Workspaces"
    workspaces = emulator.request("GET", url).json()["workspaces"]
    print(version("twilio-emulator"), len(workspaces), emulator.status()["version"])
print(sorted(item.name.lower() for item in distributions() if "pulumi" in item.name.lower()))
"""


def run(*command: str | Path, cwd: Path) -> str:
    """Run a program to its end, away from the checkout, and return what it printed."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    ended = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.timeout(600)
def test_the_wheel_installs_and_serves_by_itself(tmp_path: Path) -> None:
    """A fresh environment with only this wheel serves Twilio and gives pytest its fixtures.

    It has no Pulumi, and its version is the checkout's.
    """
    built = ("-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path)
    run(sys.executable, *built, cwd=ROOT / "twilio_emulator")
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(python, *pip, wheel, "pytest", cwd=tmp_path)

    story, _, others = run(python, "-c", STORY, cwd=tmp_path).partition("\n")
    fixtures = run(
        python, "-m", "pytest", "--fixtures", "-q", tmp_path / "env" / "bin", cwd=tmp_path
    )
    command = run(tmp_path / "env" / "bin" / "twilio-emulator", "--version", cwd=tmp_path)

    assert story == f"{version()} 1 {version()}"
    assert others == "[]\n"
    assert "twilio_emulator" in fixtures
    assert command == f"twilio-emulator {version()}\n"
