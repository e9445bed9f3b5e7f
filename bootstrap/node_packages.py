"""Node packages of the Functions and of what runs them locally."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from bootstrap import processes, stamps
from bootstrap.checkout import Checkout
from bootstrap.console import say
from bootstrap.problems import Problem
from bootstrap.versions import Version, parse_version

STEP = "node packages"
FOLDERS = ("functions", "twilio_emulator/functions_runtime/node")
MINIMUM_NODE = Version(20, 0, 0)
INPUTS = ("package.json", "package-lock.json", ".npmrc")


def set_up(checkout: Checkout) -> None:
    """Install the locked packages of each folder that has a lock file.

    Raises: Problem when Node or npm is missing or too old, or npm fails; safe to repeat.
    """
    node = require_node()
    for name in FOLDERS:
        folder = checkout.root / name
        if (folder / "package-lock.json").is_file():
            install(checkout, folder, node)


def require_node() -> Version:
    """Return the version of the Node on PATH, or say what to install."""
    found = shutil.which("node")
    install_it = f"Install Node {MINIMUM_NODE.major} or newer (with npm) and run this again."
    if found is None:
        raise Problem(f"Twilio Functions need Node, and there is no `node` on PATH. {install_it}")
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    version = parse_version(told)
    if version is None or version < MINIMUM_NODE:
        raise Problem(
            f"Twilio Functions need Node {MINIMUM_NODE.major}: {found} is "
            f"{told.strip() or 'not working'}. {install_it}"
        )
    if shutil.which("npm") is None:
        raise Problem(f"{found} is there, and no `npm` beside it. {install_it}")
    return version


def install(checkout: Checkout, folder: Path, node: Version) -> None:
    """Run `npm ci` apart and put its node_modules in place."""
    name = str(folder.relative_to(checkout.root))
    sources = [folder / file for file in INPUTS if (folder / file).is_file()]
    made_from = stamps.digest(str(node.major), *sources)
    target = folder / "node_modules"
    if stamps.is_current(target, made_from):
        say(STEP, f"{name}: current")
        return
    say(STEP, f"{name}: npm ci")
    with stamps.replacing(target, made_from, checkout.building) as work:
        apart = work / "apart"
        apart.mkdir()
        for source in sources:
            shutil.copy(source, apart)
        log = checkout.logs / f"npm-ci-{name.replace('/', '-')}.log"
        argv = ["npm", "ci", "--no-audit", "--no-fund"]
        processes.run(processes.Program(STEP, f"{name}: npm ci", argv, apart, log))
        (apart / "node_modules").mkdir(exist_ok=True)
        for package in (apart / "node_modules").iterdir():
            package.rename(work / package.name)
        shutil.rmtree(apart)
    say(STEP, f"{name}: ready")
