"""The planner: whatever the workers carry, applying the plan makes it right, and only then."""

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from taskrouter_ops.queue_sync.plan import Item, known_sids, plan_sync

QUEUES = [f"WQ{n:032x}" for n in range(6)]
STALE = [f"WQ{n:032x}" for n in range(90, 93)]
WORKERS = [f"WK{n:032x}" for n in range(5)]

held = st.one_of(
    st.none(),
    st.sampled_from(["WQ", 7, {"WQ": 1}, True]),
    st.lists(st.sampled_from([*QUEUES, *STALE, 5, None, {"a": 1}])),
    st.lists(st.sampled_from(QUEUES), unique=True).map(sorted),
)
currents = st.fixed_dictionaries(dict.fromkeys(WORKERS[:4], held))
memberships = st.fixed_dictionaries(
    {queue: st.lists(st.sampled_from(WORKERS), unique=True) for queue in QUEUES}
)


def apply_item(queues: object, item: Item) -> list[str]:
    """Return the attribute `queues` after the item, as the functions make it in JavaScript."""
    return sorted((known_sids(queues) | set(item.add)) - set(item.remove))


def desired(eligible: dict[str, list[str]], worker: str) -> list[str]:
    """Say, worker by worker, what the attribute should be."""
    return sorted(queue for queue, workers in eligible.items() if worker in workers)


@given(memberships, currents)
def test_applying_the_plan_gives_each_worker_exactly_its_queues(
    eligible: dict[str, list[str]], current: dict[str, Any]
) -> None:
    """Plan, then apply: every worker holds what it is eligible for, sorted, and nothing else."""
    after = dict(current)
    for item in plan_sync(eligible, current).items:
        after[item.worker_sid] = apply_item(after.get(item.worker_sid), item)

    members = {worker for workers in eligible.values() for worker in workers}
    assert after == {worker: desired(eligible, worker) for worker in {*current, *members}}


@given(memberships, currents)
def test_a_second_plan_is_empty(eligible: dict[str, list[str]], current: dict[str, Any]) -> None:
    """Nothing is left to do once a plan was applied."""
    after = dict(current)
    for item in plan_sync(eligible, current).items:
        after[item.worker_sid] = apply_item(after.get(item.worker_sid), item)

    assert plan_sync(eligible, after).stale == ()


@given(memberships, currents)
def test_applying_twice_equals_once(
    eligible: dict[str, list[str]], current: dict[str, Any]
) -> None:
    """A repeated item changes nothing more."""
    for item in plan_sync(eligible, current).items:
        once = apply_item(current.get(item.worker_sid), item)
        assert apply_item(once, item) == once


@given(memberships, currents, st.randoms(use_true_random=False))
def test_the_order_of_the_lists_does_not_matter(
    eligible: dict[str, list[str]], current: dict[str, Any], order: random.Random
) -> None:
    """Twilio may list queues and workers in any order; the plan is the same."""
    shuffled = {queue: order.sample(w, len(w)) for queue, w in eligible.items()}
    shuffled = dict(order.sample(sorted(shuffled.items()), len(shuffled)))
    workers = dict(order.sample(list(current.items()), len(current)))

    assert plan_sync(shuffled, workers) == plan_sync(eligible, current)


def test_a_queue_that_no_longer_exists_is_taken_off() -> None:
    """A SID in no queue's list is stale, also when its queue is gone."""
    plan = plan_sync({QUEUES[0]: [WORKERS[0]]}, {WORKERS[0]: [QUEUES[0], STALE[0]]})

    assert plan.items == (Item(WORKERS[0], add=(), remove=(STALE[0],)),)


def test_right_queues_in_the_wrong_form_are_planned() -> None:
    """Unsorted or doubled SIDs are the same set, but not what dashboards may rely on."""
    both = {queue: [WORKERS[0]] for queue in QUEUES[:2]}

    assert plan_sync(both, {WORKERS[0]: [QUEUES[1], QUEUES[0]]}).items == (Item(WORKERS[0]),)
    assert plan_sync({}, {WORKERS[0]: None}).items == (Item(WORKERS[0]),)


def test_a_worker_created_meanwhile_is_planned() -> None:
    """Only the queues' lists know it; it gets its queues all the same."""
    plan = plan_sync({QUEUES[0]: [WORKERS[0]]}, {})

    assert plan.items == (Item(WORKERS[0], add=(QUEUES[0],)),)


def test_queues_that_can_never_fit_are_named_and_not_sent() -> None:
    """111 SIDs need more than 4096 characters: no request could succeed."""
    sids = [f"WQ{n:032x}" for n in range(111)]
    plan = plan_sync({sid: [WORKERS[0]] for sid in sids}, {WORKERS[0]: []})

    assert plan.items == ()
    assert plan.stale == (WORKERS[0],)
    assert "111 queues" in dict(plan.too_long)[WORKERS[0]]
