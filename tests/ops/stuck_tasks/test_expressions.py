"""Expressions decided locally: what is documented, what is undecided, and never the opposite."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskrouter_ops.expressions import Answer, parse_expression
from twilio_emulator import expressions as emulated

MATCHES = [
    ("a == 1", {"a": 1}),
    ("a = 1.0", {"a": 1}),
    ("a != 'x'", {"a": "y"}),
    ("a >= 1 AND a <= 2", {"a": 2}),
    ("name < 'b'", {"name": "a"}),
    ("skills HAS 'billing'", {"skills": ["sales", "billing"]}),
    ("skills >- 'billing'", {"skills": ["billing"]}),
    ("'en' IN languages", {"languages": ["en"]}),
    ("language IN ['en', 'es']", {"language": "es"}),
    ("language <- ['en']", {"language": "en"}),
    ("language NOT IN ['en']", {"language": "de"}),
    ("uri CONTAINS '@example'", {"uri": "a@example.com"}),
    ("vip", {"vip": True}),
    ("true", {}),
    ("NOT vip", {"vip": False}),
    ("a.b[1].c == 'x'", {"a": {"b": [0, {"c": "x"}]}}),
    ("a == null", {}),
    ("name == 'O\\'Hara'", {"name": "O'Hara"}),
    ("a == 1 OR b == 2 AND c == 3", {"a": 1, "b": 2, "c": 3}),
    ("(a == 1 OR b == 2) AND c == 3", {"a": 1, "c": 3}),
]
MISMATCHES = [
    ("a == 1", {"a": 2}),
    ("a == 'x'", {"a": ["x"]}),
    ("a != 'x'", {"a": ["x"]}),
    ("a > 1", {"a": [2]}),
    ("a CONTAINS 'x'", {"a": ["x"]}),
    ("department HAS 'billing'", {"department": "billing"}),
    ("'a' IN 'abc'", {}),
    ("a NOT IN 'b'", {"a": "a"}),
    ("x IN []", {"x": 1}),
    ("a != null", {}),
    ("vip", {"vip": False}),
    ("a == 1 AND b > null", {"a": 2}),
]
NOTHING = [
    ("a == 'x'", {}),
    ("skills HAS 'x'", {}),
    ("a IN ['x']", {}),
    ("a CONTAINS 'x'", {}),
    ("vip", {}),
    ("a == 'x' OR b == 'y'", {"b": "z"}),
]
UNDECIDED = [
    ("a == '1'", {"a": 1}),
    ("a == true", {"a": 1}),
    ("a == 'X'", {"a": "x"}),
    ("a > 1", {}),
    ("a > 1", {"a": None}),
    ("a > '1'", {"a": 2}),
    ("a != 'x'", {}),
    ("a NOT IN ['x']", {}),
    ("NOT (a == 'x')", {}),
    ("a != null", {"a": ["x"]}),
    ("a == 'x'", {"a": {}}),
    ("skills HAS 1", {"skills": ["1"]}),
    ("skills HAS ['x']", {"skills": ["x"]}),
    ("a CONTAINS 1", {"a": "1"}),
    ("vip", {"vip": 1}),
    ("a == 9007199254740993", {"a": 9007199254740992}),
    ("a == 1 OR b == 2 AND c == 3", {"a": 1, "b": 2, "c": 4}),
    ("a == 1 AND b == 'x' AND c > 1", {"a": 1, "b": "x"}),
]


@pytest.mark.parametrize(
    ("text", "attributes", "answer"),
    [
        (text, attributes, answer)
        for answer, cases in (
            (Answer.MATCH, MATCHES),
            (Answer.MISMATCH, MISMATCHES),
            (Answer.NOTHING, NOTHING),
            (Answer.UNDECIDED, UNDECIDED),
        )
        for text, attributes in cases
    ],
)
def test_the_answer_is_as_documented_or_undecided(
    text: str, attributes: dict[str, Any], answer: Answer
) -> None:
    """Documented rules are followed; what is not documented is not guessed."""
    assert parse_expression(text).answer(attributes) is answer


def test_the_attributes_an_expression_reads_are_named() -> None:
    """Constants and keywords are none of them."""
    expression = parse_expression("a.b == 'c' AND NOT d HAS true OR e[1] IN ['f']")

    assert expression.roots == {"a", "d", "e"}


@pytest.mark.parametrize("text", ["", "a ==", "a-b == 1", "(" * 5000 + "a==1" + ")" * 5000])
def test_what_does_not_parse_is_refused(text: str) -> None:
    """As a ValueError, however deep it nests."""
    with pytest.raises(ValueError, match=r"."):
        parse_expression(text)


NAMES = ("a", "b", "c", "Name", "inner.x", "list[0]")
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 3), st.sampled_from(["", "a", "A", "ab", "1", "true"])
)
values = st.one_of(scalars, st.lists(scalars, max_size=3), st.dictionaries(st.just("x"), scalars))
attributes = st.fixed_dictionaries(
    {}, optional={**dict.fromkeys(("a", "b", "c", "Name", "list"), values), "inner": values}
)


def written(value: Any) -> str:
    """Write a constant as expressions do."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list):
        return f"[{', '.join(written(item) for item in value)}]"
    return f"'{value}'" if isinstance(value, str) else str(value)


operands = st.one_of(
    st.sampled_from(NAMES), scalars.map(written), st.lists(scalars, max_size=3).map(written)
)
operators = st.sampled_from(
    ["==", "=", "!=", "<", "<=", ">", ">=", "HAS", "has", ">-", "IN", "<-", "NOT IN", "CONTAINS"]
)
comparisons = st.one_of(
    st.builds(lambda left, op, right: f"{left} {op} {right}", operands, operators, operands),
    st.sampled_from([*NAMES, "true", "false"]),
)
texts = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds(lambda a, b: f"{a} AND {b}", inner, inner),
        st.builds(lambda a, b: f"{a} or {b}", inner, inner),
        st.builds(lambda a: f"({a})", inner),
        st.builds(lambda a: f"NOT ({a})", inner),
    ),
    max_leaves=6,
)


@settings(max_examples=1500, deadline=None)
@given(texts, attributes)
def test_what_is_decided_agrees_with_the_local_twilio(text: str, given: dict[str, Any]) -> None:
    """Two evaluators written apart give one answer wherever this one gives any."""
    answer = parse_expression(text).answer(given)

    if answer is not Answer.UNDECIDED:
        assert (answer is Answer.MATCH) is emulated.parse(text).matches(given)


@settings(max_examples=500, deadline=None)
@given(texts, attributes)
def test_negation_turns_a_decided_answer_round(text: str, given: dict[str, Any]) -> None:
    """What is not there is undecided the other way round; twice negated nothing is gained."""
    plain, negated = parse_expression(text), parse_expression(f"NOT ({text})")

    turned = {Answer.MATCH: Answer.MISMATCH, Answer.MISMATCH: Answer.MATCH}
    assert negated.answer(given) is turned.get(plain.answer(given), Answer.UNDECIDED)
