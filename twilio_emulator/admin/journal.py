"""Remember the last requests, so that a test can say what was and what was not called."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

LENGTH = 100_000
MOST_CHARACTERS = 128 * 2**20
"""Characters of paths and parameters that are remembered; older entries make room."""

KINDS = ("api", "function", "callback")


# Neither class is frozen, which would make it three times as slow: there is one per request.
@dataclass(slots=True)
class Facts:
    """What faults and the journal go by.

    Shape: `kind` is api, function or callback; `account` the SID of the account whose request
    it is, where that is known; `bytes` the length of the request's body.
    Units: `limit` is how many seconds the caller waits for an answer, a fault's latency included.
    """

    kind: str
    method: str
    host: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    event_type: str | None = None
    bytes: int = 0
    account: str | None = None
    limit: float | None = None


@dataclass(slots=True)
class Entry:
    """One request: an API call, a function call, or an event callback.

    Shape: `status` is None when no answer came; `fault` has the ids of the rules it fell under.
    Units: `moment` is when it came by the emulator's clock, in seconds since 1970; `seconds` how
    long it took.
    """

    number: int
    facts: Facts
    moment: float
    seconds: float
    status: int | None
    fault: str | None = None

    @property
    def time(self) -> str:
        """When it came, to the millisecond."""
        return datetime.fromtimestamp(self.moment, UTC).isoformat(timespec="milliseconds")

    @property
    def duration_ms(self) -> float:
        """How many milliseconds it took."""
        return round(self.seconds * 1000, 3)

    def shown(self) -> dict[str, Any]:
        """Write the entry as JSON values."""
        facts = self.facts
        return {
            "number": self.number,
            "time": self.time,
            "kind": facts.kind,
            "method": facts.method,
            "host": facts.host,
            "path": facts.path,
            "params": facts.params,
            "bytes": facts.bytes,
            "status": self.status,
            "duration_ms": self.duration_ms,
            "account": facts.account,
            "fault": self.fault,
        }


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which entries to show; `host` and `path` are regular expressions, searched.

    Shape: `status` is a number (429), a class (5xx) or "none" for requests without an answer.
    """

    kind: str | None = None
    host: str | None = None
    method: str | None = None
    path: str | None = None
    status: str | None = None
    account: str | None = None

    def fits(self, entry: Entry) -> bool:
        """Tell whether an entry is one of those asked for."""
        facts = entry.facts
        return (
            (self.kind is None or facts.kind == self.kind)
            and (self.method is None or facts.method == self.method.upper())
            and (self.account is None or facts.account == self.account)
            and (self.status is None or _has_status(entry.status, self.status))
            and (self.host is None or re.search(self.host, facts.host) is not None)
            and (self.path is None or re.search(self.path, facts.path) is not None)
        )


def _has_status(status: int | None, wanted: str) -> bool:
    if wanted == "none":
        return status is None
    if wanted[1:].lower() == "xx":
        return status is not None and str(status)[0] == wanted[0]
    return str(status) == wanted


def _size(entry: Entry) -> int:
    values = entry.facts.params.values()
    return len(entry.facts.path) + sum(len(v if isinstance(v, str) else str(v)) for v in values)


class Journal:
    """The last requests, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()
        self._size = 0
        self._count = 0
        self._listeners: list[Callable[[Entry], None]] = []

    def add(
        self, facts: Facts, moment: float, seconds: float, status: int | None, fault: str | None
    ) -> None:
        """Write down one request: the fields of an entry without its number."""
        self._count += 1
        entry = Entry(self._count, facts, moment, seconds, status, fault)
        self._make_room()
        self._entries.append(entry)
        self._size += _size(entry)
        for listener in self._listeners:
            listener(entry)

    def select(self, wanted: Filter, *, since: int = 0, limit: int | None = None) -> list[Entry]:
        """List the entries after number `since` that fit, the last `limit` of them."""
        fitting = (entry for entry in self._newest(since) if wanted.fits(entry))
        return list(islice(fitting, limit))[::-1]

    def listen(self, listener: Callable[[Entry], None]) -> Callable[[], None]:
        """Have `listener` called with each entry from now on; the returned function ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def clear(self) -> None:
        """Forget all entries; numbers go on."""
        self._entries.clear()
        self._size = 0

    def _make_room(self) -> None:
        while len(self._entries) >= LENGTH or self._size > MOST_CHARACTERS:
            self._size -= _size(self._entries.popleft())

    def _newest(self, since: int) -> Iterator[Entry]:
        for entry in reversed(self._entries):
            if entry.number <= since:
                return
            yield entry
