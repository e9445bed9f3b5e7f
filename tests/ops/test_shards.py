"""Cutting a plan into Sync documents."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from taskrouter_ops.queue_sync.plan import Item
from taskrouter_ops.queue_sync.shards import SHARD_BYTES, Shard, cut, encoded

QUEUES = [f"WQ{n:032x}" for n in range(160)]

sids = st.lists(st.sampled_from(QUEUES), unique=True, max_size=110).map(
    lambda chosen: tuple(sorted(chosen))
)
items = st.lists(
    st.builds(
        Item, worker_sid=st.integers(0, 10**6).map(lambda n: f"WK{n:032x}"), add=sids, remove=sids
    ),
    max_size=40,
)


def items_of(shard: Shard) -> list[Item]:
    """Return the items of a shard, the inverse of `cut`."""
    queues = shard["queues"]
    return [
        Item(worker, tuple(queues[i] for i in add), tuple(queues[i] for i in remove))
        for worker, add, remove in shard["items"]
    ]


@settings(max_examples=60)
@given(items)
def test_every_shard_is_small_and_none_is_lost(work: list[Item]) -> None:
    """Each document is at most 10 KiB; together they are the plan, in its order."""
    shards = list(cut(work))

    assert [item for shard in shards for item in items_of(shard)] == work
    assert all(len(encoded(shard)) <= SHARD_BYTES for shard in shards)
    assert all(shard["items"] for shard in shards)


@given(items)
def test_neighbours_would_not_have_fitted_together(work: list[Item]) -> None:
    """A shard is closed only when the next item would have made it too big."""
    shards = list(cut(work, limit=SHARD_BYTES))

    for shard, following in pairwise(shards):
        longer = list(cut([*items_of(shard), items_of(following)[0]], limit=10**9))
        assert len(encoded(longer[0])) > SHARD_BYTES


def test_no_work_makes_no_shard() -> None:
    """An empty plan is an empty list of documents."""
    assert list(cut([])) == []
