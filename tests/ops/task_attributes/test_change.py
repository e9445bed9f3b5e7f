"""Changes as values: what they do to attributes, and that folding them changes nothing."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

import pytest
import requests
from hypothesis import assume, given
from hypothesis import strategies as st

from taskrouter_ops.errors import InvalidChange, NotApplicable
from taskrouter_ops.task_attributes import (
    Append,
    Change,
    Merge,
    Operation,
    Remove,
    apply,
    as_change,
    change_from_json,
    change_to_json,
    fold,
    is_repeatable,
)
from tests.ops.task_attributes.vectors import named
from twilio_client import AttributesUnreadable
from twilio_client.attribute_json import json_text, read_attributes, same
from twilio_client.client import _parsed, form

# Few keys and values, so that changes meet each other and the attributes.
keys = st.sampled_from(["a", "b", "", "é"])
scalars = st.sampled_from([None, True, False, 0, 1, 1.0, -0.5, "", "x", 10**20])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(keys, values, max_size=4)
paths = st.lists(keys, min_size=1, max_size=3).map(tuple)
merges = st.builds(Merge, objects)
operations: st.SearchStrategy[Operation] = st.one_of(
    merges,
    st.builds(Append, paths, st.lists(values, max_size=3)),
    st.builds(Remove, paths, st.lists(values, max_size=3)),
)
changes: st.SearchStrategy[Change] = st.lists(operations, max_size=5).map(tuple)


def attempt(change: Change, attributes: dict[str, Any]) -> Any:
    """Apply a change; None where it is not applicable."""
    try:
        return apply(change, attributes)
    except NotApplicable:
        return None


def deface(value: Any) -> None:
    """Change every list and object in a value."""
    if isinstance(value, dict):
        for inner in list(value.values()):
            deface(inner)
        value["defaced"] = True
    if isinstance(value, list):
        for inner in value:
            deface(inner)
        value.append("defaced")


@named("apply")
def test_a_change_does_what_the_vector_says(vector: dict[str, Any]) -> None:
    """The cases shared with the functions, the examples of RFC 7396 among them."""
    change = change_from_json(vector["change"])

    if "error" in vector:
        with pytest.raises(NotApplicable) as caught:
            apply(change, vector["attributes"])
        found = caught.value
        assert vector["error"] == {
            "path": list(found.path),
            "at": list(found.at),
            "found": found.found,
        }
    else:
        assert same(apply(change, vector["attributes"]), vector["result"])


@named("fold")
def test_folding_gives_what_the_vector_says(vector: dict[str, Any]) -> None:
    """The cases shared with the functions: what becomes one operation and what does not."""
    first, second = change_from_json(vector["first"]), change_from_json(vector["second"])

    assert same(change_to_json(fold(first, second)), vector["folded"])


@named("invalid")
def test_what_is_no_change_is_refused_by_place(vector: dict[str, Any]) -> None:
    """Every problem is named, at its place, in one error."""
    with pytest.raises(InvalidChange) as caught:
        change_from_json(vector["change"])

    assert [problem.split(":")[0] for problem in caught.value.problems] == vector["places"]


@given(changes, changes, objects)
def test_a_fold_has_the_effect_of_both(
    first: Change, second: Change, attributes: dict[str, Any]
) -> None:
    """One after the other or folded: the same attributes, or neither is applicable."""
    between = attempt(first, attributes)
    apart = None if between is None else attempt(second, between)

    assert same(attempt(fold(first, second), attributes), apart)


@given(changes, changes, changes, objects)
def test_folding_is_associative_in_effect(
    first: Change, second: Change, third: Change, attributes: dict[str, Any]
) -> None:
    """It does not matter which two of three changes are folded first."""
    left = attempt(fold(fold(first, second), third), attributes)
    right = attempt(fold(first, fold(second, third)), attributes)

    assert same(left, right)


@given(changes, changes)
def test_a_folded_change_is_as_short_as_it_gets(first: Change, second: Change) -> None:
    """Folding never gives more operations, and folding what is folded changes nothing."""
    folded = fold(first, second)

    assert len(folded) <= len(first) + len(second)
    assert change_to_json(fold(folded, ())) == change_to_json(folded)


@given(objects, objects)
def test_values_and_nulls_alone_always_become_one_merge(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    """Only an object over something else keeps two merges apart."""
    assume(not any(isinstance(value, dict) for value in second.values()))

    assert len(fold((Merge(first),), (Merge(second),))) == 1


@given(changes, objects)
def test_applying_leaves_the_attributes_alone(change: Change, attributes: dict[str, Any]) -> None:
    """The attributes given are the same afterwards, at every depth."""
    before = copy.deepcopy(attributes)

    attempt(change, attributes)

    assert same(attributes, before)


@given(changes)
def test_a_change_shares_nothing_with_what_it_made(change: Change) -> None:
    """Somebody who goes on to change the result does not change the change."""
    written = change_to_json(change)

    deface(attempt(change, {}))

    assert same(change_to_json(change), written)


@given(changes)
def test_a_change_survives_being_written_and_read(change: Change) -> None:
    """Through JSON text and back it is the same change, with the same numbers."""
    text = json_text(change_to_json(change))

    read = change_from_json(json.loads(text))

    assert json_text(change_to_json(read)) == text
    assert [type(operation) for operation in read] == [type(operation) for operation in change]


@given(st.lists(merges, max_size=4), objects)
def test_a_change_of_merges_may_be_applied_twice(
    patches: list[Merge], attributes: dict[str, Any]
) -> None:
    """What is called repeatable ends in the same attributes the second time."""
    change = tuple(patches)
    once = apply(change, attributes)

    assert is_repeatable(change)
    assert same(apply(change, once), once)


@pytest.mark.parametrize("operation", [Append(("n",), [1]), Remove(("n",), [1])], ids=repr)
def test_a_change_with_list_operations_is_not_repeatable(operation: Operation) -> None:
    """One list operation among merges is enough."""
    assert not is_repeatable((Merge({"a": 1}), operation))


@given(objects)
def test_an_object_is_a_merge_of_it(patch: dict[str, Any]) -> None:
    """In Python and in JSON a plain object stands for one merge."""
    assert same(change_to_json(as_change(patch)), [{"merge": patch}])
    assert same(change_to_json(change_from_json(patch)), [{"merge": patch}])


def test_operations_are_a_change_as_they_are() -> None:
    """One operation, a list of them and a tuple of them all become a change."""
    one = Append(("n",), [1])

    assert as_change(one) == as_change([one]) == as_change((one,)) == (one,)


def test_an_operation_keeps_what_it_was_made_of() -> None:
    """Changing the caller's own lists and objects later does not change the operation."""
    patch, path, added = {"a": {"b": [1]}}, ["n"], [[1]]
    merge, append = Merge(patch), Append(path, added)  # type: ignore[arg-type] # a list does too

    patch["a"]["b"].append(2)
    path.append("m")
    added[0].append(2)

    assert change_to_json((merge, append)) == [
        {"merge": {"a": {"b": [1]}}},
        {"append": {"path": ["n"], "values": [[1]]}},
    ]


def test_numbers_keep_their_value() -> None:
    """Integers beyond 64 bits and floats come out as they went in, written and applied."""
    numbers = {"big": 2**80 + 1, "small": 5e-324, "whole": 2.0, "negative": -(10**30)}

    result = apply(change_from_json(json.loads(json_text([{"merge": numbers}]))), {})

    assert json_text(result) == json_text(numbers)


def test_numbers_no_float_holds_keep_their_digits() -> None:
    """What was read with all its digits is copied, folded, compared and written with them."""
    read = read_attributes('{"n":[0.1000000000000000055511151231257827]}')
    change = fold((Merge(read),), (Append(("n",), [1]),))

    result = apply(change_from_json(change_to_json(change)), {})

    assert json_text(result) == '{"n":[0.1000000000000000055511151231257827,1]}'
    assert apply((Remove(("n",), read["n"]),), result) == {"n": [1]}


@pytest.mark.parametrize("exponent", ["9" * 20, "-" + "9" * 20])
def test_a_number_beyond_all_bounds_is_refused_by_name(exponent: str) -> None:
    """Nothing here can compare it: its attributes cannot be changed, and that is said."""
    with pytest.raises(AttributesUnreadable, match="no JSON"):
        read_attributes(f'{{"n":1e{exponent}}}')


def test_numbers_keep_their_digits_in_forms_and_answers() -> None:
    """A Sync document holds a deferred change's numbers as they were given."""
    text = '{"n":0.1000000000000000055511151231257827}'
    answer = requests.Response()
    answer._content = text.encode()

    sent = form({"Data": read_attributes(text)})

    assert sent == {"Data": text}
    assert json_text(_parsed(answer)) == text


def test_integers_a_float_cannot_tell_apart_stay_apart() -> None:
    """Removing a large integer does not remove its neighbour."""
    neighbours = {"n": [2**53, 2**53 + 1]}

    assert apply((Remove(("n",), [2**53]),), neighbours) == {"n": [2**53 + 1]}


def deep(levels: int) -> Any:
    """Nest a list so many levels deep."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("patch", "problem"),
    [
        ({"a": math.nan}, "merge.a: is a number JSON does not have"),
        ({"a": [1, -math.inf]}, "merge.a[1]: is a number JSON does not have"),
        ({"a": {1, 2}}, "merge.a: is of type set, which JSON does not have"),
        ({"a": b"x"}, "merge.a: is of type bytes, which JSON does not have"),
        ({"a": {1: "x"}}, "merge.a: has a key that is no text"),
        ({"a": "\ud800"}, "merge.a: is no valid Unicode text"),
        ({"\udfff": 1}, "merge: has a key that is no text"),
        ({"a": deep(101)}, "merge.a" + "[0]" * 100 + ": is nested more than 100 deep"),
    ],
    ids=["nan", "infinity", "set", "bytes", "key", "surrogate", "surrogate key", "deep"],
)
def test_what_json_cannot_say_is_refused(patch: dict[str, Any], problem: str) -> None:
    """A value that could not be sent is named before anything happens."""
    with pytest.raises(InvalidChange) as caught:
        as_change(patch)

    assert caught.value.problems == (problem,)
    assert not caught.value.retry_safe


def test_a_hundred_levels_are_accepted() -> None:
    """What the limit allows is applied, folded, written and compared."""
    change = as_change({"a": deep(99)})

    result = apply(fold(change, as_change({"b": 1})), {})

    assert same(result, {"a": deep(99), "b": 1})
    assert same(change_to_json(change_from_json(change_to_json(change))), change_to_json(change))


@pytest.mark.parametrize("given", [7, "text", [Merge({}), {"merge": {}}], None], ids=repr)
def test_something_else_than_operations_is_refused(given: Any) -> None:
    """Python callers get the same error as JSON ones, no traceback from the inside."""
    with pytest.raises(InvalidChange, match="must be a Merge, Append or Remove"):
        as_change(given)


def test_a_path_that_is_text_is_no_list_of_its_characters() -> None:
    """The easy mistake Append("notes", …) is an error, not an append to `n.o.t.e.s`."""
    with pytest.raises(InvalidChange, match=r"append\.path: must be a list of keys"):
        Append("notes", [1])  # type: ignore[arg-type]


def test_many_problems_are_counted_in_the_text_and_listed_in_full() -> None:
    """The text stays readable; `problems` has them all."""
    with pytest.raises(InvalidChange, match="and 40 more") as caught:
        change_from_json([7] * 50)

    assert len(caught.value.problems) == 50


def test_errors_show_no_content() -> None:
    """What cannot be applied or read is named by path and type, never by value."""
    with pytest.raises(NotApplicable) as refused:
        apply((Append(("customer", "phone"), ["+15550001"]),), {"customer": {"phone": "+15550002"}})
    with pytest.raises(InvalidChange) as invalid:
        change_from_json([{"merge": "secret"}, {"secret": 1}, "secret"])

    assert "customer.phone is of type string where a list is needed" in str(refused.value)
    assert "+1555" not in str(refused.value)
    assert "secret" not in str(invalid.value)
