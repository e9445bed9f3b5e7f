"""Expressions: syntax, truth, and laws that hold whatever the attributes are."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from twilio_emulator.expressions import ExpressionError, parse

WORKER: dict[str, Any] = {
    "routing": {"skills": ["sales", "vip"], "levels": {"sales": 3}},
    "languages": ["en", "es"],
    "team": "North",
    "age": 41,
    "rate": 1.5,
    "remote": True,
    "nothing": None,
    "matrix": [{"x": [1, 2]}],
}

TRUE = [
    "1==1",
    "1 = 1",
    'routing.skills HAS "sales"',
    "routing.skills >- 'sales'",
    "routing.skills has 'sales'",
    "routing.levels.sales >= 3",
    'team IN ["North", "South"]',
    'team <- ["North"]',
    'team in["North"]',
    'team NOT IN ["South"]',
    'team not  in ["South"]',
    '"en" IN languages',
    "team CONTAINS 'ort'",
    "team != null",
    "missing == null",
    "nothing == null",
    "missing != 'x'",
    "missing NOT IN ['x']",
    "age > 40 AND age < 42",
    "rate == 1.5",
    "remote == true",
    "remote",
    "NOT team == 'South'",
    "languages[1] == 'es'",
    "matrix[0].x[1] == 2",
    "team == 'South' OR team == 'North'",
    "team == 'North' OR age == 1 AND age == 2",
    "(1==1)",
    'team == "North"',
]
FALSE = [
    "",
    "   ",
    "1==2",
    "routing.skills HAS 'billing'",
    "team HAS 'North'",
    "languages == 'en'",
    "languages == languages",
    "languages != 'fr'",
    "team > 3",
    "age == '41'",
    "remote == 1",
    "missing",
    "missing HAS 'x'",
    "missing IN ['x']",
    "missing CONTAINS 'x'",
    "missing > 1",
    "missing != null",
    "nothing != null",
    "languages[9] == 'en'",
    "team.deeper == 'x'",
    "(team == 'North' OR age == 1) AND age == 2",
    "team == 'north'",
    "languages NOT IN ['en']",
]
WRONG = {
    "team-name == 'x'": "hyphens",
    "team ==": "ends too early",
    "team == 'a' AND": "ends too early",
    "(team == 'a'": "ends too early",
    "team 'a'": "unexpected ''a'' at character 6",
    "== 'a'": "unexpected '=='",
    "team == 'a": "unexpected",
    "team =~ 'a'": "unexpected",
    "team HAS [": "ends too early",
    "1abc == 1": "unexpected",
}


@pytest.mark.parametrize("text", TRUE)
def test_expressions_that_fit(text: str) -> None:
    """Each documented operator and spelling is understood."""
    assert parse(text).matches(WORKER)


@pytest.mark.parametrize("text", FALSE)
def test_expressions_that_do_not_fit(text: str) -> None:
    """Missing keys, wrong types and unequal values are false, never an error."""
    assert not parse(text).matches(WORKER)


@pytest.mark.parametrize(("text", "reason"), WRONG.items())
def test_a_syntax_error_is_told_with_its_place(text: str, reason: str) -> None:
    """What does not parse is refused with the text and what is wrong."""
    with pytest.raises(ExpressionError) as refused:
        parse(text)

    assert text in str(refused.value)
    assert reason in str(refused.value)


def test_names_may_begin_or_be_like_keywords() -> None:
    """An attribute called `order`, `android`, `in` or `has` is a name where one is expected."""
    attributes = {"order": 1, "android": 2, "in": 3, "has": [4], "not_x": 5, "null_": 6}
    text = (
        "order == 1 AND android == 2 AND in == 3 AND has HAS 4 AND not_x == 5 AND null_ == 6"
        " AND routing.in == null"
    )

    assert parse(text).matches(attributes)


NAMES = st.sampled_from(["a", "b", "skills", "routing.skills", "x_1", "$y", "a.b[0]"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from([0.5, -1.25]),
    st.text("ab'\" \\é", max_size=3),
)
ATTRIBUTES: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(["a", "b", "skills", "routing", "x_1", "$y", "z"]),
    st.recursive(
        SCALARS,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["skills", "b"]), inner, max_size=2)
        ),
        max_leaves=6,
    ),
    max_size=5,
)
OPERANDS = st.one_of(NAMES, SCALARS.map(json.dumps), st.lists(SCALARS, max_size=3).map(json.dumps))
OPERATORS = st.sampled_from(
    ["==", "=", "!=", "<", "<=", ">", ">=", "HAS", ">-", "IN", "<-", "NOT IN", "CONTAINS"]
)
COMPARISONS = st.builds("{} {} {}".format, OPERANDS, OPERATORS, OPERANDS)
EXPRESSIONS = st.recursive(
    COMPARISONS,
    lambda inner: (
        st.builds("({} AND {})".format, inner, inner)
        | st.builds("({} or {})".format, inner, inner)
        | st.builds("NOT ({})".format, inner)
    ),
    max_leaves=5,
)


@given(one=EXPRESSIONS, two=EXPRESSIONS, attributes=ATTRIBUTES)
def test_and_or_not_are_those_of_logic(one: str, two: str, attributes: dict[str, Any]) -> None:
    """AND, OR and NOT combine what their parts say, for any attributes, without an error."""
    first, second = parse(one).matches(attributes), parse(two).matches(attributes)

    assert parse(f"({one}) AND ({two})").matches(attributes) == (first and second)
    assert parse(f"({one}) OR ({two})").matches(attributes) == (first or second)
    assert parse(f"NOT ({one})").matches(attributes) == (not first)


@given(text=EXPRESSIONS, attributes=ATTRIBUTES, others=ATTRIBUTES)
def test_only_the_roots_matter(
    text: str, attributes: dict[str, Any], others: dict[str, Any]
) -> None:
    """Attributes an expression does not name never change its answer."""
    expression = parse(text)
    kept = {name: value for name, value in attributes.items() if name in expression.roots}
    foreign = {name: value for name, value in others.items() if name not in expression.roots}

    assert expression.matches(attributes) == expression.matches({**foreign, **kept})


@given(array=st.lists(SCALARS, max_size=4), item=SCALARS)
def test_has_and_in_are_one_relation(array: list[Any], item: object) -> None:
    """`x HAS y` says what `y IN x` says, and NOT IN the contrary for a value that is there."""
    assume(item is not None)
    attributes = {"array": array, "item": item}
    has = parse("array HAS item").matches(attributes)

    assert parse("item IN array").matches(attributes) == has
    assert parse("item NOT IN array").matches(attributes) == (not has)
    assert parse(f"array HAS {json.dumps(item, ensure_ascii=False)}").matches(attributes) == has


def test_evaluation_is_quick_enough_for_a_large_centre() -> None:
    """A worker is tested against 250 queues in a few milliseconds."""
    text = 'routing.skills HAS "sales" AND routing.levels.sales >= 3 AND languages HAS "en"'
    expressions = [parse(f"{text} AND age != {number}") for number in range(250)]
    started = time.perf_counter()

    found = sum(expression.matches(WORKER) for expression in expressions)

    assert found == 249
    assert time.perf_counter() - started < 0.05
