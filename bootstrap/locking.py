"""One command at a time in a checkout."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bootstrap.checkout import Checkout
from bootstrap.problems import Problem


@contextmanager
def sole_use(checkout: Checkout, command: str) -> Iterator[None]:
    """Keep other commands out of the checkout while the block runs.

    The lock is the kernel's and ends with the process, however that ends.

    Raises: Problem naming the command that holds the checkout; safe to repeat when it has ended.
    """
    checkout.tools.mkdir(parents=True, exist_ok=True)
    with (checkout.tools / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise Problem(
                f"{file.read().strip() or 'another command'} is at work in this checkout; "
                "wait for it to end and run this again."
            ) from None
        file.truncate(0)
        file.write(f"`make {command}` (process {os.getpid()}, since {time.strftime('%H:%M:%S')})")
        file.flush()
        yield
