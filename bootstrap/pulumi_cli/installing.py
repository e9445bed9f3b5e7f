"""Carry the decision out: find, install or build the Pulumi CLI."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bootstrap import stamps
from bootstrap.checkout import Checkout, search_path
from bootstrap.console import say
from bootstrap.problems import Problem
from bootstrap.pulumi_cli import choosing, go_build, looking
from bootstrap.python_environment import PACKAGES

STEP = go_build.STEP
DOWNLOAD_SECONDS = 600.0
PASSPHRASE_VARIABLES = {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"}
# The stacks in stacks/ hold no secret worth one; real deployments choose their own.
DEFAULT_PASSPHRASE = "local"  # noqa: S105 -- documented, not a secret


@dataclass(frozen=True)
class PulumiCli:
    """The Pulumi CLI to use."""

    command: Path

    def environment(self, checkout: Checkout) -> dict[str, str]:
        """Return the environment to run it in.

        The virtual environment comes first on PATH: the provider plugin is found there, and the
        language host built from Go modules takes its Python from there.
        """
        path = search_path(checkout.venv / "bin", self.command.parent)
        environment = {**os.environ, "PATH": path, "PULUMI_SKIP_UPDATE_CHECK": "true"}
        if not PASSPHRASE_VARIABLES & environment.keys():
            environment["PULUMI_CONFIG_PASSPHRASE"] = DEFAULT_PASSPHRASE
        return environment


def set_up(checkout: Checkout) -> PulumiCli:
    """Return a Pulumi CLI, installing one below `.tools` if the machine has none that does.

    Raises: Problem when no way is open; safe to repeat.
    """
    on_path = looking.pulumi_on_path()
    refusal = choosing.refuse_path(on_path)
    if refusal is None and on_path is not None:
        say(STEP, f"{on_path.version} on PATH: {on_path.command}")
        return PulumiCli(on_path.command)
    earlier = installed(checkout)
    if earlier is not None:
        say(STEP, f"current, installed earlier (as {refusal}): {earlier.command}")
        return earlier
    say(STEP, f"not from PATH: {refusal}")
    return fetched(checkout, str(refusal))


def available(checkout: Checkout) -> PulumiCli | None:
    """Return the CLI `set_up` would take without installing anything, None without one."""
    on_path = looking.pulumi_on_path()
    if on_path is not None and choosing.refuse_path(on_path) is None:
        return PulumiCli(on_path.command)
    return installed(checkout)


def installed(checkout: Checkout) -> PulumiCli | None:
    """Return the CLI an earlier run installed below `.tools`, if it is current."""
    for folder, inputs in (
        (vendor_folder(checkout), vendor_inputs(checkout)),
        (built_folder(checkout), go_build.inputs()),
    ):
        if stamps.is_current(folder, inputs):
            return PulumiCli(folder / "bin" / "pulumi")
    return None


def fetched(checkout: Checkout, path_refusal: str) -> PulumiCli:
    """Install the vendor's release, or build Pulumi where that cannot be had."""
    vendor_refusal = install_vendor_release(checkout)
    if vendor_refusal is None:
        folder = vendor_folder(checkout)
        say(STEP, f"installed the vendor's release {folder.name}: {folder}")
        return PulumiCli(folder / "bin" / "pulumi")
    say(STEP, f"not the vendor's release: {vendor_refusal}")
    go = looking.go_toolchain(checkout.tools, go_build.pinned_version())
    refusal = choosing.refuse_go(go)
    if refusal is not None:
        raise Problem(choosing.no_way(path_refusal, vendor_refusal, refusal))
    go_build.tell_start()
    folder = built_folder(checkout)
    with stamps.replacing(folder, go_build.inputs(), checkout.building) as work:
        go_build.build(checkout, work)
    say(STEP, f"built {folder.name} from Go modules: {folder}")
    return PulumiCli(folder / "bin" / "pulumi")


def install_vendor_release(checkout: Checkout) -> str | None:
    """Install the vendor's release; return why that failed, None when it is there."""
    version = sdk_version(checkout)
    python = str(checkout.script("python"))
    argv = [python, "-m", "bootstrap.pulumi_cli.vendor_release"]
    folder, inputs = vendor_folder(checkout), vendor_inputs(checkout)
    try:
        with stamps.replacing(folder, inputs, checkout.building) as work:
            subprocess.run(
                [*argv, str(work), version],
                cwd=checkout.root,
                check=True,
                capture_output=True,
                text=True,
                timeout=DOWNLOAD_SECONDS,
            )
    except subprocess.TimeoutExpired:
        return f"its download took more than {DOWNLOAD_SECONDS:.0f} s"
    except subprocess.CalledProcessError as error:
        return str(error.stdout or error.stderr).strip().splitlines()[-1]
    return None


def sdk_version(checkout: Checkout) -> str:
    """Return the version of the pinned SDK, which the vendor's release is to match."""
    pinned = (checkout.root / PACKAGES).read_text()
    found = re.search(r"^pulumi==(\S+)", pinned, re.MULTILINE)
    if found is None:
        raise Problem(f"{PACKAGES} does not pin pulumi")
    return found[1]


def vendor_folder(checkout: Checkout) -> Path:
    """Return where the vendor's release goes."""
    return checkout.tools / "pulumi" / sdk_version(checkout)


def vendor_inputs(checkout: Checkout) -> str:
    """Return the digest of what the vendor's release depends on."""
    return stamps.digest("vendor release", sdk_version(checkout))


def built_folder(checkout: Checkout) -> Path:
    """Return where the build goes."""
    return checkout.tools / "pulumi" / go_build.pinned_version()
