"""Say what a TaskRouter expression makes of attributes, and own up where nobody can know.

An answer is one of four:

- `MATCH`, `MISMATCH`: what Twilio documents, or what every reading of it gives.
- `NOTHING`: a comparison with something that is not there. It never matches, but whether its
  negation does depends on how Twilio treats NULL.
- `UNDECIDED`: Twilio's answer is not documented. Comparing a string with a number, ordering
  against NULL, strings that differ in case alone, AND beside OR without parentheses where the
  order changes the answer: whoever acts on an answer has to treat it as "perhaps".

Source: TaskRouter "Expression syntax" page (missing keys are NULL, scalar operators on arrays and
array operators on two scalars are false), the lifecycle page's `preferred_agents != null`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum


class Answer(Enum):
    """What an expression says of attributes."""

    MATCH = "match"
    MISMATCH = "mismatch"
    NOTHING = "nothing"
    UNDECIDED = "undecided"


MATCH, MISMATCH, NOTHING, UNDECIDED = Answer


def yes(holds: bool) -> Answer:
    """Return the answer of what is known to hold or not."""
    return MATCH if holds else MISMATCH


def not_(answer: Answer) -> Answer:
    """Negate; what is not there may or may not match the other way round."""
    return {MATCH: MISMATCH, MISMATCH: MATCH}.get(answer, UNDECIDED)


def all_of(answers: Iterable[Answer]) -> Answer:
    """Connect by AND: certainly false as soon as one is."""
    given = set(answers)
    return next((a for a in (MISMATCH, NOTHING, UNDECIDED) if a in given), MATCH)


def any_of(answers: Iterable[Answer]) -> Answer:
    """Connect by OR: certainly true as soon as one is."""
    given = set(answers)
    return next((a for a in (MATCH, UNDECIDED, NOTHING) if a in given), MISMATCH)


JOINS: dict[str, Callable[[Iterable[Answer]], Answer]] = {"AND": all_of, "OR": any_of}


def chained(answers: Sequence[Answer], words: Sequence[str]) -> Answer:
    """Connect answers by the words between them, each AND or OR.

    Which of the two binds closer is not documented: where that changes the answer, it is
    undecided.
    """
    orders = (("AND", "OR"), ("OR", "AND"))
    found = {_grouped(answers, words, *order) for order in orders}
    found.add(_from_left(answers, words))
    if len(found) == 1:
        return found.pop()
    return NOTHING if found == {NOTHING, MISMATCH} else UNDECIDED


def _grouped(answers: Sequence[Answer], words: Sequence[str], closer: str, looser: str) -> Answer:
    groups = [[answers[0]]]
    for word, answer in zip(words, answers[1:], strict=True):
        if word == closer:
            groups[-1].append(answer)
        else:
            groups.append([answer])
    return JOINS[looser](JOINS[closer](group) for group in groups)


def _from_left(answers: Sequence[Answer], words: Sequence[str]) -> Answer:
    result = answers[0]
    for word, answer in zip(words, answers[1:], strict=True):
        result = JOINS[word]((result, answer))
    return result
