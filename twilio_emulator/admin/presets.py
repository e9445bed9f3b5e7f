"""Rules for the failures that are met most often, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Preset:
    """A rule with what it is like."""

    summary: str
    rule: Mapping[str, Any]


PRESETS: Mapping[str, Preset] = {
    "outage": Preset("Every API request is answered 503", {"kind": "api", "status": 503}),
    "errors": Preset(
        "One API request in ten is answered 500",
        {"kind": "api", "status": 500, "probability": 0.1},
    ),
    "throttling": Preset(
        "Three API requests in ten are answered 429 with Retry-After",
        {"kind": "api", "status": 429, "retry_after": 1, "probability": 0.3},
    ),
    "lost-answers": Preset(
        "One API request in ten takes effect and its connection is dropped",
        {"kind": "api", "drop": True, "after": True, "probability": 0.1},
    ),
    "slow": Preset(
        "API requests take about 300 ms, some of them seconds",
        {
            "kind": "api",
            "latency_ms": {"distribution": "lognormal", "median": 300, "sigma": 0.8},
        },
    ),
    "slow-callbacks": Preset(
        "The targets of callbacks take 20 s, longer than Twilio waits",
        {"kind": "callback", "latency_ms": 20_000},
    ),
    "killed-functions": Preset(
        "The process of every function is killed while it runs", {"process": "kill"}
    ),
    "frozen-functions": Preset(
        "The process of every function stands still until the time limit ends it",
        {"process": "freeze"},
    ),
}
