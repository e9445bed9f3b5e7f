"""Keep the emulator's objects in memory, written through to SQLite.

The seam every product builds on:

* `Record` is the base of everything kept: a frozen dataclass with `sid`, `version`,
  `date_created`, `date_updated`.  Fields hold JSON values, `bytes` and aware `datetime`s.
  Whatever is derived from them (parsed attributes, a compiled expression) is a
  `functools.cached_property`, worked out once per version.
* `store[Worker]` is the `Collection` of one record class, in order of creation:
  `.get(sid)`, `.values()`, `len()`, and `.index(name, key)` for look-ups by anything else
  (`store[Worker].index("workspace", lambda w: w.workspace_sid).get(ws)` lists a workspace's).
* Writing: `store.put(record)` and `store.remove(record)`, inside `with store.transaction():`.
  The outermost transaction is one SQLite transaction, committed before the block is left; an
  exception undoes memory and database alike.  Blocks nest (inner ones join) and must not await.
  The wire opens one around every synchronous handler, so handlers seldom do so themselves.
* `store.change(record, if_match=call.if_match, field=value, ...)` decides If-Match, counts the
  version up, sets `date_updated`, writes, and returns the new record.  A stale version raises
  `StaleVersion`, which the wire answers with 412.
* `store.new_sid("WK")` gives the next SID of that kind; the sequence is a function of the seed.
* `store.after_commit(callback)` runs once the outermost transaction is on disk; nothing runs when
  it is undone.
  One that fails is logged: the write is kept, and the others run.
* `store.observe(Worker, observer)` calls `observer(old, new)` for each record a committed
  transaction has changed: the way to keep derived state true.
* `store.snapshot()` is all there is at one moment, a value; `store.restore(snapshot)` goes back to
  it.  What was derived from records has to be made anew after that, as after `cleared`.
* `store.clock` is the only source of time: `now()`, `time()`, `sleep(seconds)`, `advance(seconds)`.

`Store(path=None)` keeps nothing beyond the process.  Record classes are made known to
`Store(records=...)`; each product lists its own in `RECORDS`.
"""

from .clock import Clock, Timer
from .collection import Collection, Index
from .database import Database
from .record import Record, new_record
from .sids import SidSequence
from .snapshot import Snapshot, StateError
from .store import Store
from .transaction import StaleVersion

__all__ = [
    "Clock",
    "Collection",
    "Database",
    "Index",
    "Record",
    "SidSequence",
    "Snapshot",
    "StaleVersion",
    "StateError",
    "Store",
    "Timer",
    "new_record",
]
