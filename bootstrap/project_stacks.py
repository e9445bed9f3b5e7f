"""The project's stacks, so that plain `pulumi stack select dev` finds them."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from bootstrap.checkout import Checkout
from bootstrap.console import say
from bootstrap.problems import Problem
from bootstrap.pulumi_cli.installing import PulumiCli

STEP = "stacks"
STACKS_HINT = (
    ". The stacks in stacks/ are made with the passphrase `local`: leave PULUMI_CONFIG_PASSPHRASE "
    "unset here, or change a stack's passphrase with `pulumi stack change-secrets-provider`."
)


def set_up(checkout: Checkout, cli: PulumiCli) -> None:
    """Make the stacks whose passphrase is known and that are not in the project's backend.

    Stacks whose settings have no `encryptionsalt` wait for somebody to choose their passphrase;
    `pulumi stack init` does. A backend the user names in PULUMI_BACKEND_URL is left alone: it may
    be shared.

    Raises: Problem when the backend cannot be read or a stack not be made; safe to repeat.
    """
    if "PULUMI_BACKEND_URL" in os.environ:
        say(STEP, "left to you, as PULUMI_BACKEND_URL is set: `pulumi stack init <name>`")
        return
    existing = present(checkout, cli)
    missing = [name for name in declared(checkout) if name not in existing]
    for name in missing:
        ask(checkout, cli, "stack", "init", name, "--no-select")
    say(STEP, f"made {', '.join(missing)}" if missing else "current")


def declared(checkout: Checkout) -> list[str]:
    """Return the names of the stacks whose settings file carries the salt of a passphrase."""
    files = sorted((checkout.root / "stacks").glob("Pulumi.*.yaml"))
    salt = re.compile(r"^encryptionsalt:", re.MULTILINE)
    salted = [file for file in files if salt.search(file.read_text())]
    return [file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in salted]


def settings_file(checkout: Checkout, stack: str) -> Path:
    """Return a stack's settings file."""
    return checkout.root / "stacks" / f"Pulumi.{stack}.yaml"


def present(checkout: Checkout, cli: PulumiCli) -> dict[str, int]:
    """Return the stacks in the project's backend with their numbers of resources."""
    stacks = json.loads(ask(checkout, cli, "stack", "ls", "--json"))
    return {stack["name"]: stack.get("resourceCount", 0) for stack in stacks}


def ask(checkout: Checkout, cli: PulumiCli, *arguments: str) -> str:
    """Return what the CLI answers.

    Raises: Problem with what it printed when it fails.
    """
    done = subprocess.run(
        [str(cli.command), *arguments, "--non-interactive"],
        cwd=checkout.root,
        env=cli.environment(checkout),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        hint = STACKS_HINT if "passphrase" in done.stderr else ""
        raise Problem(f"`pulumi {' '.join(arguments)}` failed: {done.stderr.strip()}{hint}")
    return done.stdout
