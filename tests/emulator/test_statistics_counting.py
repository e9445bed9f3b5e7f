"""How facts are kept and what is worked out of them, without HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twilio_emulator import assumptions
from twilio_emulator.emulator import Emulator
from twilio_emulator.sample_account import ACCOUNT_SID
from twilio_emulator.settings import Settings
from twilio_emulator.taskrouter.events import announce
from twilio_emulator.taskrouter.records import Event, Workspace
from twilio_emulator.taskrouter.statistics.counting import durations, stays, waits
from twilio_emulator.taskrouter.statistics.facts import Fact
from twilio_emulator.taskrouter.statistics.history import EVENTS_PER_PAGE, PAGE_LENGTH, History
from twilio_emulator.taskrouter.statistics.records import StatisticsPage
from twilio_emulator.taskrouter.workspaces import make_workspace

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def fact(event_type: str, *, moment: int = 0, age: int = 0, spent: float = 0) -> Fact:
    """Make a fact about nothing in particular."""
    return Fact(moment, event_type, "WS", "", "", "WK", "", age, 0, "WA", spent)


@given(st.lists(st.floats(min_value=0, max_value=10**6)))
def test_durations_lie_within_their_bounds(seconds: list[float]) -> None:
    """The average is between least and most, the total at least the most."""
    found = durations(seconds)

    assert found["min"] <= found["avg"] <= found["max"] <= found["total"]


@given(
    st.lists(st.tuples(st.booleans(), st.integers(min_value=0, max_value=100))),
    st.lists(st.integers(min_value=0, max_value=100), min_size=1, max_size=4),
)
def test_a_split_leaves_nothing_out(ends: list[tuple[bool, int]], thresholds: list[int]) -> None:
    """Above and below make up all, and a higher threshold has no fewer below it."""
    names = {True: "reservation.accepted", False: "task.canceled"}
    found = waits([fact(names[end], age=age) for end, age in ends], thresholds)
    split = found["split_by_wait_time"]

    counted = {"reservations_accepted": True, "tasks_canceled": False}
    for name, end in counted.items():
        total = sum(this == end for this, _ in ends)
        assert all(part["above"][name] + part["below"][name] == total for part in split.values())
        below = [split[str(threshold)]["below"][name] for threshold in sorted(thresholds)]
        assert below == sorted(below)


@given(
    st.lists(st.integers(min_value=0, max_value=3600), min_size=1, max_size=8),
    st.integers(min_value=0, max_value=7200),
    st.integers(min_value=0, max_value=7200),
)
def test_stays_fill_the_window(spells: list[int], first: int, length: int) -> None:
    """Stays of a worker who was always in some activity add up to the window's length."""
    moments = [NOON - timedelta(hours=9)]
    for spell in spells:
        moments.append(moments[-1] + timedelta(seconds=spell))
    facts = [
        fact("worker.activity.update", moment=int(now.timestamp() * 1000), spent=spell)
        for now, spell in zip(moments[1:], spells, strict=True)
    ]
    start = moments[0] + timedelta(seconds=first)
    end = start + timedelta(seconds=length)
    since = [item for item in facts if item.moment >= start.timestamp() * 1000]

    total = sum(seconds for _, seconds in stays(since, ("WA", moments[-1]), start, end))

    assert round(total, 3) == length


def make_events(emulator: Emulator, workspace: Workspace, count: int) -> None:
    """Let many tasks enter a queue."""
    fields = {"TaskSid": "WT1", "TaskQueueSid": "WQ1", "TaskAge": "3"}
    with emulator.store.transaction():
        for _ in range(count):
            announce(emulator, workspace, "task-queue.entered", ("task", "WT1"), "entered", fields)


def test_facts_are_kept_longer_than_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every event is counted once, also after a restart and after it was forgotten itself."""
    monkeypatch.setattr(assumptions, "EVENTS_KEPT", PAGE_LENGTH + 200)
    settings = Settings(workers=0, data=tmp_path, start=NOON)
    emulator = Emulator(settings)
    emulator.state(History)
    workspace = make_workspace(emulator.store, ACCOUNT_SID, "Busy")
    count = assumptions.EVENTS_KEPT + PAGE_LENGTH
    for _ in range(count // 100):
        make_events(emulator, workspace, 100)
    make_events(emulator, workspace, 7)
    emulator.store.close()

    again = Emulator(settings)
    found = again.state(History).of("WQ1", 0)

    assert len(again.store[Event]) < count
    assert len(found) == count + 7
    again.store.close()


def test_facts_are_forgotten_after_30_days() -> None:
    """A page goes when its newest fact is too old to be asked for, and its facts with it."""
    emulator = Emulator(Settings(workers=0, start=NOON))
    history = emulator.state(History)
    workspace = make_workspace(emulator.store, ACCOUNT_SID, "Busy")
    make_events(emulator, workspace, PAGE_LENGTH)
    emulator.clock.advance(31 * 24 * 60 * 60)
    make_events(emulator, workspace, PAGE_LENGTH)

    assert len(emulator.store[StatisticsPage]) == 1
    assert len(history.of("WQ1", 0)) == PAGE_LENGTH


def test_the_few_counted_among_many_events_are_kept_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One counted event before a flood of others is not forgotten with its event."""
    monkeypatch.setattr(assumptions, "EVENTS_KEPT", EVENTS_PER_PAGE + 100)
    settings = Settings(workers=0, data=tmp_path, start=NOON)
    emulator = Emulator(settings)
    emulator.state(History)
    workspace = make_workspace(emulator.store, ACCOUNT_SID, "Busy")
    make_events(emulator, workspace, 1)
    counted = next(iter(emulator.store[Event])).sid
    while emulator.store[Event].get(counted) is not None:
        announce(emulator, workspace, "workspace.updated", ("workspace", "WS1"), "updated", {})
    emulator.store.close()

    again = Emulator(settings)

    assert len(again.state(History).of("WQ1", 0)) == 1
    again.store.close()
