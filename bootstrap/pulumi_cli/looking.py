"""Ask the machine what it has."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bootstrap.pulumi_cli.choosing import GoToolchain, PulumiOnPath
from bootstrap.versions import parse_version

LANGUAGE_HOST = "pulumi-language-python"
COMMAND_LINE_MODULE = "github.com/pulumi/pulumi/pkg/v3"


def pulumi_on_path() -> PulumiOnPath | None:
    """Return the `pulumi` on PATH with its version and language host, None without one."""
    found = shutil.which("pulumi")
    if found is None:
        return None
    beside = str(Path(found).resolve().parent)
    host = shutil.which(LANGUAGE_HOST, path=beside) or shutil.which(LANGUAGE_HOST)
    told = answer([found, "version"], {"PULUMI_SKIP_UPDATE_CHECK": "true"})
    return PulumiOnPath(Path(found), parse_version(told), Path(host) if host else None)


def go_toolchain(room: Path, pulumi_version: str) -> GoToolchain | None:
    """Return the `go` on PATH and the free disk where it and `room` would write."""
    found = shutil.which("go")
    if found is None:
        return None
    # Another toolchain must not be downloaded just to tell the version of this one.
    told = answer([found, "version"], {"GOTOOLCHAIN": "local"})
    caches = json.loads(answer([found, "env", "-json", "GOCACHE", "GOMODCACHE"]) or "{}")
    folders = [room, *(Path(folder) for folder in caches.values() if folder)]
    downloaded = Path(caches.get("GOMODCACHE", "")) / f"{COMMAND_LINE_MODULE}@v{pulumi_version}"
    return GoToolchain(
        Path(found),
        parse_version(told.partition("go version")[2]),
        downloaded.is_dir(),
        min(shutil.disk_usage(existing(folder)).free for folder in folders),
    )


def existing(folder: Path) -> Path:
    """Return the folder or the nearest one above it that exists."""
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())


def answer(argv: list[str], extra: Mapping[str, str] | None = None) -> str:
    """Return what a program prints, nothing when it fails."""
    environment = {**os.environ, **(extra or {})}
    try:
        done = subprocess.run(argv, capture_output=True, text=True, env=environment, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
