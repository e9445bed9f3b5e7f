"""How much the request journal remembers."""

from __future__ import annotations

import pytest

from twilio_emulator.admin import journal
from twilio_emulator.admin.journal import Facts, Filter, Journal


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Journal:
    """Return a journal of ten entries or a thousand characters."""
    monkeypatch.setattr(journal, "LENGTH", 10)
    monkeypatch.setattr(journal, "MOST_CHARACTERS", 1000)
    return Journal()


def _add(to: Journal, **params: object) -> None:
    facts = Facts("api", "POST", "sync.twilio.com", "/v1", params)
    to.add(facts, moment=0.0, seconds=0.001, status=200, fault=None)


def _numbers(of: Journal) -> list[int]:
    return [entry.number for entry in of.select(Filter())]


def test_the_oldest_requests_make_room(small: Journal) -> None:
    """Many small requests are kept by their number, large ones by their size."""
    for _ in range(12):
        _add(small, Data="x")
    assert _numbers(small) == list(range(3, 13))

    for _ in range(6):
        _add(small, Data="x" * 300, Names=["y", "z"])
    assert _numbers(small) == [15, 16, 17, 18]


def test_one_request_larger_than_all_room_is_remembered_till_the_next(small: Journal) -> None:
    """The last request is always there, and what it took is free again after it."""
    _add(small, Data="x" * 5000)
    assert _numbers(small) == [1]

    _add(small, Data="x")
    _add(small, Data="x")
    assert _numbers(small) == [2, 3]

    small.clear()
    assert _numbers(small) == []
