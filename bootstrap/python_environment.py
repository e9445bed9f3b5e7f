"""The virtual environment: pinned packages, then the project itself."""

from __future__ import annotations

import importlib.util
import json
import sys
import tomllib
from pathlib import Path

from bootstrap import processes, stamps
from bootstrap.checkout import CONSOLE_SCRIPTS, Checkout
from bootstrap.console import say
from bootstrap.problems import Problem

STEP = "python environment"
BUILD_PACKAGES = "requirements-build.txt"
PACKAGES = "requirements.txt"
DEVELOPMENT_PACKAGES = "requirements-dev.txt"


def set_up(checkout: Checkout, *, development: bool) -> None:
    """Make `.venv` with the pinned packages and the project in it, unless it is current.

    One with the development packages also serves where they are not asked for.

    Raises: Problem when Python cannot make virtual environments or pip fails; safe to repeat.
    """
    wanted = (
        [requirements(development=True)]
        if development
        else [requirements(development=False), requirements(development=True)]
    )
    if any(stamps.is_current(checkout.venv, inputs(checkout, files)) for files in wanted):
        say(STEP, "current")
        return
    if importlib.util.find_spec("ensurepip") is None:
        raise Problem(
            f"{sys.executable} cannot make virtual environments (it has no ensurepip). Install "
            "the package python3-venv (Debian, Ubuntu: `apt-get install python3-venv`)."
        )
    say(STEP, f"making .venv with {sys.executable}")
    made_from = inputs(checkout, wanted[0])
    with stamps.replacing(checkout.venv, made_from, checkout.building) as work:
        build(checkout, work, wanted[0])
        relocate(work, checkout.venv)
    say(STEP, "ready: .venv")


def requirements(*, development: bool) -> tuple[str, ...]:
    """Return the requirement files to install, all of one resolution."""
    return (BUILD_PACKAGES, DEVELOPMENT_PACKAGES if development else PACKAGES)


def inputs(checkout: Checkout, files: tuple[str, ...]) -> str:
    """Return the digest of what the environment is made from.

    Of pyproject.toml only what an installation reads counts: a changed linter rule makes no new
    environment.
    """
    project = tomllib.loads((checkout.root / "pyproject.toml").read_text())
    installed = {key: project[key] for key in ("build-system", "project")}
    return stamps.digest(
        sys.version,
        str(checkout.root),
        json.dumps(installed, sort_keys=True),
        *(checkout.root / name for name in files),
    )


def build(checkout: Checkout, work: Path, files: tuple[str, ...]) -> None:
    """Install the packages and the project into a new virtual environment at `work`."""
    python = work / "bin" / "python"
    pip: list[str | Path] = [python, "-m", "pip", "--disable-pip-version-check", "install"]
    named: list[str | Path] = [part for name in files for part in ("-r", checkout.root / name)]
    project: list[str | Path] = ["--no-deps", "--no-build-isolation", "--editable", checkout.root]
    commands: list[tuple[str, list[str | Path]]] = [
        ("making the environment", [sys.executable, "-m", "venv", "--clear", work]),
        ("installing the pinned packages", [*pip, "--require-hashes", *named]),
        ("installing the project", [*pip, *project]),
    ]
    for doing, argv in commands:
        log = checkout.logs / f"{doing.replace(' ', '-')}.log"
        processes.run(processes.Program(STEP, doing, argv, checkout.root, log))
    missing = [name for name in CONSOLE_SCRIPTS if not (work / "bin" / name).is_file()]
    if missing:
        raise Problem(f"the project was installed without {', '.join(missing)}: see pyproject.toml")


def relocate(work: Path, target: Path) -> None:
    """Make the scripts in `work` run the interpreter at `target`, where they are about to be."""
    scripts = [path for path in (work / "bin").iterdir() if path.is_file()]
    for path in [work / "pyvenv.cfg", *scripts]:
        content = path.read_bytes()
        if not path.is_symlink() and bytes(work) in content:
            path.write_bytes(content.replace(bytes(work), bytes(target)))
