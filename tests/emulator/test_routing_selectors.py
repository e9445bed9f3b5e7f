"""Looking workers up by what an expression wants finds exactly those who fit, in their order."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from twilio_emulator.emulator import Emulator
from twilio_emulator.expressions import parse
from twilio_emulator.settings import Settings
from twilio_emulator.taskrouter.records import Activity, TaskChannel, TaskQueue, Worker
from twilio_emulator.taskrouter.routing import FreeWorkers, Load, WorkerScope
from twilio_emulator.taskrouter.routing.needs import Frozen, Need

EXPRESSIONS = (
    "worker.a == task.x",
    "task.x == worker.a AND worker.n.b != 'v'",
    "worker.a HAS task.x",
    "task.x IN worker.a",
    "worker.a IN task.x",
    "worker.a IN [1, 'v'] AND worker.n.b == task.x",
    "worker.a == true",
    "worker.a == null",
    "worker.a[0] == task.x",
    "worker.n == 'v' AND worker.friendly_name == 'W1'",
    "worker.a == task.x OR worker.n.b == task.x",
    "worker.a NOT IN task.x",
)
_SCALARS = st.sampled_from((None, True, False, 0, 1, 1.0, 2.5, "v", "w", ""))
_VALUES = _SCALARS | st.lists(_SCALARS, max_size=3) | st.just({"b": 1})
_ATTRIBUTES = st.fixed_dictionaries(
    {}, optional={"a": _VALUES, "n": st.fixed_dictionaries({"b": _VALUES}) | _VALUES}
)
_CHANGES = st.lists(
    st.tuples(st.integers(0, 4), _ATTRIBUTES, st.booleans()), min_size=1, max_size=12
)


@given(wanted=st.lists(_VALUES, min_size=1, max_size=3), changes=_CHANGES)
@settings(deadline=None, max_examples=150, derandomize=True, database=None)
def test_a_look_up_finds_who_fits_whatever_changes(
    wanted: list[Any], changes: list[tuple[int, dict[str, Any], bool]]
) -> None:
    """After every change the workers looked up and tested are those that testing all finds."""
    emulator = Emulator(Settings(sample=True, workers=5))
    store, free = emulator.store, emulator.state(FreeWorkers)
    here = {activity.available: activity.sid for activity in store[Activity]}
    workers = [worker.sid for worker in store[Worker]]
    queue = next(queue for queue in store[TaskQueue] if queue.target_workers == "1==1")
    channel = next(iter(store[TaskChannel])).sid
    needs = [
        Need(
            queue.workspace_sid,
            queue.sid,
            channel,
            expression=parse(text),
            task=Frozen({"x": value}),
        )
        for text in EXPRESSIONS
        for value in wanted
    ]
    for number, attributes, is_there in changes:
        with store.transaction():
            worker = store[Worker].get(workers[number])
            assert worker is not None
            store.change(worker, attributes=json.dumps(attributes), activity_sid=here[is_there])
        for need in needs:
            scopes = {
                sid: WorkerScope(store, item, emulator.state(Load))
                for sid in workers
                if (item := store[Worker].get(sid)) is not None
            }
            tested = [w.sid for w in free.of(queue, channel) if need.fits(scopes[w.sid])]
            picked = free.of(queue, channel, need.wanted())
            assert [w.sid for w in picked if need.fits(scopes[w.sid])] == tested
