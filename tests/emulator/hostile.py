"""Values and requests that nobody should send, for tests that send them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from twilio_emulator.wire import Parameter

BOUNDED = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
"""The same requests in every run, a bounded number of them."""

DEEP = 5_000
WRONG = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "null",
    "NaN",
    "-Infinity",
    "1e400",
    "-1",
    "0",
    "9" * 400,
    "9" * 5_000,
    "²",
    "١٢",
    "1_000",
    "+5",
    "0x10",
    "[",
    "{}",
    "[]",
    '"',
    '{"a":1,"a":2}',
    '{"a":NaN}',
    '{"a":1e999}',
    '{"\\ud800":"\\udfff"}',
    "[" * DEEP + "]" * DEEP,
    '{"a":' * DEEP + "1" + "}" * DEEP,
    "{" + "[" * DEEP,
    "http://[",
    "http://[::1",
    "http://a:99999999/",
    "http://\u2100.com",
    "https://user:pass@:0/#rc=9e9&rp=all",
    "javascript:alert(1)",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-02-30",
    "WK" + "0" * 32,
    "WK" + "F" * 32,
    "../../../../etc/passwd",
    "%",
    "%zz",
    "a" * 5_000,
    "é" * 2_000,
    "\U0001f600" * 1_100,
    "\u202e\ufeff",
    "(" * 600 + "1==1" + ")" * 600,
    "a == " + "(" * 3_000,
    "NOT " * 1_000 + "1==1",
    "1==1 AND " * 900 + "1==1",
    "a.b[99999999999999999999] == 1",
    "routing.skills HAS " + "'" + "x" * 4_000 + "'",
    "x IN [1, 'a', null, [1]]",
    "' OR 1==1 --",
    "DateCreated:asc,Priority:desc,VirtualStartTime:up",
    "Priority:desc:",
)
NUMBERS = st.integers(-(10**30), 10**30).map(str)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
).map(json.dumps)


def wrong_values() -> SearchStrategy[str]:
    """Return what no parameter means."""
    return st.sampled_from(WRONG) | NUMBERS | DOCUMENTS | st.text(max_size=60)


def right_values(parameter: Parameter) -> SearchStrategy[str]:
    """Return what a parameter takes, as its declaration says."""
    lowest = parameter.minimum if parameter.minimum is not None else 0
    highest = parameter.maximum if parameter.maximum is not None else lowest + 100
    kinds: dict[str, SearchStrategy[str]] = {
        "string": st.sampled_from(_TEXTS.get(parameter.name, ("Anna", "B"))),
        "integer": st.integers(lowest, highest).map(str),
        "boolean": st.sampled_from(("true", "false")),
        "flag": st.sampled_from(("true", "yes", "no")),
        "json": DOCUMENTS,
        "object": st.sampled_from(('{"a":1}', "{}", '{"routing":{"skills":["sales"]}}')),
        "enum": st.sampled_from(parameter.choices or ("",)),
        "date": st.sampled_from(("2026-01-01T00:00:00Z", "2030-01-01")),
        "url": st.sampled_from(("https://example.com/hook", "")),
    }
    return kinds[parameter.kind]


_EXPRESSIONS = ("1==1", "routing.skills HAS 'sales'", "a == 1 OR b != 'c'")
_TEXTS: dict[str, tuple[str, ...]] = {
    "TargetWorkers": _EXPRESSIONS,
    "TargetWorkersExpression": _EXPRESSIONS,
    "EvaluateTaskAttributes": _EXPRESSIONS,
    "Attributes": ('{"a":1}', "{}"),
    "EvaluateWorkerAttributes": ('{"a":1}', "{}"),
    "TaskChannel": ("default", "voice"),
    "AssignmentStatus": ("pending", "reserved", "canceled", "wrapping", "completed"),
    "ReservationStatus": ("accepted", "rejected", "wrapping", "completed", "pending"),
    "UniqueName": ("one", "two", "three"),
    "Minutes": ("15", "60"),
    "Page": ("0",),
    "PageToken": ("",),
    "Dependencies": ("", "[]"),
}


def is_a_failure(status: int) -> bool:
    """Tell whether an emulator that answers so has failed; 501 names what it has not."""
    return status >= 500 and status != 501


def collected(body: Any) -> set[str]:
    """Return what later requests can name: every SID, unique name, key and index of an answer."""
    found: set[str] = set()
    if isinstance(body, dict):
        for name, value in body.items():
            if name in ("unique_name", "key", "index") or name == "sid" or name.endswith("_sid"):
                found |= {str(value)} if value is not None else set()
            found |= collected(value)
    elif isinstance(body, list):
        for item in body[:5]:
            found |= collected(item)
    return found
