"""Ten thousand tasks over twelve pages: exactly the right ones are closed, at the least cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from benchmarks.bench_stuck_tasks_floor import (
    EXCLUDE,
    EXCLUDE_ATTRIBUTES,
    NOW,
    Floor,
    expected_calls,
    make_floor,
    plant,
    tasks_of,
)
from taskrouter_ops.stuck_tasks import Options, clean, rules_from
from tests.ops.stuck_tasks.conftest import REASON, client_for
from twilio_client import TwilioClient
from twilio_emulator.testing import RunningEmulator, start_emulator

PAGES = 12
RULES = rules_from(exclude=EXCLUDE, exclude_attributes=EXCLUDE_ATTRIBUTES)


@pytest.fixture(scope="module")
def crowded() -> Iterator[tuple[RunningEmulator, TwilioClient, str, Floor]]:
    """Seed ten thousand tasks: mixed channels, attributes, calls and conferences."""
    floor = make_floor()
    with start_emulator(workers=0, start=NOW, rate_limits=False) as emulator:
        client = client_for(emulator)
        yield emulator, client, plant(emulator, floor), floor
        client.transport.session.close()


def test_exactly_the_stuck_tasks_are_closed(
    crowded: tuple[RunningEmulator, TwilioClient, str, Floor],
) -> None:
    """A dry run changes nothing; the real one closes what is stuck, as pages + calls + 2 each."""
    emulator, client, workspace, floor = crowded
    before = tasks_of(emulator, workspace)
    assert Counter(task["assignment_status"] for task in before.values()) == {
        "pending": 3334,
        "reserved": 3333,
        "assigned": 3333,
    }

    emulator.clear_journal()
    shown = clean(client, workspace, Options(rules=RULES))
    looked = emulator.journal()
    assert tasks_of(emulator, workspace) == before
    emulator.clear_journal()
    report = clean(client, workspace, Options(rules=RULES, apply=True))
    journal = emulator.journal()
    after = tasks_of(emulator, workspace)

    changed = {number for number, task in before.items() if after[number] != task}
    assert changed == floor.stuck
    for number in changed:
        was, now = before[number], after[number]
        ends = "completed" if was["assignment_status"] == "assigned" else "canceled"
        changes = {key: now[key] for key in now if now[key] != was[key]}
        changes.pop("date_updated", None)
        assert changes == {"assignment_status": ends, "reason": REASON}
    would = {item.task.sid for item in shown.tasks if item.outcome.startswith("would-")}
    assert would == {before[number]["sid"] for number in floor.stuck}
    assert not report.errors
    lists = [entry for entry in journal if entry["path"].endswith("/Tasks")]
    assert len(lists) == PAGES
    assert len(journal) == report.api_calls == expected_calls(floor, PAGES)
    assert len(looked) == shown.api_calls == expected_calls(floor, PAGES) - 2 * len(floor.stuck)


def test_a_second_run_finds_nothing(
    crowded: tuple[RunningEmulator, TwilioClient, str, Floor],
) -> None:
    """What was closed is no more listed, and what was left alone is left alone again."""
    emulator, client, workspace, _ = crowded
    clean(client, workspace, Options(rules=RULES, apply=True))
    before = tasks_of(emulator, workspace)

    report = clean(client, workspace, Options(rules=RULES, apply=True))

    assert sum(report.as_dict()["counts"]["closed"].values()) == 0
    assert tasks_of(emulator, workspace) == before
