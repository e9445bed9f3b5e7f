"""Start, find and stop the local Twilio that `make up` deploys to.

A record below `.local` says which process it is. Process ids are used again by the system, so the
record holds the process's start as well: nothing is reused or ended that does not match both.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from bootstrap.checkout import Checkout
from bootstrap.console import say
from bootstrap.problems import Problem

STEP = "emulator"
READY_SECONDS = 60.0
STOP_SECONDS = 15.0
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Settings:
    """What the emulator is started with."""

    port: int = 4010
    workers: int = 250
    seed: int = 1


@dataclass(frozen=True)
class Record:
    """The process that was started, and with which settings."""

    pid: int
    born: str
    settings: Settings


def data_folder(checkout: Checkout) -> Path:
    """Return where the emulator keeps its state."""
    return checkout.local / "emulator"


def serve_command(checkout: Checkout, settings: Settings) -> list[str]:
    """Return the command line that serves the emulator."""
    return [
        str(checkout.script("twilio-emulator")),
        "serve",
        *("--port", str(settings.port)),
        *("--data", str(data_folder(checkout))),
        *("--workers", str(settings.workers)),
        *("--seed", str(settings.seed)),
    ]


def start(checkout: Checkout, settings: Settings) -> None:
    """Start the emulator in the background and wait until it answers; reuse ours if it runs.

    Raises: Problem when ours runs with other settings, something else has the port, or the
        emulator does not come up; safe to repeat.
    """
    record = running(checkout)
    if record is not None:
        require_same(record.settings, settings)
        say(STEP, f"already running on port {settings.port} (process {record.pid})")
        return
    require_free(settings.port)
    log = log_file(checkout)
    process = spawn(checkout, settings, log)
    try:
        await_answer(process, settings.port, log)
    except BaseException:
        end(process.pid, lambda: process.poll() is None)
        record_file(checkout).unlink(missing_ok=True)
        raise
    say(STEP, f"running on port {settings.port} (process {process.pid}), log: {log}")


def stop(checkout: Checkout) -> bool:
    """Stop the emulator if it is ours and runs.

    Returns: whether there was one to stop.
    """
    record = running(checkout)
    if record is not None:
        end(record.pid, lambda: birth(record.pid) == record.born)
        say(STEP, f"stopped (process {record.pid})")
    record_file(checkout).unlink(missing_ok=True)
    return record is not None


def running(checkout: Checkout) -> Record | None:
    """Return the record of our emulator if that very process is alive."""
    record = last_record(checkout)
    return record if record is not None and birth(record.pid) == record.born else None


def last_settings(checkout: Checkout) -> Settings:
    """Return the settings the emulator had when it last ran."""
    record = last_record(checkout)
    return Settings() if record is None else record.settings


def last_record(checkout: Checkout) -> Record | None:
    """Return the last record, whether its process is alive or not; None when none can be read."""
    try:
        told = json.loads(record_file(checkout).read_text())
        return Record(told["pid"], told["born"], Settings(**told["settings"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def record_file(checkout: Checkout) -> Path:
    """Return where the record lies."""
    return checkout.local / "emulator.pid.json"


def log_file(checkout: Checkout) -> Path:
    """Return where the emulator's output goes."""
    return checkout.logs / "emulator.log"


def birth(pid: int) -> str | None:
    """Return when a live process began, in the system's own terms; None when there is none."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            # The name in parentheses may hold spaces; the state and the start time follow it.
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] == "Z" else fields[19]
    told = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or None


def require_same(present: Settings, wanted: Settings) -> None:
    """Refuse to reuse an emulator that was started with other settings."""
    if present == wanted:
        return
    were = ", ".join(f"{key.upper()}={value}" for key, value in asdict(present).items())
    raise Problem(
        f"the emulator already runs with {were}; say the same, or `make down` first to begin anew."
    )


def require_free(port: int) -> None:
    """Refuse a port that another program listens on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Problem(
                f"port {port} cannot be used by the emulator ({error.strerror}); stop what "
                f"uses it or choose another, for example `make up PORT={port + 1}`."
            ) from None


def spawn(checkout: Checkout, settings: Settings, log: Path) -> subprocess.Popen[bytes]:
    """Start the process apart from this terminal and write its record."""
    data_folder(checkout).mkdir(parents=True, exist_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            serve_command(checkout, settings),
            cwd=checkout.root,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    record = Record(process.pid, birth(process.pid) or "", settings)
    draft = record_file(checkout).with_suffix(".new")
    draft.write_text(json.dumps(asdict(record)))
    draft.rename(record_file(checkout))
    return process


def await_answer(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until the emulator answers HTTP."""
    deadline = time.monotonic() + READY_SECONDS
    while not answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            last = log.read_text(errors="replace").splitlines()[-5:]
            raise Problem(
                f"the emulator did not come up on port {port}; its log {log} ends with:\n"
                + "\n".join(f"  | {line}" for line in last)
            )
        time.sleep(POLL_SECONDS)


def answers(port: int) -> bool:
    """Tell whether an HTTP server answers on a port of this machine."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://127.0.0.1:{port}/_emulator/status", timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def end(pid: int, alive: Callable[[], bool]) -> None:
    """End a process that leads its own group, with what it started: asked first, then made to."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(pid, number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + STOP_SECONDS
        while alive():
            if time.monotonic() > deadline:
                break
            time.sleep(POLL_SECONDS)
        else:
            return
