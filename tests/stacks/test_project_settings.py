"""The project and stack settings, as a plain Pulumi CLI takes them from a fresh checkout."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


def pulumi(folder: Path, *arguments: str) -> str:
    """Run the CLI with nothing set but the passphrase and its home."""
    cli = shutil.which("pulumi")
    assert cli is not None, "no pulumi on PATH: run the tests with `make test`"
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")}
    run = subprocess.run(
        [cli, *arguments, "--non-interactive"],
        cwd=folder,
        env={
            **kept,
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "local",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    return run.stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Copy what a fresh checkout has of settings."""
    shutil.copy(PROJECT / "Pulumi.yaml", tmp_path)
    shutil.copytree(PROJECT / "stacks", tmp_path / "stacks")
    return tmp_path


def test_the_state_is_kept_beside_the_project(checkout: Path) -> None:
    """No login and no folder is needed before the first stack is made."""
    assert not (checkout / ".local").exists()

    pulumi(checkout, "stack", "init", "local")

    assert (checkout / ".local" / "pulumi" / ".pulumi").is_dir()
    assert "local" in pulumi(checkout, "stack", "ls")


@pytest.mark.parametrize("stack", ["local", "dev"])
def test_making_a_stack_leaves_its_settings_as_they_are(checkout: Path, stack: str) -> None:
    """A checkout stays clean: the salt for the passphrase `local` is there already."""
    settings = checkout / "stacks" / f"Pulumi.{stack}.yaml"
    before = settings.read_bytes()

    pulumi(checkout, "stack", "init", stack)

    assert settings.read_bytes() == before


@pytest.mark.parametrize("stack", ["staging", "production"])
def test_a_passphrase_of_ones_own_is_added_below_the_settings(checkout: Path, stack: str) -> None:
    """Making the stack adds a salt and keeps everything else, comments too."""
    settings = checkout / "stacks" / f"Pulumi.{stack}.yaml"
    before = settings.read_text()

    pulumi(checkout, "stack", "init", stack)

    assert settings.read_text().startswith(before.rstrip())
    assert settings.read_text().removeprefix(before.rstrip()).startswith("\nencryptionsalt: ")


def test_local_points_at_the_local_twilio(checkout: Path) -> None:
    """The address and the sample account are those of the emulator."""
    pulumi(checkout, "stack", "init", "local")

    shown = pulumi(checkout, "config")

    assert "http://127.0.0.1:4010" in shown
    assert "ACe0000000000000000000000000000001" in shown
