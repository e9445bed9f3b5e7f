"""Fill in a template: numbers and chances that are a function of the seed and the number.

* `{n}` in any text is the number of the copy, from 1; the text "{n}" alone is that number itself.
* `{"$choice": [...]}` is one of the values, `{"$number": [low, high]}` a whole number between.
"""

from __future__ import annotations

import random
from typing import Any

CHOICE, NUMBER = "$choice", "$number"


def fill(template: Any, number: int, chance: random.Random) -> Any:
    """Return the n-th copy of a template."""
    if isinstance(template, str):
        return number if template == "{n}" else template.replace("{n}", str(number))
    if isinstance(template, list):
        return [fill(item, number, chance) for item in template]
    if not isinstance(template, dict):
        return template
    if set(template) == {CHOICE}:
        return fill(chance.choice(template[CHOICE]), number, chance)
    if set(template) == {NUMBER}:
        low, high = template[NUMBER]
        return chance.randint(low, high)
    return {name: fill(value, number, chance) for name, value in template.items()}


def problems(template: Any, place: str) -> list[str]:
    """List what `fill` could not follow."""
    if isinstance(template, list):
        return [p for i, item in enumerate(template) for p in problems(item, f"{place}[{i}]")]
    if not isinstance(template, dict):
        return []
    choices, bounds = template.get(CHOICE), template.get(NUMBER)
    if set(template) == {CHOICE}:
        if not isinstance(choices, list) or not choices:
            return [f"{place}.{CHOICE}: must be a list of values"]
        return problems(choices, f"{place}.{CHOICE}")
    if set(template) == {NUMBER}:
        if not _are_bounds(bounds):
            return [f"{place}.{NUMBER}: must be two whole numbers, the lower one first"]
        return []
    return [p for key, value in template.items() for p in problems(value, f"{place}.{key}")]


def _are_bounds(bounds: Any) -> bool:
    return (
        isinstance(bounds, list)
        and len(bounds) == 2
        and all(isinstance(bound, int) and not isinstance(bound, bool) for bound in bounds)
        and bounds[0] <= bounds[1]
    )
