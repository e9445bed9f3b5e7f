"""Marks in the attributes: what was applied can be told, and never costs the content."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskrouter_ops.task_attributes.marks import (
    APPLIED_CHANGES,
    KEPT_MARKS,
    mark_of,
    marks_in,
    new_mark,
    was_applied,
    with_marks,
    without_marks,
)
from tests.ops.task_attributes.vectors import VECTORS, named
from twilio_client.attribute_json import json_text, same

marks = st.integers(0, 60).map(lambda number: f"mark{number:04d}")
few = st.lists(marks, max_size=5, unique=True)
many = st.lists(marks, max_size=30, unique=True)
contents = st.dictionaries(st.text(max_size=5), st.text(max_size=20) | st.integers(), max_size=5)


def holding(content: dict[str, Any], present: list[str]) -> dict[str, Any]:
    """Put marks into attributes as others wrote them."""
    return {**content, APPLIED_CHANGES: present}


@named("with_marks")
def test_marks_are_added_as_the_vector_says(vector: dict[str, Any]) -> None:
    """The cases shared with the functions."""
    found = with_marks(vector["attributes"], vector["marks"], limit=vector["limit"])

    assert same(found, vector["result"])


@named("was_applied")
def test_what_was_applied_is_told_as_the_vector_says(vector: dict[str, Any]) -> None:
    """The cases shared with the functions."""
    found = was_applied(vector["mark"], before=vector["before"], now=vector["now"])

    assert found is vector["applied"]


@pytest.mark.parametrize("vector", VECTORS["mark_of"], ids=lambda vector: vector["id"])
def test_a_callers_id_has_the_mark_of_the_vector(vector: dict[str, str]) -> None:
    """The library and the functions know each other's ids."""
    assert mark_of(vector["id"]) == vector["mark"]


def test_new_marks_are_eight_letters_and_digits_and_differ() -> None:
    """They need no escaping anywhere, and do not meet."""
    made = {new_mark() for _ in range(500)}

    assert len(made) == 500
    assert all(re.fullmatch("[A-Za-z0-9]{8}", mark) for mark in made)


@given(contents, many, few)
def test_the_content_stays_as_it_is(
    content: dict[str, Any], present: list[str], own: list[str]
) -> None:
    """Marks never take anything else out of the attributes."""
    content.pop(APPLIED_CHANGES, None)

    assert same(without_marks(with_marks(holding(content, present), own)), content)


@given(contents, many, few, st.integers(0, 600))
def test_marks_alone_never_exceed_the_limit(
    content: dict[str, Any], present: list[str], own: list[str], limit: int
) -> None:
    """The text is within the limit, or only the write's own marks are left in it."""
    marked = with_marks(holding(content, present), own, limit=limit)

    assert len(json_text(marked)) <= limit or set(marks_in(marked)) <= set(own)


@given(contents, many, few)
def test_no_mark_gives_way_without_need(
    content: dict[str, Any], present: list[str], own: list[str]
) -> None:
    """Where there is room the newest 24 are there, in order, the write's own among them."""
    marked = marks_in(with_marks(holding(content, present), own))
    listed = [*present, *(mark for mark in own if mark not in present)]

    assert len(marked) == min(len(listed), KEPT_MARKS)
    assert set(own) <= set(marked)
    assert list(marked) == [mark for mark in listed if mark in marked]


@given(st.lists(st.lists(marks, min_size=1, max_size=2), max_size=50), st.integers(0, 50))
def test_a_write_is_never_taken_for_what_it_was_not(writes: list[list[str]], at: int) -> None:
    """However many others write: applied is only said of a write that happened, and vice versa."""
    attributes: dict[str, Any] = {}
    for own in writes[:at]:
        attributes = with_marks(attributes, own)
    before = marks_in(attributes)
    happened, missing = with_marks(attributes, ["OURWRITE"]), attributes
    for own in writes[at:]:
        later = [mark for mark in own if mark not in before]
        happened, missing = with_marks(happened, later), with_marks(missing, later)

    assert was_applied("OURWRITE", before=before, now=marks_in(happened)) in {True, None}
    assert was_applied("OURWRITE", before=before, now=marks_in(missing)) in {False, None}


@pytest.mark.parametrize(
    "present", [None, 7, "text", {"a": 1}, [], [1, None, "short", "nine chars"]], ids=repr
)
def test_what_somebody_else_keeps_there_is_no_mark(present: Any) -> None:
    """An attribute of that name in any other shape does not break a write."""
    attributes = {APPLIED_CHANGES: present}

    assert marks_in(attributes) == ()
    assert marks_in(with_marks(attributes, ["mark0000"])) == ("mark0000",)


def test_attributes_come_back_as_they_were() -> None:
    """The attributes given are not changed, nor is the list in them."""
    attributes = holding({"a": 1}, ["mark0000"])
    before = json.dumps(attributes)

    with_marks(attributes, ["mark0001"])
    without_marks(attributes)

    assert json.dumps(attributes) == before
