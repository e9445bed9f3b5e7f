"""Values that mean the same show no difference, others show exactly where."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_twilio.declarations import declarations
from pulumi_twilio.declarations.compare import differences, differs
from pulumi_twilio.declarations.model import Kind, Property
from pulumi_twilio.declarations.special import UNKNOWN, Asset

CONFIGURATION = declarations()["twilio:taskrouter:Workflow"].property("configuration")
QUEUE = declarations()["twilio:taskrouter:TaskQueue"]
EVENTS = Property("events", Kind.STRING_SET, "")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner),
)
OBJECTS = st.dictionaries(st.text(min_size=1), JSON)


def paths(each: Property | None, old: Any, new: Any) -> dict[str, str]:
    """List differences as {path: change}."""
    assert each is not None
    return {one.path: one.change.value for one in differences(each, old, new)}


def workflow(timeout: Any, priority: int = 1) -> dict[str, Any]:
    """Make a configuration with two filters, the second with the timeout."""
    target = {"queue": "WQ1", "timeout": timeout, "priority": priority}
    routing = {"filters": [{"targets": []}, {"targets": [target]}]}
    return {"task_routing": {**routing, "default_filter": {"queue": "WQ2"}}}


def test_one_timeout_shows_as_its_own_path() -> None:
    """A change deep in a workflow is one difference at its path."""
    changed = paths(CONFIGURATION, workflow(60), workflow(90))

    assert changed == {"configuration.task_routing.filters[1].targets[0].timeout": "update"}


def test_numbers_and_their_text_are_equal_in_a_workflow() -> None:
    """Twilio takes 60 and "60" for the same; so does a diff."""
    assert not paths(CONFIGURATION, workflow("60"), workflow(60))


def test_text_is_not_a_number_elsewhere() -> None:
    """Worker attributes are the user's own: "1" and 1 differ."""
    attributes = declarations()["twilio:taskrouter:Worker"].property("attributes")

    assert paths(attributes, {"level": "1"}, {"level": 1}) == {"attributes.level": "update"}


@given(OBJECTS)
def test_json_equals_itself_in_any_order_of_keys(value: dict[str, Any]) -> None:
    """Order of keys and a new copy mean nothing."""
    shuffled = json.loads(json.dumps(dict(reversed(list(value.items())))))

    assert not paths(CONFIGURATION, value, shuffled)


@given(OBJECTS, OBJECTS)
def test_differences_are_symmetric(old: dict[str, Any], new: dict[str, Any]) -> None:
    """The same paths differ in both directions, an addition one way is a removal the other."""
    opposite = {"add": "delete", "delete": "add", "update": "update"}
    there, back = paths(CONFIGURATION, old, new), paths(CONFIGURATION, new, old)

    assert there == {path: opposite[change] for path, change in back.items()}


@given(OBJECTS, st.text(min_size=1))
def test_a_new_key_is_one_addition(value: dict[str, Any], key: str) -> None:
    """Adding a key shows that key alone."""
    bigger = {**copy.deepcopy(value), key: "new"}
    without = {name: item for name, item in value.items() if name != key}

    assert list(paths(CONFIGURATION, without, bigger).values()) == ["add"]


@pytest.mark.parametrize("name", ["targetWorkers", "maxReservedWorkers", "taskOrder"])
def test_unset_equals_twilios_default(name: str) -> None:
    """Leaving out what Twilio would assume anyway is no change."""
    each = QUEUE.property(name)

    assert each is not None
    assert not differs(each, None, each.default)
    assert not differs(each, each.default, None)


def test_empty_text_equals_unset() -> None:
    """An empty optional string is the same as none."""
    each = QUEUE.property("reservationActivitySid")

    assert each is not None
    assert not differs(each, "", None)


@pytest.mark.parametrize("kind", [Kind.JSON, Kind.STRING_MAP, Kind.STRING_SET])
def test_an_empty_collection_equals_unset(kind: Kind) -> None:
    """No members and no property at all are the same."""
    each = Property("anything", kind, "")

    assert not paths(each, [] if kind is Kind.STRING_SET else {}, None)


@given(st.lists(st.text()), st.randoms())
def test_a_set_ignores_order_and_repetition(members: list[str], random: Any) -> None:
    """The same events in another order, or twice, are no change."""
    shuffled = members * 2
    random.shuffle(shuffled)

    assert not paths(EVENTS, members, shuffled)


def test_a_set_that_changed_is_one_difference() -> None:
    """A changed set shows as one property."""
    assert paths(EVENTS, ["a", "b"], ["a", "c"]) == {"events": "update"}


def test_assets_compare_by_their_hash() -> None:
    """The same content from another place is no change; other content is."""
    content = Property("content", Kind.ASSET, "")
    old = Asset.of_text("a")

    assert not paths(content, old, Asset(old.hash, path="a.js"))
    assert paths(content, old, Asset.of_text("b")) == {"content": "update"}


def test_what_is_not_known_yet_may_change() -> None:
    """An unknown value shows as a change at its own place."""
    old, new = {"queue": "WQ1", "timeout": 1}, {"queue": UNKNOWN, "timeout": 1}

    assert paths(CONFIGURATION, old, new) == {"configuration.queue": "update"}


def test_keys_that_are_no_names_are_quoted() -> None:
    """A path stays readable by the engine whatever the key."""
    assert paths(CONFIGURATION, {}, {'a."b': 1}) == {'configuration["a.\\"b"]': "add"}


def test_true_is_not_one() -> None:
    """JSON's true and 1 differ although Python's do not."""
    assert paths(CONFIGURATION, {"a": True}, {"a": 1}) == {"configuration.a": "update"}


@pytest.mark.parametrize(("old", "new"), [("7", "007"), ("1.0", "1.00"), ("1000", "1_000")])
def test_two_texts_of_one_number_differ(old: str, new: str) -> None:
    """A filter named "7" is not one named "007"."""
    before, after = {"filter_friendly_name": old}, {"filter_friendly_name": new}

    assert paths(CONFIGURATION, before, after) == {"configuration.filter_friendly_name": "update"}
