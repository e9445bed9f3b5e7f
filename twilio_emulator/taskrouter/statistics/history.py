"""The past of workspaces, queues, workflows and workers: facts by whom they are about.

Facts are derived from events as these are committed.  Events are forgotten after a while
(`assumptions.EVENTS_KEPT`), so that facts are kept beside them, a page at a time and long before
their events go.  At the start the facts are the kept pages and those of the events no page has.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from twilio_emulator import assumptions
from twilio_emulator.taskrouter.records import Event

from .facts import Fact, fact_of
from .records import StatisticsPage

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

PAGE_LENGTH = 1000
EVENTS_PER_PAGE = 2000  # a page is kept after so many events, however few of them are counted
_DAY_MS = 24 * 60 * 60 * 1000
_moment = attrgetter("moment")


class History:
    """All facts of the last 30 days."""

    def __init__(self, emulator: Emulator) -> None:
        self._store = emulator.store
        self._facts: dict[str, list[Fact]] = {}
        self._unkept: list[list[Any]] = []
        self._events = 0  # since the last page
        self._load()
        self._store.observe(Event, self._event_changed)

    def of(self, sid: str, start_ms: int, end_ms: int | None = None) -> list[Fact]:
        """List the facts about a workspace, queue, workflow or worker, the oldest first.

        Units: milliseconds since 1970; both ends are included, without an end all that follow.
        """
        facts = self._facts.get(sid, [])
        first = bisect_left(facts, start_ms, key=_moment)
        last = len(facts) if end_ms is None else bisect_right(facts, end_ms, key=_moment)
        return facts[first:last]

    def _load(self) -> None:
        kept: set[str] = set()
        for page in self._store[StatisticsPage]:
            for sid, *fields in page.rows:
                kept.add(sid)
                self._take(Fact(*fields))
        for event in self._store[Event]:
            if event.sid not in kept:
                self._add(event)

    def _event_changed(self, old: Event | None, new: Event | None) -> None:
        if old is None and new is not None:
            self._add(new)
            full = len(self._unkept) >= PAGE_LENGTH or self._events >= EVENTS_PER_PAGE
            if full and self._unkept:
                self._keep()

    def _add(self, event: Event) -> None:
        self._events += 1
        fact = fact_of(event)
        if fact is not None:
            self._take(fact)
            self._unkept.append([event.sid, *fact])

    def _take(self, fact: Fact) -> None:
        for sid in fact.subjects:
            facts = self._facts.setdefault(sid, [])
            if not facts or facts[-1].moment <= fact.moment:
                facts.append(fact)
            else:  # the machine's clock was put back
                facts.insert(bisect_right(facts, fact.moment, key=_moment), fact)

    def _keep(self) -> None:
        """Keep the facts no page has, and forget those that are too old to be asked for."""
        store, now = self._store, self._store.clock.now()
        rows, self._unkept, self._events = self._unkept, [], 0
        oldest = int(now.timestamp() * 1000) - assumptions.STATISTICS_DAYS * _DAY_MS
        with store.transaction():
            store.put(
                StatisticsPage(
                    sid=store.new_sid("SP"),
                    account_sid="",
                    date_created=now,
                    date_updated=now,
                    rows=rows,
                    last_ms=rows[-1][1],
                )
            )
            expired = [page for page in store[StatisticsPage] if page.last_ms < oldest]
            for page in expired:
                store.remove(page)
        if expired:
            for facts in self._facts.values():
                del facts[: bisect_left(facts, oldest, key=_moment)]
