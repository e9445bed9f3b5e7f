"""Failures on demand: which requests they meet and what happens to those."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


class WrongFault(ValueError):
    """A fault's description that cannot be followed."""


@dataclass(kw_only=True)
class Fault:
    """One rule.

    Which requests: `kind` (api, function or callback; any when left out), `host` and `path`
    (regular expressions, searched), `method`, `function` (the exact path of a Twilio Function),
    `event_type` (of an event callback, exact), after letting `skip` of them pass, then `count` of
    them (all when left out), each with `probability`.

    What happens: `latency_ms` waits first; `status` answers with it (and `retry_after` seconds
    and `body`) instead of acting; `drop` closes the connection without an answer (an event
    callback is never sent); `after` lets the request take effect before the status or the drop.
    """

    id: str = ""
    kind: str | None = None
    host: str | None = None
    method: str | None = None
    path: str | None = None
    function: str | None = None
    event_type: str | None = None
    probability: float = 1.0
    skip: int = 0
    count: int | None = None
    latency_ms: float = 0.0
    status: int | None = None
    retry_after: int | None = None
    body: Any = None
    drop: bool = False
    after: bool = False
    hits: int = 0

    def shown(self) -> dict[str, Any]:
        """Write the rule as JSON values."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def fits(self, kind: str, method: str, host: str, path: str, event_type: str | None) -> bool:
        """Tell whether a request is one of those the rule is about."""
        return (
            (self.kind is None or self.kind == kind)
            and (self.method is None or self.method.upper() == method)
            and (self.host is None or re.search(self.host, host) is not None)
            and (self.path is None or re.search(self.path, path) is not None)
            and (self.function is None or (kind == "function" and self.function == path))
            and (self.event_type is None or self.event_type == event_type)
        )

    def answer(self) -> bytes:
        """Write the body of the failure's answer."""
        if isinstance(self.body, str):
            return self.body.encode()
        code = 20429 if self.status == 429 else 20500
        message = "Too Many Requests" if self.status == 429 else "Failure on demand"
        body = self.body or {
            "code": code,
            "message": message,
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": self.status,
        }
        return json.dumps(body).encode()


class Faults:
    """The rules in force, first match wins; chances come from a seed."""

    def __init__(self, seed: int = 1) -> None:
        self._rules: dict[str, Fault] = {}
        self._random = random.Random(seed)  # noqa: S311 - chances, not secrets
        self._made = 0

    def add(self, description: Mapping[str, Any]) -> Fault:
        """Put a rule in force.

        Raises: WrongFault for an unknown key, a bad pattern, or a rule without any effect.
        """
        known = {item.name for item in fields(Fault)} - {"id", "hits"}
        unknown = sorted(set(description) - known)
        if unknown:
            raise WrongFault(f"unknown {', '.join(unknown)} (known: {', '.join(sorted(known))})")
        fault = Fault(**description)
        for pattern in (fault.host, fault.path):
            try:
                re.compile(pattern or "")
            except re.error as error:
                raise WrongFault(f"'{pattern}' is not a regular expression: {error}") from error
        if not (fault.status or fault.drop or fault.latency_ms):
            raise WrongFault("the rule does nothing: give status, drop or latency_ms")
        self._made += 1
        fault.id = f"fault-{self._made}"
        self._rules[fault.id] = fault
        return fault

    def meet(
        self, kind: str, method: str, host: str, path: str, event_type: str | None = None
    ) -> Fault | None:
        """Return the rule this request falls under, counting it."""
        for fault in self._rules.values():
            if not fault.fits(kind, method, host, path, event_type):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.count == 0 or self._random.random() >= fault.probability:
                continue
            if fault.count is not None:
                fault.count -= 1
            fault.hits += 1
            return fault
        return None

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
