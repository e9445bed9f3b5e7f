"""The engine's lock on a stack, where the process that held it was killed.

The CLI locks a stack in a file backend by a file that names its process, and a killed CLI leaves
it behind: every later command then refuses. Only a lock whose process is certainly gone, on this
very machine, is taken away.
"""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

from bootstrap.checkout import Checkout
from bootstrap.console import say


def release_dead(checkout: Checkout, stack: str) -> None:
    """Take away the locks of a stack of the project's own backend whose processes are gone."""
    if "PULUMI_BACKEND_URL" in os.environ:
        return
    locks = checkout.local / "pulumi" / ".pulumi" / "locks"
    for lock in sorted(locks.glob(f"organization/*/{stack}/*.json")):
        if is_dead(lock):
            lock.unlink(missing_ok=True)
            say("stack local", "took away the lock of a pulumi process that was killed")


def is_dead(lock: Path) -> bool:
    """Tell whether the process that a lock names is certainly gone."""
    try:
        holder = json.loads(lock.read_text())
        pid, host = int(holder["pid"]), holder["hostname"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if host != socket.gethostname():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # somebody else's, so it lives
        return False
    return False
