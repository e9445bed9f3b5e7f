"""A machine made for one test: a checkout in a temporary folder and the programs on its PATH."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bootstrap.checkout import Checkout

REPOSITORY = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 60.0


def script(path: Path, text: str, interpreter: str = "/bin/sh") -> Path:
    """Write an executable script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{interpreter}\n{text}\n")
    path.chmod(0o755)
    return path


def make_checkout(root: Path) -> Checkout:
    """Return a checkout whose emulator is the real one and whose Python has no network."""
    checkout = Checkout(root)
    serve = f"import sys; sys.path.insert(0, {str(REPOSITORY)!r})\n"
    serve += "from twilio_emulator.cli import app; app()"
    script(checkout.script("twilio-emulator"), serve, sys.executable)
    script(checkout.script("python"), "echo its site cannot be reached: no network; exit 1")
    (root / "requirements.txt").write_text("pulumi==3.272.0 \\\n    --hash=sha256:0\n")
    return checkout


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def taken_port() -> Iterator[int]:
    """Listen on a port that is not the emulator's."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Poll until a condition holds."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"waited {DEADLINE_SECONDS:.0f} s for {what}"
        time.sleep(0.05)


def start_python(program: str, *, path: str | None = None) -> subprocess.Popen[str]:
    """Start Python code that may import the repository, as a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    if path is not None:
        environment["PATH"] = path
    return subprocess.Popen(
        [sys.executable, "-c", program],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
