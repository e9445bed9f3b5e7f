"""A record of when requests were served, for `make bench-up`.

Where PULUMI_TWILIO_TRACE names a file, each request appends one JSON line: method, and when it
began and ended (seconds of the monotonic clock). It holds no inputs and no outputs.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "PULUMI_TWILIO_TRACE"


@contextmanager
def traced(method: str) -> Iterator[None]:
    """Record the time spent in the block, where somebody asked for it."""
    path = os.environ.get(VARIABLE)
    if not path:
        yield
        return
    started = time.monotonic()
    try:
        yield
    finally:
        line = json.dumps({"method": method, "start": started, "end": time.monotonic()})
        # One short write to a file opened for appending: lines of threads do not mix.
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
