"""What every test starts from.

Where `TWILIO_OPENAPI` names the folder of Twilio's OpenAPI documents, every emulator the tests
start checks its exchanges against them, and what does not fit fails the run at its end.
"""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from twilio_emulator.contract import Violation, read_reports
from twilio_emulator.contract.report import VARIABLE as REPORT

# A shell that runs the tests in the background has them ignore Ctrl-C, and so would every
# process they start: tests of an interrupted command need the usual disposition.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_FOUND = pytest.StashKey[list[Violation]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """Give the emulators a folder to report to, for the length of the run."""
    if not os.environ.get("TWILIO_OPENAPI") or REPORT in os.environ:
        return (yield)
    with tempfile.TemporaryDirectory(prefix="twilio-contract-") as folder:
        os.environ[REPORT] = folder
        try:
            done = yield
        finally:
            del os.environ[REPORT]
        found = read_reports(Path(folder))
    session.config.stash[_FOUND] = found
    if found:
        session.testsfailed += 1
    return done


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print what did not fit Twilio's documents."""
    found = config.stash.get(_FOUND, [])
    if found:
        terminalreporter.section("not as in the OpenAPI documents")
        for violation in found:
            terminalreporter.line(str(violation))
