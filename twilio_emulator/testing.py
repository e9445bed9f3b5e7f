"""Run an emulator inside a test: `start_emulator()` and what it offers.

    from twilio_emulator.testing import start_emulator

    @pytest.fixture(scope="module")
    def emulator():
        with start_emulator(workers=20) as running:
            yield running

    def test_unchanged_definition_makes_no_call(emulator):
        emulator.clear_journal()
        ...
        assert emulator.journal(kind="api") == []

The emulator is a process of its own on a free port, keeps nothing unless `data` is given, and
is stopped with its functions when the block ends.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from . import sample_account
from .control import Control

_READY = "Twilio emulator ready on "
_START_SECONDS = 60.0
_STOP_SECONDS = 15.0


class RunningEmulator(Control):
    """A running emulator: where it is, whose it is, and (from `Control`) its own routes.

    `base_url` is what `TWILIO_BASE_URL` takes.  `environment()` gives the `TWILIO_*` variables.
    """

    account_sid = sample_account.ACCOUNT_SID
    auth_token = sample_account.AUTH_TOKEN
    api_key_sid = sample_account.API_KEY_SID
    api_key_secret = sample_account.API_KEY_SECRET

    def __init__(self, base_url: str, process: subprocess.Popen[str]) -> None:
        super().__init__(base_url)
        self.process = process
        self._http = httpx.Client(
            base_url=base_url, auth=self.credentials, timeout=60, trust_env=False
        )

    @property
    def credentials(self) -> tuple[str, str]:
        """Account SID and auth token."""
        return self.account_sid, self.auth_token

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.base_url.rpartition(":")[2])

    def environment(self) -> dict[str, str]:
        """Return the variables that point a client here."""
        return {
            "TWILIO_ACCOUNT_SID": self.account_sid,
            "TWILIO_AUTH_TOKEN": self.auth_token,
            "TWILIO_BASE_URL": self.base_url,
        }

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        **options: Any,
    ) -> httpx.Response:
        """Send a request to one of Twilio's addresses, such as https://sync.twilio.com/v1/Services.

        `options` are httpx's (`data`, `params`, `json`, `files`, `content`).
        """
        address = httpx.URL(url)
        return self._http.request(
            method,
            address.raw_path.decode(),
            headers={"Host": address.host, **(headers or {})},
            auth=auth or self.credentials,
            **options,
        )

    @contextmanager
    def fault(self, **rule: Any) -> Iterator[str]:
        """Put a failure in force for the length of a block."""
        fault_id = self.add_fault(**rule)
        try:
            yield fault_id
        finally:
            self.remove_fault(fault_id)

    def kill(self) -> None:
        """End the process with no chance to tidy up (SIGKILL)."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """Stop the process and the connections to it."""
        super().close()
        self._http.close()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        _close(self.process)


@contextmanager
def start_emulator(
    *,
    workers: int = 10,
    seed: int = 1,
    sample: bool = True,
    data: Path | None = None,
    port: int = 0,
    rate_limits: bool = True,
    limits: bool = True,
    start: str | None = None,
    snapshot: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Iterator[RunningEmulator]:
    """Run an emulator for the length of the block.

    Shape: `start` (ISO 8601) lets the clock stand at that moment until `advance` moves it;
    `limits` False lifts all of Twilio's limits; `snapshot` is a file to start from.
    Raises: RuntimeError with the emulator's own words when it does not start.
    """
    command = [sys.executable, "-m", "twilio_emulator", "serve", "--port", str(port)]
    command += ["--workers", str(workers), "--seed", str(seed)]
    command += ["--memory"] if data is None else ["--data", str(data)]
    command += [] if sample else ["--no-sample"]
    command += [] if rate_limits else ["--no-rate-limits"]
    command += [] if limits else ["--no-limits"]
    command += [] if start is None else ["--start", start]
    command += [] if snapshot is None else ["--snapshot", str(snapshot)]
    process = subprocess.Popen(  # noqa: S603 - our own command
        command,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **_import_path(), **(environ or {})},
    )
    running: RunningEmulator | None = None
    try:
        running = RunningEmulator(_await_ready(process), process)
        yield running
    finally:
        if running is not None:
            running.close()
        else:
            process.kill()
            process.wait()
            _close(process)


def wait_for(
    condition: Callable[[], Any], *, seconds: float = 15.0, what: str = "it", pause: float = 0.02
) -> Any:
    """Poll until `condition` gives something true, and return that.

    Units: `pause` is how many seconds pass between two looks; one Sync object may be read 20
    times a second.

    Raises: TimeoutError after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(pause)
    return found


def _close(process: subprocess.Popen[str]) -> None:
    if process.stdout is not None:
        process.stdout.close()


def _import_path() -> dict[str, str]:
    """Let the child find this package wherever the test runs."""
    root = str(Path(__file__).resolve().parent.parent)
    present = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": f"{root}{os.pathsep}{present}" if present else root}


def _await_ready(process: subprocess.Popen[str]) -> str:
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_read, args=(process, lines), daemon=True).start()
    try:
        line = lines.get(timeout=_START_SECONDS)
    except queue.Empty:
        line = ""
    if not line.startswith(_READY):
        raise RuntimeError(f"the emulator did not start: {line or process.poll()}")
    return line.removeprefix(_READY).strip()


def _read(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    """Keep the pipe empty, so that the emulator never waits for its reader."""
    assert process.stdout is not None  # noqa: S101 - opened as a pipe above
    try:
        for line in process.stdout:
            lines.put(line)
    except ValueError:
        return
    lines.put("")
