"""Rules as they are typed: read, or everything wrong with them said at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from taskrouter_ops.stuck_tasks import WrongRules, parse_duration, rules_from


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("10m", 600), ("2h", 7200), ("1d", 86_400), ("0s", 0), (" 5m ", 300)],
)
def test_lengths_of_time_are_read(text: str, seconds: int) -> None:
    """A whole number and a unit."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "10", "10 m", "-5m", "1.5h", "1h30m", "5w", "99999999d", "٣m"]
)
def test_other_texts_are_no_length(text: str) -> None:
    """Nothing is guessed."""
    assert parse_duration(text) is None


def test_all_problems_are_named_at_once() -> None:
    """Every option, every expression, every unknown status."""
    deep = "(" * 900 + "a" + ")" * 900

    with pytest.raises(WrongRules) as caught:
        rules_from(
            call_statuses="completed,in-progress,finished",
            min_age="soon",
            exclude=["a == ", "ok == 1", "my-key == 1", "task.kind == 'x'", deep],
            exclude_attributes=["", "a..b", "fine.too"],
            reason=" ",
        )

    problems = caught.value.problems
    assert len(problems) == 10
    for part in (
        "'in-progress' is no status a call ends with",
        "'finished'",
        "--min-age 'soon'",
        "--exclude 'a == ': the expression ends too early",
        "--exclude 'my-key == 1'",
        "without `task.`",
        "nests too deeply",
        "--exclude-attribute ''",
        "'a..b'",
        "--reason is empty",
    ):
        assert sum(part in problem for problem in problems) == 1, part


@pytest.mark.parametrize("text", [r"path == 'C:\calls'", r"name == 'O\'Hara'", r'a IN ["\n"]'])
def test_a_backslash_is_refused(text: str) -> None:
    """An escape or a character like any other: taken the wrong way, it excludes nothing."""
    with pytest.raises(WrongRules, match="backslash"):
        rules_from(exclude=[text])


def test_a_quote_needs_no_backslash() -> None:
    """The other kind of quotes does."""
    (expression,) = rules_from(exclude=['name == "O\'Hara"']).exclude

    assert expression.answer({"name": "O'Hara"}).name == "MATCH"
