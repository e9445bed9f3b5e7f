"""The pytest plugin, run the way its users run it: in a pytest of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tests(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Return an empty project whose pytest has the plugin and no other."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return pytester


def run(tests: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run the project's tests."""
    return tests.runpytest_subprocess("-p", "twilio_emulator.pytest_plugin", *arguments)


def test_the_documented_example_passes(tests: pytest.Pytester) -> None:
    """The ten lines of the documentation are a test that passes, and they are ten."""
    page = (ROOT / "docs" / "emulator-testing.md").read_text("utf-8")
    example = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0]
    tests.makepyfile(example)

    assert len(example.splitlines()) == 10
    run(tests).assert_outcomes(passed=1)


def test_each_test_starts_from_the_first_state(tests: pytest.Pytester) -> None:
    """State, clock, faults, limits and journal of one test are gone in the next, same process."""
    tests.makepyfile(
        """
        import os
        import pytest

        URL = "https://taskrouter.twilio.com/v1/Workspaces"
        SEEN = []

        @pytest.mark.parametrize("turn", [1, 2])
        def test_state(twilio_emulator, twilio_clock, twilio_faults, twilio_journal, turn):
            assert twilio_journal.requests() == []
            assert twilio_emulator.faults() == []
            assert all(twilio_emulator.limits().values())
            assert os.environ["TWILIO_BASE_URL"] == twilio_emulator.base_url
            before = twilio_emulator.request("GET", URL).json()["workspaces"]
            made = twilio_emulator.request("POST", URL, data={"FriendlyName": "x"}).json()
            SEEN.append((len(before), made["sid"], made["date_created"], os.getpid()))
            SEEN[-1] += (twilio_emulator.process.pid,)
            twilio_clock.advance(90)
            twilio_emulator.switch_limits(all=False)
            fault = twilio_faults.add(status=503)
            assert twilio_emulator.request("GET", URL).status_code == 503
            assert twilio_faults.hits(fault) == 1

        def test_they_were_alike(monkeypatch):
            assert len(SEEN) == 2
            assert SEEN[0] == SEEN[1]
            assert "TWILIO_BASE_URL" not in os.environ
        """
    )

    run(tests).assert_outcomes(passed=3)


def test_marker_options_and_settings_choose_the_emulator(tests: pytest.Pytester) -> None:
    """A marker wins over an option, an option over a setting."""
    tests.makeini("[pytest]\ntwilio_workers = 3\ntwilio_seed = 4\ntwilio_start = running\n")
    tests.makepyfile(
        """
        import pytest

        def workers(emulator):
            return emulator.status()["counts"]["taskrouter.worker"]

        def test_run(twilio_emulator):
            assert workers(twilio_emulator) == 6
            assert twilio_emulator.clock()["virtual"] is False

        @pytest.mark.twilio_emulator(workers=2, start="2030-05-05T05:05:05Z", limits=False)
        def test_marked(twilio_emulator, twilio_clock):
            assert workers(twilio_emulator) == 2
            assert twilio_clock.now().isoformat() == "2030-05-05T05:05:05+00:00"
            assert not any(twilio_emulator.limits().values())
        """
    )

    run(tests, "--twilio-workers", "6", "--strict-markers").assert_outcomes(passed=2)


def test_a_wrong_marker_is_refused(tests: pytest.Pytester) -> None:
    """A word the marker does not know is an error that says which it knows."""
    tests.makepyfile(
        """
        import pytest

        @pytest.mark.twilio_emulator(agents=2)
        def test_marked(twilio_emulator):
            pass
        """
    )

    result = run(tests)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*takes workers, seed, start, limits, not agents*"])


def test_an_emulator_that_died_is_replaced(tests: pytest.Pytester) -> None:
    """The test after one that killed the emulator gets another."""
    tests.makepyfile(
        """
        def test_kills(twilio_emulator):
            twilio_emulator.kill()

        def test_goes_on(twilio_emulator):
            assert twilio_emulator.status()["pid"]
        """
    )

    run(tests).assert_outcomes(passed=2)
