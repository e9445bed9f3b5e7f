"""Let one Ctrl-C end a demonstration, and nothing keep it from tidying up."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

SIGNALS = [
    found
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if (found := getattr(signal, name, None)) is not None
]


class Interrupts:
    """Turns the first signal that asks for the end into KeyboardInterrupt, further ones into none.

    Within `held` a signal waits for the end of the block. Works in the main thread only.
    """

    def __init__(self) -> None:
        """Change nothing yet."""
        self._former: dict[signal.Signals, signal.Handlers] = {}
        self._waiting = self._raised = False
        self._holds = 0

    def __enter__(self) -> Interrupts:
        """Take the signals over."""
        for one in SIGNALS:
            self._former[one] = signal.signal(one, self._handle)  # type: ignore[assignment]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give them back."""
        for one, handler in self._former.items():
            signal.signal(one, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let a signal wait. Raises: KeyboardInterrupt at the end, where one came meanwhile."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
        if self._waiting and not self._holds:
            self._waiting = False
            self._interrupt()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._holds:
            self._waiting = True
        else:
            self._interrupt()

    def _interrupt(self) -> None:
        if not self._raised:
            self._raised = True
            raise KeyboardInterrupt
