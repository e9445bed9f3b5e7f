"""The commands as people start them: one clear line and exit code 1 for what a machine lacks."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bootstrap.machine import REPOSITORY, script


def bootstrap(command: str, path: str) -> subprocess.CompletedProcess[str]:
    """Run one command with a PATH of its own."""
    return subprocess.run(
        [sys.executable, "-B", "-m", "bootstrap", command],
        cwd=REPOSITORY,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make in the repository."""
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("node", "line"),
    [
        (None, "there is no `node` on PATH. Install Node 20 or newer"),
        ("echo v18.19.0", "is v18.19.0. Install Node 20 or newer"),
        ("exit 1", "is not working. Install Node 20 or newer"),
        ("echo v20.1.0", "no `npm` beside it. Install Node 20 or newer"),
    ],
    ids=["no Node", "old Node", "broken Node", "no npm"],
)
def test_a_missing_node_is_one_line_before_anything_is_installed(
    tmp_path: Path, node: str | None, line: str
) -> None:
    """PATH holds nothing but the Node in question."""
    if node is not None:
        script(tmp_path / "node", node)

    done = bootstrap("setup", str(tmp_path))

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert line in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_old_python_is_told_which_one_is_needed() -> None:
    """The gate is readable by old interpreters and stands before every other import."""
    gate = (REPOSITORY / "bootstrap" / "__main__.py").read_text()
    ast.parse(gate, feature_version=(3, 6))
    older = (
        "import runpy, sys; sys.version_info = (3, 9, 1, 'final', 0); "
        "runpy.run_module('bootstrap', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", older], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert re.fullmatch(
        r"error: Python 3\.11 or newer is needed, and .* is 3\.9\..*\n", done.stderr
    )


def test_make_without_a_target_lists_every_target_with_its_line() -> None:
    """Each target that is declared is explained."""
    declared = re.findall(r"^\.PHONY: (.*)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)

    listed = re.findall(r"^  make (\S+) +\S.*$", make().stdout, re.MULTILINE)

    assert listed == declared[0].split()


def test_make_without_python_says_what_to_install() -> None:
    """The line comes from make's own recipe, as there is nothing else to run."""
    done = make("setup", "PYTHON=python-that-is-not-there")

    assert done.returncode != 0
    assert "error: there is no python-that-is-not-there on PATH; install Python 3.11" in done.stderr
