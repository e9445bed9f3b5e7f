"""Send a browser what changed since it was last told, as server-sent events."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from twilio_emulator.admin.journal import Filter, Journal
from twilio_emulator.admin.presets import PRESETS
from twilio_emulator.store import Store
from twilio_emulator.taskrouter.eligibility import Eligibility
from twilio_emulator.taskrouter.lookup import parts
from twilio_emulator.taskrouter.records import Event, TaskQueue, Workspace

from . import picture
from .picture import Row, Rows
from .watch import Watch

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

PAUSE_SECONDS = 0.25
RETRY_MS = 1000
"""How long a browser that lost the stream waits before it asks again."""
REQUESTS_AT_A_TIME = 150
EVENTS_AT_A_TIME = 100
COUNTING_SECONDS = 0.03
"""How long counting the workers of queues nobody asked about before may hold up others."""


async def stream(emulator: Emulator, workspace_sid: str | None) -> AsyncIterator[dict[str, Any]]:
    """Yield messages for one browser; the first one is the whole picture.

    Shape: JSON with `now` (the emulator's time in milliseconds), `whole` where it begins anew,
    {"put": {key: row}, "gone": [key]} for each section that changed, and what is new of
    `requests` and `events`.
    """
    told = Told()
    while True:
        watch = emulator.state(Watch)
        if told.watch != watch.name:
            told = Told(watch.name)
        if message := told.news(emulator, watch, chosen(emulator, workspace_sid)):
            message["now"] = round(emulator.clock.time() * 1000, 1)
            text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
            yield {"data": text, "retry": RETRY_MS}
        await asyncio.sleep(PAUSE_SECONDS)


def delta(before: Rows, after: Rows) -> Row:
    """Write the difference between two mappings; empty when there is none."""
    put = {key: row for key, row in after.items() if before.get(key) != row}
    gone = [key for key in before if key not in after]
    return {**({"put": put} if put else {}), **({"gone": gone} if gone else {})}


def chosen(emulator: Emulator, workspace_sid: str | None) -> Workspace | None:
    """Return the workspace asked for, or the first one there is."""
    workspaces = emulator.store[Workspace]
    asked = workspaces.get(workspace_sid) if workspace_sid else None
    return asked or next(iter(workspaces), None)


@dataclass
class Told:
    """What one browser knows by now; `watch` is whose changes those are."""

    watch: str = ""
    request: int = -1
    event: int = -1
    sections: dict[str, Rows] = field(default_factory=dict)

    def news(self, emulator: Emulator, watch: Watch, workspace: Workspace | None) -> Row:
        """Collect what the browser does not know yet, and count it as told."""
        message: Row = {} if self.sections else {"whole": watch.name}
        for name, rows in sections(emulator, watch, workspace).items():
            if found := self._changed(name, rows):
                message[name] = found
        if found := self._requests(emulator.journal):
            message["requests"] = found
        if workspace is not None and (events := self._events(emulator.store, workspace)):
            message["events"] = events
        return message

    def _changed(self, name: str, rows: Rows) -> Row:
        before = self.sections.get(name, {})
        self.sections[name] = rows
        return {} if before is rows else delta(before, rows)

    def _requests(self, journal: Journal) -> Row:
        # The last one known is asked for again: where it is gone, the journal was cleared.
        known, self.request = self.request, max(self.request, 0)
        found = journal.select(Filter(), since=max(known - 1, 0), limit=REQUESTS_AT_A_TIME)
        new = [entry for entry in found if entry.number > known]
        is_cleared = known > 0 and (not found or len(new) == len(found) < REQUESTS_AT_A_TIME)
        if is_cleared or new:
            self.request = new[-1].number if new else 0
        rows = [picture.request(entry) for entry in new]
        return {"new": rows, "cleared": is_cleared} if rows or is_cleared else {}

    def _events(self, store: Store, workspace: Workspace) -> list[Row]:
        events, known = store[Event], self.event
        new: list[Event] = []
        for item in reversed(list(events)):
            position = events.position(item.sid) or 0
            if position <= known or len(new) == EVENTS_AT_A_TIME:
                break
            self.event = max(self.event, position)
            if item.workspace_sid == workspace.sid:
                new.append(item)
        return [picture.event(item) for item in reversed(new)]


def sections(emulator: Emulator, watch: Watch, workspace: Workspace | None) -> dict[str, Rows]:
    """Draw every section, those that did not change from what was drawn before."""
    store = emulator.store

    def kept(section: str, scope: str, draw: Callable[[], Rows], *by: Any) -> Rows:
        revision = watch.revision(section, scope)
        rows: Rows = watch.kept(section, scope, (revision, *by), draw)
        return rows

    drawn = {
        "clock": {"clock": picture.clock(emulator.clock)},
        "accounts": kept("accounts", "", lambda: picture.accounts(store)),
        "workspaces": kept("workspaces", "", lambda: picture.workspaces(store)),
        "faults": {fault.id: fault.shown() for fault in emulator.faults.all()},
        "presets": _PRESETS,
    }
    if workspace is None:
        return drawn
    sid, account = workspace.sid, workspace.account_sid
    eligibility = emulator.state(Eligibility)
    counted = count_workers(emulator, watch, workspace)
    return {
        **drawn,
        "chosen": {"workspace": {"sid": sid, "revision": watch.revision("workers", sid)}},
        "figures": kept("figures", sid, lambda: picture.figures(store, workspace)),
        "queues": kept(
            "queues",
            sid,
            lambda: picture.queues(store, workspace, eligibility, watch.counted),
            counted,
        ),
        "races": kept("races", sid, lambda: picture.races(store, workspace, watch)),
        "batches": kept("batches", account, lambda: picture.batches(store, account)),
    }


def count_workers(emulator: Emulator, watch: Watch, workspace: Workspace) -> int:
    """Have a few more queues' workers counted; return how many queues are counted by now.

    From then on the counts are kept up to date with each change.
    """
    eligibility, started = emulator.state(Eligibility), time.perf_counter()
    queues = parts(emulator.store, TaskQueue, workspace.sid)
    for queue in queues:
        if queue.sid not in watch.counted:
            if time.perf_counter() - started > COUNTING_SECONDS:
                break
            eligibility.members(queue)
            watch.counted.add(queue.sid)
    return len(watch.counted)


_PRESETS: Rows = {name: asdict(preset) for name, preset in PRESETS.items()}
