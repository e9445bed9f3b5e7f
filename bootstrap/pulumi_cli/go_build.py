"""Build the Pulumi CLI and its Python language host from their published Go modules.

`go install` refuses modules with `replace` directives, so each program has a tiny module of its
own beside this file, with every dependency pinned in go.mod and go.sum. The language host left the
SDK's module after 3.79 and is not published since; that last release works with later engines.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bootstrap import processes, stamps
from bootstrap.checkout import Checkout
from bootstrap.console import say
from bootstrap.problems import Problem
from bootstrap.pulumi_cli.looking import COMMAND_LINE_MODULE, LANGUAGE_HOST

STEP = "pulumi cli"
MODULES = Path(__file__).parent
COMMAND_LINE = MODULES / "command_line"
SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3"
EXECUTABLE = "pulumi-language-python-exec"


@dataclass(frozen=True)
class GoProgram:
    """Name one program to build: the module that pins it, its package and the build's flags."""

    name: str
    module: Path
    package: str
    flags: tuple[str, ...]


def pinned_version() -> str:
    """Return the version of Pulumi that command_line/go.mod pins, without the `v`."""
    found = re.search(
        rf"{re.escape(COMMAND_LINE_MODULE)} v(\S+)", (COMMAND_LINE / "go.mod").read_text()
    )
    if found is None:
        raise Problem(f"{COMMAND_LINE / 'go.mod'} does not require {COMMAND_LINE_MODULE}")
    return found[1]


def programs(version: str) -> list[GoProgram]:
    """Return what is built, in order."""
    stamp = f"-X {SDK_MODULE}/go/common/version.Version=v{version}"
    command_line = f"{COMMAND_LINE_MODULE}/cmd/pulumi"
    language_host = f"{SDK_MODULE}/python/cmd/{LANGUAGE_HOST}"
    common = ("-mod=readonly", "-trimpath", "-ldflags")
    return [
        GoProgram("pulumi", COMMAND_LINE, command_line, (*common, f"-s -w {stamp}")),
        GoProgram(LANGUAGE_HOST, MODULES / "language_host", language_host, (*common, "-s -w")),
    ]


def inputs() -> str:
    """Return the digest of what the build is made from."""
    version = pinned_version()
    return stamps.digest(
        *(flag for program in programs(version) for flag in (program.package, *program.flags)),
        *(program.module / file for program in programs(version) for file in ("go.mod", "go.sum")),
    )


def build(checkout: Checkout, work: Path) -> None:
    """Build both programs into `work/bin`.

    Takes minutes and gigabytes of Go's caches the first time, seconds afterwards.

    Raises: Problem when a build fails or modules cannot be downloaded; safe to repeat, what was
        compiled stays in Go's cache.
    """
    scratch = checkout.building / "go"
    stamps.remove(scratch)
    scratch.mkdir(parents=True)
    try:
        for program in programs(pinned_version()):
            compile_program(checkout, program, work / "bin" / program.name, scratch)
    finally:
        stamps.remove(scratch)
    shutil.copyfile(sdk_folder() / "python" / "cmd" / EXECUTABLE, work / "bin" / EXECUTABLE)
    (work / "bin" / EXECUTABLE).chmod(0o755)


def compile_program(checkout: Checkout, program: GoProgram, result: Path, scratch: Path) -> None:
    """Compile one program, telling how far it is."""
    total = count_packages(checkout, program)
    compiled: list[str] = []
    argv: list[str | Path] = ["go", "build", "-v", *program.flags, "-o", result, program.package]
    log = checkout.logs / f"go-build-{program.name}.log"
    processes.run(
        processes.Program(
            STEP, f"compiling {program.name}", argv, program.module, log, go_environment(scratch)
        ),
        progress=compiled.append,
        detail=lambda: progress_detail(compiled, total),
    )


def count_packages(checkout: Checkout, program: GoProgram) -> int:
    """Return how many packages a program is made of, downloading their modules if need be."""
    packages: list[str] = []
    downloaded: list[str] = []

    def sort(line: str) -> None:
        (downloaded if line.startswith("go: ") else packages).append(line)

    argv = ["go", "list", "-mod=readonly", "-deps", program.package]
    log = checkout.logs / f"go-list-{program.name}.log"
    doing = f"downloading the modules of {program.name}"
    processes.run(
        processes.Program(STEP, doing, argv, program.module, log, go_environment()),
        progress=sort,
        detail=lambda: f"{len(downloaded)} so far",
    )
    return len(packages)


def progress_detail(compiled: list[str], total: int) -> str:
    """Say how far a compilation is; packages taken from Go's cache are not among `compiled`."""
    if not compiled:
        return f"{total} packages, all from Go's cache so far"
    return f"{len(compiled)} of at most {total} packages compiled, now {compiled[-1]}"


def sdk_folder() -> Path:
    """Return where the SDK's module was downloaded to."""
    argv = ["go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", SDK_MODULE]
    told = subprocess.run(
        argv, cwd=COMMAND_LINE, env=go_environment(), capture_output=True, text=True, check=True
    )
    return Path(told.stdout.strip())


def go_environment(scratch: Path | None = None) -> dict[str, str]:
    """Return the environment of the Go commands.

    Without C the build needs no compiler but Go's, as the vendor's own releases; a workspace of the
    user's must not replace what go.mod pins.
    """
    extra = {"CGO_ENABLED": "0", "GOWORK": "off"}
    if scratch is not None:
        extra["GOTMPDIR"] = str(scratch)
    return {**os.environ, **extra}


def tell_start() -> None:
    """Tell the user what is about to take long."""
    say(
        STEP,
        f"building Pulumi {pinned_version()} from its Go modules: seconds when Go's cache "
        "is warm, else about 5 to 10 minutes on 2 cores",
    )
