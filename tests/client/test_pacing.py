"""Waits: full jitter, and the rate of the three limited filters."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from twilio_client import RetryPolicy
from twilio_client.budget import RequestBudget


@given(attempt=st.integers(1, 40), chance=st.floats(0, 1), after=st.none() | st.integers(0, 500))
def test_waits_stay_within_their_bounds(attempt: int, chance: float, after: int | None) -> None:
    """A wait never exceeds its ceilings and never undercuts what Retry-After asks within them."""
    policy = RetryPolicy(random=lambda: chance)

    wait = policy.wait_seconds(attempt, None if after is None else str(after))

    assert 0 <= wait <= max(policy.longest_seconds, min(after or 0, 30))
    assert wait >= min(after or 0, policy.longest_retry_after_seconds)


def test_retry_after_dates_are_ignored() -> None:
    """A Retry-After that is not a number of seconds does not break the wait."""
    assert RetryPolicy(random=lambda: 0.0).wait_seconds(1, "Wed, 21 Oct 2015 07:28:00 GMT") == 0


@given(st.lists(st.floats(0, 2), min_size=1, max_size=30))
def test_limited_filter_is_spaced_out(pauses: list[float]) -> None:
    """However requests come, those with a limited filter leave at 3 a second at most."""
    now = 0.0
    left: list[float] = []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    budget = RequestBudget(clock=lambda: now, sleep=sleep)
    for pause in pauses:
        now += pause
        budget.wait_for({"TargetWorkersExpression": "1==1"})
        left.append(now)

    gaps = [after - before for before, after in itertools.pairwise(left)]
    assert all(gap >= 1 / 3 - 1e-9 for gap in gaps)


def test_other_requests_never_wait() -> None:
    """Requests without a limited filter pass at once."""
    waits: list[float] = []
    budget = RequestBudget(sleep=waits.append)

    for _ in range(10):
        budget.wait_for({"TaskQueueSid": "WQ1"})

    assert waits == []
