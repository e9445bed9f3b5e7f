"""The emulator in the background: started, reused, refused and stopped, and only ever ours."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from bootstrap import emulator_process
from bootstrap.checkout import Checkout
from bootstrap.emulator_process import Record, Settings
from bootstrap.problems import Problem
from tests.bootstrap.machine import free_port, make_checkout, script, taken_port

# It is to outlive the process that starts it, which Popen reports as forgotten.
pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    """Give a checkout and stop what it started."""
    made = make_checkout(tmp_path)
    yield made
    emulator_process.stop(made)


@pytest.fixture
def stranger() -> Iterator[int]:
    """Give the process id of a live program that is not the emulator."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield process.pid
    process.kill()
    process.wait()


def write_record(checkout: Checkout, record: Record) -> None:
    """Leave a record as a former run would have."""
    checkout.local.mkdir(parents=True, exist_ok=True)
    emulator_process.record_file(checkout).write_text(json.dumps(asdict(record)))


def test_it_is_started_once_reused_and_stopped(checkout: Checkout) -> None:
    """A second start finds the first one's process; after the stop the port is free again."""
    settings = Settings(free_port(), workers=3)

    emulator_process.start(checkout, settings)
    first = emulator_process.running(checkout)
    emulator_process.start(checkout, settings)
    second = emulator_process.running(checkout)
    assert emulator_process.stop(checkout)

    assert first is not None
    assert first == second
    assert emulator_process.running(checkout) is None
    emulator_process.require_free(settings.port)
    assert not emulator_process.stop(checkout)


def test_other_settings_are_refused_while_it_runs(checkout: Checkout) -> None:
    """A sample account of another size cannot be had from the one that runs."""
    settings = Settings(free_port(), workers=3)
    emulator_process.start(checkout, settings)

    with pytest.raises(Problem, match=r"already runs with PORT=\d+, WORKERS=3, SEED=1"):
        emulator_process.start(checkout, Settings(settings.port, workers=4))


def test_a_port_in_use_is_named_with_a_way_out(checkout: Checkout) -> None:
    """Nothing is started, and the line says how to choose another port."""
    with (
        taken_port() as port,
        pytest.raises(Problem, match=rf"port {port} cannot .* `make up PORT={port + 1}`"),
    ):
        emulator_process.start(checkout, Settings(port))

    assert not emulator_process.record_file(checkout).exists()


def test_one_that_dies_at_its_start_shows_its_last_words(checkout: Checkout) -> None:
    """The error holds the log's end, and no record is left."""
    script(checkout.script("twilio-emulator"), "echo the database is from a newer version; exit 1")

    with pytest.raises(Problem, match="the database is from a newer version"):
        emulator_process.start(checkout, Settings(free_port()))

    assert not emulator_process.record_file(checkout).exists()


def test_a_stale_record_is_passed_over(checkout: Checkout) -> None:
    """A record of a process that is gone (a reboot) does not keep a new one from starting."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    settings = Settings(free_port(), workers=3)
    write_record(checkout, Record(gone.pid, "12345", settings))

    assert emulator_process.running(checkout) is None
    assert emulator_process.last_settings(checkout) == settings
    emulator_process.start(checkout, settings)
    assert emulator_process.running(checkout) is not None


def test_a_stranger_with_the_recorded_process_id_is_never_ended(
    checkout: Checkout, stranger: int
) -> None:
    """Process ids are used again: only one that began when ours did is ours."""
    write_record(checkout, Record(stranger, "1", Settings(free_port())))

    assert not emulator_process.stop(checkout)

    assert emulator_process.birth(stranger) is not None
    assert not emulator_process.record_file(checkout).exists()


@pytest.mark.parametrize("content", ["", "4711", "{}", "not json", '{"pid": 1}'])
def test_a_damaged_record_counts_as_none(checkout: Checkout, content: str) -> None:
    """A half-written or foreign file is not an error."""
    checkout.local.mkdir(parents=True)
    emulator_process.record_file(checkout).write_text(content)

    assert emulator_process.running(checkout) is None


def test_one_that_will_not_end_is_made_to(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopping does not wait for ever."""
    monkeypatch.setattr(emulator_process, "STOP_SECONDS", 0.5)
    port = free_port()
    stubborn = f"""
import http.server, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
http.server.HTTPServer(("127.0.0.1", {port}), http.server.BaseHTTPRequestHandler).serve_forever()
"""
    script(checkout.script("twilio-emulator"), stubborn, sys.executable)
    emulator_process.start(checkout, Settings(port))
    record = emulator_process.running(checkout)
    assert record is not None

    assert emulator_process.stop(checkout)

    assert emulator_process.birth(record.pid) is None


def test_it_outlives_the_terminal_it_was_started_from(checkout: Checkout) -> None:
    """Ctrl-C and hanging up reach a terminal's session, and the emulator is in one of its own."""
    emulator_process.start(checkout, Settings(free_port(), workers=3))
    record = emulator_process.running(checkout)

    assert record is not None
    assert os.getsid(record.pid) == os.getpgid(record.pid) == record.pid
