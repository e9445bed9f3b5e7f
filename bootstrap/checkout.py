"""Where things lie in a checkout."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

CONSOLE_SCRIPTS = ("pulumi-resource-twilio", "taskrouter", "twilio-emulator")


@dataclass(frozen=True)
class Checkout:
    """Name every path below a checkout that setting up reads or writes."""

    root: Path

    @property
    def venv(self) -> Path:
        """The virtual environment."""
        return self.root / ".venv"

    @property
    def tools(self) -> Path:
        """Tools installed for this checkout alone."""
        return self.root / ".tools"

    @property
    def building(self) -> Path:
        """Where things are made before they take their place."""
        return self.tools / "building"

    @property
    def local(self) -> Path:
        """Data, logs and state of the local contact centre."""
        return self.root / ".local"

    @property
    def logs(self) -> Path:
        """One log file per step."""
        return self.local / "logs"

    def script(self, name: str) -> Path:
        """Return a program of the virtual environment."""
        return self.venv / "bin" / name


def checkout_of_this_file() -> Checkout:
    """Return the checkout this package lies in."""
    return Checkout(Path(__file__).resolve().parent.parent)


def search_path(*first: Path) -> str:
    """Return a PATH with the given folders in front of the present one."""
    present = os.environ.get("PATH", os.defpath)
    return os.pathsep.join([*(str(folder) for folder in first), present])
