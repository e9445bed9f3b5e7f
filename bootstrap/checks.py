"""What must hold before a change is shared: format, lint, types, layers, generated files, tests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bootstrap.checkout import Checkout
from bootstrap.console import Timings, say
from bootstrap.problems import Problem
from bootstrap.pulumi_cli.installing import PulumiCli


@dataclass(frozen=True)
class Check:
    """One program that ends with exit code 0 when all is well."""

    name: str
    argv: Sequence[str]
    folder: str = "."


# Ordered by what they cost; pytest last, so that its summary line ends the output.
STATIC = (
    Check("ruff format", ("ruff", "format", "--check", ".")),
    Check("ruff", ("ruff", "check", ".")),
    Check("import contracts", ("lint-imports", "--no-logo")),
    Check("generated files", ("python", "-m", "pulumi_twilio.generate", "--check")),
    Check("coverage page", ("python", "-m", "twilio_emulator.coverage_table", "--check")),
    Check("command page", ("python", "-m", "taskrouter_ops.cli.reference", "--check")),
    Check("functions lint", ("npm", "run", "--silent", "lint"), "functions"),
    Check("mypy", ("mypy",)),
)
TESTS = (
    Check("functions tests", ("npm", "run", "--silent", "test"), "functions"),
    Check("pytest", ("python", "-m", "pytest")),
)


def run(checkout: Checkout, cli: PulumiCli, checks: Sequence[Check], timings: Timings) -> None:
    """Run every check, also after one has failed; the times are told before the last one.

    Raises: Problem naming those that failed.
    """
    failed = []
    for check in checks:
        if check is checks[-1]:
            timings.show()
        say("check", f"{check.name}: {' '.join(check.argv)}")
        with timings.step(check.name):
            if not passes(checkout, cli, check):
                failed.append(check.name)
    if failed:
        raise Problem(f"failed: {', '.join(failed)} (what they found is printed above).")


def passes(checkout: Checkout, cli: PulumiCli, check: Check) -> bool:
    """Run one check on this terminal."""
    environment = cli.environment(checkout)
    # The tests choose their own backends and passphrases.
    for name in set(environment) - set(os.environ):
        if name.startswith("PULUMI_CONFIG"):
            del environment[name]
    folder: Path = checkout.root / check.folder
    done = subprocess.run(list(check.argv), cwd=folder, env=environment, check=False)
    return done.returncode == 0
