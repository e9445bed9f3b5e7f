"""Remember the last requests, so that a test can say what was and what was not called."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

LENGTH = 100_000


@dataclass(frozen=True)
class Entry:
    """One request: an API call, a function call, or an event callback.

    Shape: `kind` is api, function or callback; `status` is None when no answer came.
    Units: `duration_ms` milliseconds, `bytes` of the request body.
    """

    number: int
    time: str
    kind: str
    method: str
    host: str
    path: str
    params: Mapping[str, Any] = field(repr=False)
    bytes: int
    status: int | None
    duration_ms: float
    fault: str | None = None


class Journal:
    """The last requests, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=LENGTH)
        self._count = 0

    def add(self, **facts: Any) -> None:
        """Write down one request."""
        self._count += 1
        self._entries.append(Entry(number=self._count, **facts))

    def select(
        self,
        *,
        kind: str | None = None,
        host: str | None = None,
        method: str | None = None,
        path: str | None = None,
        since: int = 0,
    ) -> Iterator[Entry]:
        """Yield the entries after number `since` that fit; `host` and `path` are patterns."""
        host_pattern = re.compile(host) if host else None
        path_pattern = re.compile(path) if path else None
        for entry in self._entries:
            if (
                entry.number > since
                and (kind is None or entry.kind == kind)
                and (method is None or entry.method == method.upper())
                and (host_pattern is None or host_pattern.search(entry.host))
                and (path_pattern is None or path_pattern.search(entry.path))
            ):
                yield entry

    def clear(self) -> None:
        """Forget all entries; numbers go on."""
        self._entries.clear()
