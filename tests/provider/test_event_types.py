"""The names of TaskRouter's events and the filter made of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_twilio.declarations import event_types

names = st.lists(st.sampled_from(sorted(event_types.EVENT_TYPES)))


def test_there_are_49_events() -> None:
    """The list is as long as TaskRouter's event reference."""
    assert len(event_types.EVENT_TYPES) == 49


@given(names, st.randoms())
def test_equal_sets_make_equal_filters(events: list[str], shuffle) -> None:  # type: ignore[no-untyped-def]
    """Order and repetition of the names do not show in the filter."""
    shuffled = [*events, *events]
    shuffle.shuffle(shuffled)

    assert event_types.events_filter(shuffled) == event_types.events_filter(events)
    assert event_types.events_of(event_types.events_filter(events)) == sorted(set(events))


@pytest.mark.parametrize("text", ["task.created,worker.created", " worker.created , task.created"])
def test_a_filter_reads_with_or_without_spaces(text: str) -> None:
    """Twilio's own examples write the list both ways."""
    assert event_types.events_of(text) == ["task.created", "worker.created"]


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("worker.attributes.updated", "worker.attributes.update"),
        ("task-queue.expression.update", "task-queue.expression.updated"),
        ("Worker.Created", "worker.created"),
    ],
)
def test_a_wrong_name_is_told_the_nearest_right_one(wrong: str, near: str) -> None:
    """A slip in a name is corrected in the message."""
    assert f"did you mean {near!r}" in (event_types.event_problem(wrong) or "")


def test_a_right_name_has_no_problem_and_a_strange_one_no_suggestion() -> None:
    """Only wrong names are reported, and nothing far off is suggested."""
    assert event_types.event_problem("task.created") is None
    assert "see TaskRouter's event reference" in (event_types.event_problem("zzz") or "")
