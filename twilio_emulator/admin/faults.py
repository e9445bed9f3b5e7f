"""Failures on demand: which requests they meet and what happens to those."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Literal

from .latency import LATENCY_SCHEMA, draw
from .presets import PRESETS
from .schema import problems


class WrongFault(ValueError):
    """A fault's description that cannot be followed."""


def _rule(default: Any, meaning: str, **schema: Any) -> Any:
    """Declare one field of a rule: its default, what it means, and its JSON Schema."""
    return field(default=default, metadata={"description": meaning, **schema})


_PATTERN = {"type": "string", "format": "regex", "minLength": 1}
_TEXT = {"type": "string", "minLength": 1}


@dataclass(kw_only=True)
class Fault:
    """One rule: which requests it meets, and what happens to those.

    A rule that only delays lets the rules after it add to that; the first one that fails the
    request decides how it fails.  Units: latency in milliseconds, `retry_after` in seconds.
    """

    id: str = ""
    kind: str | None = _rule(
        None, "Kind of request; any when left out.", enum=["api", "function", "callback"]
    )
    host: str | None = _rule(None, "Regular expression, searched in the host.", **_PATTERN)
    method: str | None = _rule(None, "HTTP method.", **_TEXT)
    path: str | None = _rule(None, "Regular expression, searched in the path.", **_PATTERN)
    function: str | None = _rule(None, "Exact path of a Twilio Function.", **_TEXT)
    event_type: str | None = _rule(None, "Exact type of an event callback.", **_TEXT)
    probability: float = _rule(
        1.0, "Share of the requests met.", type="number", minimum=0, maximum=1
    )
    skip: int = _rule(0, "How many requests pass first.", type="integer", minimum=0)
    count: int | None = _rule(
        None, "How many requests are met; all when left out.", type="integer", minimum=0
    )
    latency_ms: float | dict[str, Any] = _rule(0.0, "Waits first.", **LATENCY_SCHEMA)  # noqa: RUF009
    status: int | None = _rule(
        None, "Answers with this status.", type="integer", minimum=200, maximum=599
    )
    retry_after: int | None = _rule(None, "Retry-After of that answer.", type="integer", minimum=0)
    body: Any = _rule(None, "Body of that answer; Twilio's envelope when left out.")  # noqa: RUF009
    drop: bool = _rule(False, "Closes the connection without an answer.", type="boolean")
    after: bool = _rule(
        False, "Lets the request take effect before the status or the drop.", type="boolean"
    )
    process: Literal["kill", "freeze"] | None = _rule(
        None,
        "What happens to the Node process of a function: it is killed, or frozen (SIGSTOP) and"
        " runs into the execution limit.",
        enum=["kill", "freeze"],
    )
    process_after_ms: float = _rule(
        0.0, "How long the function has run by then.", type="number", minimum=0
    )
    hits: int = 0

    @property
    def fails(self) -> bool:
        """Tell whether the requests it meets end in another way than they would."""
        return self.drop or self.status is not None or self.process is not None

    def shown(self) -> dict[str, Any]:
        """Write the rule as JSON values."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def fits(self, kind: str, method: str, host: str, path: str, event_type: str | None) -> bool:
        """Tell whether a request is one of those the rule is about."""
        return (
            (self.kind is None or self.kind == kind)
            and (self.process is None or kind == "function")
            and (self.method is None or self.method.upper() == method)
            and (self.host is None or re.search(self.host, host) is not None)
            and (self.path is None or re.search(self.path, path) is not None)
            and (self.function is None or (kind == "function" and self.function == path))
            and (self.event_type is None or self.event_type == event_type)
        )


_OWN = {"id", "hits"}
_FIELDS = {item.name: item for item in fields(Fault) if item.name not in _OWN}


def _field_schema(name: str) -> dict[str, Any]:
    schema = dict(_FIELDS[name].metadata)
    if _FIELDS[name].default is None and "type" in schema:
        schema["type"] = [schema["type"], "null"]
    if _FIELDS[name].default is None and "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    return schema


RULE_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "preset": {"description": "A rule to start from.", "enum": sorted(PRESETS)},
        **{name: _field_schema(name) for name in _FIELDS},
    },
    "additionalProperties": False,
}
"""The JSON Schema of a rule, made from the fields above."""


def parse(description: Mapping[str, Any]) -> Fault:
    """Read a rule.

    Raises: WrongFault naming everything that is wrong with it.
    """
    found = problems(RULE_SCHEMA, description, "rule")
    if found:
        raise WrongFault("; ".join(found))
    preset = PRESETS[description["preset"]].rule if "preset" in description else {}
    rule = {**preset, **{k: v for k, v in description.items() if k != "preset"}}
    # Null means what leaving the field out means.
    rule = {k: v for k, v in rule.items() if v is not None or _FIELDS[k].default is MISSING}
    fault = Fault(**rule)
    if found := _contradictions(fault):
        raise WrongFault("; ".join(found))
    return fault


def _contradictions(fault: Fault) -> list[str]:
    failing = fault.status is not None or fault.drop
    return [
        text
        for holds, text in (
            (
                not fault.fails and not fault.latency_ms,
                "the rule does nothing: give status, drop, process or latency_ms",
            ),
            (fault.after and not failing, "after needs status or drop"),
            (
                [fault.drop, fault.status is not None, fault.process is not None].count(True) > 1,
                "give one of status, drop and process",
            ),
            (
                fault.status is None and (fault.retry_after is not None or fault.body is not None),
                "retry_after and body need status",
            ),
            (
                fault.process is not None and fault.kind not in (None, "function"),
                "process is about functions: leave kind out",
            ),
            (
                fault.process is None and fault.process_after_ms > 0,
                "process_after_ms needs process",
            ),
        )
        if holds
    ]


@dataclass(frozen=True)
class Met:
    """What befalls one request: the rules it fell under, and how long it waits in all."""

    rules: tuple[Fault, ...]
    latency_ms: float

    @property
    def ids(self) -> str:
        """Name the rules, for the journal."""
        return ",".join(rule.id for rule in self.rules)

    @property
    def failure(self) -> Fault | None:
        """The rule that decides how the request fails."""
        return self.rules[-1] if self.rules[-1].fails else None


class Faults:
    """The rules in force, in the order they were added; chances come from a seed."""

    def __init__(self, seed: int = 1) -> None:
        self._rules: dict[str, Fault] = {}
        self._random = random.Random(seed)  # noqa: S311 - chances, not secrets
        self._made = 0

    def add(self, description: Mapping[str, Any]) -> Fault:
        """Put a rule in force.

        Raises: WrongFault naming everything that is wrong with it.
        """
        fault = parse(description)
        self._made += 1
        fault.id = f"fault-{self._made}"
        self._rules[fault.id] = fault
        return fault

    def meet(
        self, kind: str, method: str, host: str, path: str, event_type: str | None = None
    ) -> Met | None:
        """Return what befalls this request, counting it with each rule it falls under."""
        if not self._rules:
            return None
        met: list[Fault] = []
        for fault in self._rules.values():
            if fault.fits(kind, method, host, path, event_type) and self._is_met(fault):
                met.append(fault)
                if fault.fails:
                    break
        return Met(tuple(met), sum(draw(f.latency_ms, self._random) for f in met)) if met else None

    def all(self) -> list[Fault]:
        """List the rules, used up ones included."""
        return list(self._rules.values())

    def remove(self, fault_id: str | None = None) -> int:
        """Lift one rule, or all; return how many."""
        if fault_id is None:
            count = len(self._rules)
            self._rules.clear()
            return count
        return 0 if self._rules.pop(fault_id, None) is None else 1

    def _is_met(self, fault: Fault) -> bool:
        if fault.skip > 0:
            fault.skip -= 1
            return False
        if fault.count == 0 or self._random.random() >= fault.probability:
            return False
        if fault.count is not None:
            fault.count -= 1
        fault.hits += 1
        return True
