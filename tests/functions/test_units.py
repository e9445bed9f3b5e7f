"""The functions' own unit tests, in Node."""

from __future__ import annotations

import subprocess
from pathlib import Path


def test_the_unit_tests_in_node_pass() -> None:
    """Every `*.test.js` beside this file passes under Node's own test runner."""
    files = sorted(str(path) for path in Path(__file__).parent.glob("*.test.js"))

    run = subprocess.run(["node", "--test", *files], capture_output=True, text=True, check=False)

    assert files
    assert run.returncode == 0, run.stdout[-4000:]
