"""Decide which Pulumi CLI to use: pure rules over what was found on the machine.

1. The `pulumi` on PATH, when it is new enough and has its Python language host.
2. One installed below `.tools` earlier.
3. The vendor's release.
4. A build from the published Go modules.

Every way that is passed over leaves its reason, which the user is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bootstrap.versions import Version

# Hook failures fail the update only since this version; before, they were warnings.
MINIMUM_PULUMI = Version(3, 238, 0)
MINIMUM_GO = Version(1, 25, 11)
GIGABYTE = 10**9
# Measured with empty caches: 1.6 GB of modules, 1.8 GB of compiled packages, 0.1 GB of results;
# the rest is the linker's scratch room.
COLD_BUILD_BYTES = 5 * GIGABYTE
WARM_BUILD_BYTES = 2 * GIGABYTE


@dataclass(frozen=True)
class PulumiOnPath:
    """What asking the `pulumi` on PATH gave; `version` is None when it told none."""

    command: Path
    version: Version | None
    language_host: Path | None


@dataclass(frozen=True)
class GoToolchain:
    """What asking the `go` on PATH gave, and the room there is for its work."""

    command: Path
    version: Version | None
    modules_downloaded: bool
    free_bytes: int


def refuse_path(found: PulumiOnPath | None) -> str | None:
    """Return why the `pulumi` on PATH does not do, None when it does."""
    if found is None:
        return "there is no `pulumi` on PATH"
    if found.version is None:
        return f"{found.command} does not tell its version"
    if found.version < MINIMUM_PULUMI:
        return f"{found.command} is {found.version}, older than {MINIMUM_PULUMI}"
    if found.language_host is None:
        return f"{found.command} has no pulumi-language-python beside it or on PATH"
    return None


def refuse_go(go: GoToolchain | None) -> str | None:
    """Return why Pulumi cannot be built here, None when it can."""
    if go is None:
        return f"there is no `go` on PATH; install Go {MINIMUM_GO} or newer"
    if go.version is None or go.version < MINIMUM_GO:
        return f"{go.command} is {go.version or 'not working'}; install Go {MINIMUM_GO} or newer"
    needed = WARM_BUILD_BYTES if go.modules_downloaded else COLD_BUILD_BYTES
    if go.free_bytes < needed:
        return (
            f"the build needs {needed / GIGABYTE:.0f} GB of free disk and there are "
            f"{go.free_bytes / GIGABYTE:.1f} GB; make room, or point GOCACHE and GOMODCACHE "
            "to a larger disk"
        )
    return None


def no_way(on_path: str, vendor: str, built: str) -> str:
    """Return the one line that says why no way is open and what to install."""
    return (
        f"no Pulumi CLI can be had: {on_path}; the vendor's release cannot be fetched ({vendor}); "
        f"it cannot be built ({built}). Install Pulumi {MINIMUM_PULUMI} or newer, "
        f"or Go {MINIMUM_GO} or newer, and run this again."
    )
