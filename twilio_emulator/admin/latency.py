"""How long a delayed request waits: a fixed time, or one drawn from a distribution."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Any

LONGEST_MS = 600_000

_TIME = {"type": "number", "minimum": 0, "maximum": LONGEST_MS}


def _distribution(name: str, **parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"distribution": {"const": name}, **parameters},
        "required": ["distribution", *parameters],
        "additionalProperties": False,
    }


_DISTRIBUTIONS = {
    "normal": _distribution("normal", mean=_TIME, deviation=_TIME),
    "lognormal": _distribution(
        "lognormal",
        median={**_TIME, "exclusiveMinimum": 0},
        sigma={"type": "number", "minimum": 0, "maximum": 10},
    ),
    "uniform": _distribution("uniform", low=_TIME, high=_TIME),
}

LATENCY_SCHEMA: Mapping[str, Any] = {
    "type": ["number", "object"],
    "minimum": 0,
    "maximum": LONGEST_MS,
    "if": {"type": "object"},
    "then": {
        "properties": {"distribution": {"enum": sorted(_DISTRIBUTIONS)}},
        "required": ["distribution"],
        "allOf": [
            {
                "if": {
                    "properties": {"distribution": {"const": name}},
                    "required": ["distribution"],
                },
                "then": schema,
            }
            for name, schema in _DISTRIBUTIONS.items()
        ],
    },
}
"""Milliseconds, or {"distribution": …} with the parameters of one."""


def draw(latency: float | Mapping[str, Any], chance: random.Random) -> float:
    """Return how many milliseconds to wait this time, never below 0 or above ten minutes."""
    if not isinstance(latency, Mapping):
        return float(latency)
    match latency["distribution"]:
        case "normal":
            drawn = chance.gauss(latency["mean"], latency["deviation"])
        case "lognormal":
            drawn = chance.lognormvariate(math.log(latency["median"]), latency["sigma"])
        case _:
            drawn = chance.uniform(latency["low"], latency["high"])
    return min(max(drawn, 0.0), LONGEST_MS)
