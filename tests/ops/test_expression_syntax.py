"""The syntax check of expressions: what is accepted, what is refused, where and with which hint."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskrouter_ops.expressions.syntax import check_expression

ACCEPTED = [
    "1==1",
    "routing.skills HAS 'billing'",
    'routing.skills has "billing" and (languages In ["en", "es"] OR routing.levels.billing >= 3)',
    "task.language IN worker.languages",
    "worker.channel.voice.assigned_tasks == 0",
    "skills[0] = 'sales'",
    "preferred_agents != null",
    "language NOT IN ['de', 'fr']",
    "NOT (vip == true)",
    "languages >- 'en' AND 'en' <- languages",
    "level > -1.5",
    "contact_uri CONTAINS '@example.com'",
    "inbound == true AND order_no >= 1 AND android == false",
    "routing.has.in HAS 'x'",
    "workers.available = 0",
    "name == 'O\\'Hara'",
    "x IN []",
    " \n 1 == 1 ",
]

REFUSED = [
    ("skill-level > 1", 5, "hyphen"),
    ("a-1 > 0", 1, "hyphen"),
    ("a ==", 4, "value is missing"),
    ("(a == 1", 7, "not closed"),
    ("a == 1)", 6, "parenthesis too many"),
    ("a == 1 && b == 2", 7, "AND"),
    ("a == 1 || b == 2", 7, "OR"),
    ("a == 'x", 5, "not closed"),
    ("a == sales team", 11, "quotes"),
    ("a === 1", 4, "=="),
    ("a == 1 b == 2", 7, "AND or OR"),
    ("a ~ 'x.*'", 2, "regular expressions"),
    ("a HAS \u2018x\u2019", 6, "straight quotes"),
    ("", 0, "1==1"),
    ("   ", 0, "1==1"),
    ("x IN ['a'", 9, "array is not closed"),
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_documented_syntax_is_accepted(text: str) -> None:
    """What Twilio documents parses, keywords in any case."""
    assert check_expression(text) is None


@pytest.mark.parametrize(("text", "position", "hint"), REFUSED)
def test_a_mistake_is_located_and_explained(text: str, position: int, hint: str) -> None:
    """The problem names the character where it breaks and what was probably meant."""
    problem = check_expression(text)

    assert problem is not None
    assert problem.position == position
    assert hint in problem.hint


names = st.from_regex(r"[a-z_$][a-z0-9_$]{0,8}", fullmatch=True).filter(
    lambda n: n not in {"and", "or", "not", "in", "has", "contains", "true", "false", "null"}
)
values = st.one_of(
    st.integers(-9, 9).map(str),
    st.from_regex(r"'[a-z ]{0,6}'", fullmatch=True),
    st.sampled_from(["true", "null"]),
)
comparisons = st.builds(
    lambda name, sign, value: f"{name} {sign} {value}",
    names,
    st.sampled_from(["==", "!=", "<", ">=", "HAS", "contains", "IN", "not in", ">-"]),
    values,
)
expressions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds(lambda a, b: f"{a} AND {b}", inner, inner),
        st.builds(lambda a, b: f"({a} or {b})", inner, inner),
        st.builds(lambda a: f"NOT ({a})", inner),
    ),
    max_leaves=6,
)


@given(expressions)
def test_anything_composed_of_comparisons_parses(text: str) -> None:
    """Comparisons, connected and nested in any way, are syntactically right."""
    assert check_expression(text) is None


@given(expressions, st.sampled_from(["AND", "OR", "(", "=="]))
def test_a_dangling_end_is_refused(text: str, end: str) -> None:
    """An expression that stops after an operator is never accepted."""
    assert check_expression(f"{text} {end}") is not None
