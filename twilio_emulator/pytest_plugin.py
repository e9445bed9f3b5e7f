"""pytest fixtures around one emulator per test run.

* `twilio_emulator` (`testing.RunningEmulator`): the sample account as at the first start, for
  each test anew; `TWILIO_*` variables point the test's clients at it.
* `twilio_proxy`: sends unmodified clients of the test, and what it starts, to the emulator.
* `twilio_clock`: its clock, which stands still until the test moves it.
* `twilio_faults`: failures on demand, lifted after the test.
* `twilio_journal`: the requests of this test.

What a test wants otherwise it says with a marker; for a whole run there are options and ini
settings: `--twilio-workers`, `--twilio-seed`, `twilio_workers`, `twilio_seed`, `twilio_start`.

    @pytest.mark.twilio_emulator(workers=50, start="2026-03-29T00:59:00Z", limits=False)

The process is started by the first test that asks for it and ends with the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .testing import RunningEmulator

MARKER = "twilio_emulator"
WORKERS, SEED, START = 10, 1, "2026-01-01T00:00:00Z"
_KNOWN = ("workers", "seed", "start", "limits")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the options and settings."""
    group = parser.getgroup("twilio-emulator", "a local Twilio (twilio-emulator)")
    group.addoption("--twilio-workers", type=int, help="workers of the sample account")
    group.addoption("--twilio-seed", type=int, help="seed of SIDs and of the sample account")
    parser.addini("twilio_workers", "workers of the sample account", default=str(WORKERS))
    parser.addini("twilio_seed", "seed of SIDs and of the sample account", default=str(SEED))
    parser.addini("twilio_start", "where the clock stands, or 'running'", default=START)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(workers, seed, start, limits): what the test's emulator is to be like;"
        " start is a moment (ISO 8601) or 'running'",
    )


class EmulatorClock:
    """The emulator's clock."""

    def __init__(self, emulator: RunningEmulator) -> None:
        self._emulator = emulator

    def now(self) -> datetime:
        """Return the emulator's time."""
        return datetime.fromisoformat(self._emulator.clock()["time"])

    def advance(self, seconds: float) -> datetime:
        """Move it on, running what falls due on the way, and return the time then."""
        return datetime.fromisoformat(self._emulator.advance(seconds)["time"])


class EmulatorFaults:
    """Failures on demand; rules are fields of `twilio_emulator.admin.faults.Fault`."""

    def __init__(self, emulator: RunningEmulator) -> None:
        self._emulator = emulator

    def add(self, **rule: Any) -> str:
        """Put a rule in force until the end of the test; return its id."""
        return self._emulator.add_fault(**rule)

    def during(self, **rule: Any) -> AbstractContextManager[str]:
        """Put a rule in force for the length of a block."""
        return self._emulator.fault(**rule)

    def hits(self, fault_id: str) -> int:
        """Tell how many requests a rule has met."""
        return next(int(f["hits"]) for f in self._emulator.faults() if f["id"] == fault_id)

    def lift(self) -> None:
        """Lift all rules."""
        self._emulator.clear_faults()


class EmulatorJournal:
    """The requests of this test."""

    def __init__(self, emulator: RunningEmulator) -> None:
        self._emulator = emulator

    def requests(self, **filters: str | int) -> list[dict[str, Any]]:
        """List requests, oldest first: by kind, host, method, path, status, account, since."""
        return self._emulator.journal(**filters)

    def clear(self) -> None:
        """Forget the requests so far."""
        self._emulator.clear_journal()


@pytest.fixture(scope="session")
def _twilio_emulator_process() -> Iterator[Callable[[], RunningEmulator]]:
    """Start the emulator when it is first asked for, and stop it with the run."""
    from .testing import start_emulator

    started: list[RunningEmulator] = []
    with ExitStack() as stack:

        def running() -> RunningEmulator:
            if not started or started[0].process.poll() is not None:
                started[:] = [stack.enter_context(start_emulator(workers=0, start=START))]
            return started[0]

        yield running


@pytest.fixture
def twilio_emulator(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    _twilio_emulator_process: Callable[[], RunningEmulator],
) -> RunningEmulator:
    """Return an emulator in its first state, with TWILIO_* variables pointing at it."""
    chosen = _chosen(request)
    emulator = _twilio_emulator_process()
    emulator.reset(seed=chosen["seed"], workers=chosen["workers"], clock=chosen["start"])
    if not chosen["limits"]:
        emulator.switch_limits(all=False)
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)
    return emulator


@pytest.fixture
def twilio_proxy(
    twilio_emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> str:
    """Send any Twilio client of this test through the emulator's proxy; return its address.

    HTTPS_PROXY and the variables by which clients trust its certificates are set for the test.
    """
    from .proxy.bundle import write_bundle
    from .proxy.environment import proxy_variables

    bundle = write_bundle(twilio_emulator.certificate(), tmp_path / "twilio-certificates", {})
    for name, value in proxy_variables(twilio_emulator.base_url, bundle).items():
        monkeypatch.setenv(name, value)
    return twilio_emulator.base_url


@pytest.fixture
def twilio_clock(twilio_emulator: RunningEmulator) -> EmulatorClock:
    """Return the emulator's clock."""
    return EmulatorClock(twilio_emulator)


@pytest.fixture
def twilio_faults(twilio_emulator: RunningEmulator) -> Iterator[EmulatorFaults]:
    """Make requests fail on demand until the test ends."""
    faults = EmulatorFaults(twilio_emulator)
    yield faults
    faults.lift()


@pytest.fixture
def twilio_journal(twilio_emulator: RunningEmulator) -> EmulatorJournal:
    """Return the journal of the requests this test makes."""
    return EmulatorJournal(twilio_emulator)


def _chosen(request: pytest.FixtureRequest) -> dict[str, Any]:
    marker = request.node.get_closest_marker(MARKER)
    given = marker.kwargs if marker is not None else {}
    unknown = sorted(set(given) - set(_KNOWN))
    if unknown or (marker is not None and marker.args):
        wrong = ", ".join(unknown) or "values without a name"
        raise pytest.UsageError(f"@pytest.mark.{MARKER} takes {', '.join(_KNOWN)}, not {wrong}")
    return {
        "workers": _number(request.config, "workers"),
        "seed": _number(request.config, "seed"),
        "start": request.config.getini("twilio_start"),
        "limits": True,
        **given,
    }


def _number(config: pytest.Config, name: str) -> int:
    option = config.getoption(f"twilio_{name}")
    return int(config.getini(f"twilio_{name}") if option is None else option)
