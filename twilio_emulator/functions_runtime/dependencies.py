"""Decide which packages a build may require.

The emulator installs nothing at build time: a build can use what is in the host's
`node_modules`, and anything else fails the build with a line that says so.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

HOST_FOLDER = Path(__file__).with_name("node")
NODE_MODULES = HOST_FOLDER / "node_modules"

BUILT_IN: Mapping[str, str] = {"fs": "0.0.1-security", "util": "0.11.0"}
"""Names Twilio lists as dependencies although Node itself answers for them."""

DEFAULTS = ("@twilio/runtime-handler", "fs", "lodash", "twilio", "util", "xmldom")
"""What Twilio adds to every build that does not name it. Source: a provider's acceptance tests."""


class RuntimeNotInstalled(Exception):
    """The host's Node packages are missing."""

    def __init__(self) -> None:
        super().__init__(
            f"the functions runtime is not installed: run `npm ci` in {HOST_FOLDER} "
            "(in a checkout of the project `make setup` does)"
        )


@dataclasses.dataclass(frozen=True)
class DependencyProblem:
    """A package a build names and the emulator does not have."""

    name: str
    version: str

    def __str__(self) -> str:
        return (
            f"Dependency {self.name}@{self.version} is not installed in the emulator; "
            f"add it to {HOST_FOLDER / 'package.json'} and run `npm install` there"
        )


@dataclasses.dataclass(frozen=True)
class Resolution:
    """The dependencies of a build, with what is wrong and what is only worth a note."""

    dependencies: Sequence[Mapping[str, str]]
    problems: Sequence[DependencyProblem]
    notes: Sequence[str]

    @property
    def packages(self) -> Sequence[str]:
        """List what Node has to find in the build's folder."""
        return [row["name"] for row in self.dependencies if row["name"] not in BUILT_IN]


@functools.cache
def _versions() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for manifest in (*NODE_MODULES.glob("*/package.json"), *NODE_MODULES.glob("@*/*/package.json")):
        document = json.loads(manifest.read_text("utf-8"))
        found[document["name"]] = document["version"]
    return found


def installed_packages() -> Mapping[str, str]:
    """Return name -> version of every package functions can be given.

    Raises: RuntimeNotInstalled when the host's own packages are missing.
    """
    if not (NODE_MODULES / "@twilio" / "runtime-handler").is_dir():
        _versions.cache_clear()
        raise RuntimeNotInstalled
    return _versions()


def resolve(wanted: Sequence[Mapping[str, str]], installed: Mapping[str, str]) -> Resolution:
    """Add Twilio's default dependencies to the wanted ones and compare with what is installed."""
    available = {**installed, **BUILT_IN}
    named = {row["name"] for row in wanted}
    defaults = [
        {"name": name, "version": available[name]} for name in DEFAULTS if name not in named
    ]
    problems = [
        DependencyProblem(row["name"], row["version"])
        for row in wanted
        if row["name"] not in available
    ]
    notes = [
        f"Dependency {row['name']}@{row['version']} was asked for; "
        f"the emulator runs {available[row['name']]}"
        for row in wanted
        if row["name"] in installed and row["version"] != available[row["name"]]
    ]
    return Resolution([*wanted, *defaults], problems, notes)
