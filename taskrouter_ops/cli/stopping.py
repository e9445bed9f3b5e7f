"""End a long run cleanly when a signal asks for it: what is in hand is finished first."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from taskrouter_ops.cli.output import INTERRUPTED, err

STOPPING = "stopping: what is in hand is finished; Ctrl-C again ends it at once, without a report"
AT_ONCE = "ended at once: what was in hand may be done or not, run it again"


class Stop:
    """Whether to end. It has no lock: a signal may come while another one is being heard."""

    def __init__(self) -> None:
        """Go on at first."""
        self._is_set = False

    def set(self) -> None:
        """Ask for the end."""
        self._is_set = True

    def is_set(self) -> bool:
        """Tell whether the end was asked for."""
        return self._is_set


@contextmanager
def stopping_on_signals() -> Iterator[Stop]:
    """Set the event at Ctrl-C, SIGTERM and SIGHUP instead of ending at once.

    A second Ctrl-C ends at once. A second signal of another kind does not: whoever sends SIGTERM
    after SIGINT waits.
    """
    stop, pressed = Stop(), 0

    def told(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        del frame
        stop.set()
        pressed += number == signal.SIGINT
        _note(AT_ONCE if pressed > 1 else STOPPING)
        if pressed > 1:
            os._exit(INTERRUPTED)

    former = {each: signal.signal(each, told) for each in _asking_for_the_end()}
    try:
        yield stop
    finally:
        for each, handler in former.items():
            signal.signal(each, handler)


def _asking_for_the_end() -> list[signal.Signals]:
    """Return the signals to stop at; a terminal that goes away is none for `nohup`."""
    hangup = getattr(signal, "SIGHUP", None)
    is_heard = hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN
    return [signal.SIGINT, signal.SIGTERM, *([hangup] if hangup and is_heard else [])]


def _note(line: str) -> None:
    """Write to standard error from a signal handler, where the console may be in use."""
    # The bar hides the cursor, and nobody else brings it back once the process is ended.
    cursor = "\033[?25h" if line == AT_ONCE and err.is_terminal else ""
    with suppress(OSError):
        os.write(2, f"{cursor}\n{line}\n".encode())
