"""Run a command on a pseudo-terminal and read what a person would see of it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

ROWS = 40
_CONTROL = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])")
_COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-9]|9[0-7])(?:;[0-9;]*)?m")


@dataclass(frozen=True)
class Shown:
    """What a command wrote to its terminal, and its exit code."""

    written: str
    code: int

    @property
    def screen(self) -> list[str]:
        """Return the lines as they stand there at the end."""
        lines, row, column, at = [""], 0, 0, 0
        while at < len(self.written):
            if control := _CONTROL.match(self.written, at):
                at = control.end()
                if control[2] == "A":
                    row = max(0, row - int(control[1] or 1))
                elif control[2] == "K":
                    lines[row] = ""
                continue
            character = self.written[at]
            at += 1
            if character == "\r":
                column = 0
            elif character == "\n":
                row += 1
                lines += [""] * (row + 1 - len(lines))
            else:
                lines[row] = (
                    lines[row].ljust(column)[:column] + character + (lines[row][column + 1 :])
                )
                column += 1
        return [line.rstrip() for line in lines]

    @property
    def redraws(self) -> int:
        """Count how often the cursor went up to draw over what was there."""
        return len(re.findall(r"(?:\x1b\[1A\x1b\[2K)+", self.written))

    @property
    def is_coloured(self) -> bool:
        """Tell whether any colour was used."""
        return _COLOUR.search(self.written) is not None

    @property
    def cursor_is_back(self) -> bool:
        """Tell whether a hidden cursor was shown again."""
        return self.written.count("\x1b[?25l") == self.written.count("\x1b[?25h")


def on_terminal(
    command: Sequence[str],
    environ: Mapping[str, str],
    *,
    columns: int,
    until: Callable[[str], bool] | None = None,
    keys: bytes = b"",
) -> Shown:
    """Run a command on a terminal of its own; once `until` holds press `keys`."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    process = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environ,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    written, pressed = b"", False
    while chunk := _read(ours):
        written += chunk
        if until and not pressed and until(written.decode(errors="replace")):
            os.write(ours, keys)
            pressed = True
    code = process.wait(60)
    os.close(ours)
    return Shown(written.decode(), code)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how a pseudo-terminal says that nobody writes to it any more
        return b""
