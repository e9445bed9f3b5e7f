"""Write one thing at length, or a page of workers, when somebody looks at it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from twilio_emulator.admin.journal import Filter
from twilio_emulator.taskrouter.eligibility import Eligibility
from twilio_emulator.taskrouter.lookup import parts
from twilio_emulator.taskrouter.records import (
    Activity,
    Event,
    Task,
    TaskChannel,
    TaskQueue,
    Worker,
    Workspace,
)
from twilio_emulator.taskrouter.routing import reservations_of_worker
from twilio_emulator.taskrouter.routing.load import Load
from twilio_emulator.taskrouter.routing.waiting import Waiting
from twilio_emulator.taskrouter.worker_channels import channel_of

from .picture import Row, about, cut, race
from .watch import Watch, milliseconds

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

WORKERS_ON_A_PAGE = 25
LISTED = 50


@dataclasses.dataclass(frozen=True, kw_only=True)
class WorkerSearch:
    """Which workers to list: by words, activity and queue, from the n-th on."""

    words: str = ""
    activity_sid: str = ""
    queue_sid: str = ""
    start: int = 0


def workers(emulator: Emulator, workspace: Workspace, search: WorkerSearch) -> Row:
    """Write one page of the workers that fit a search, with how many there are."""
    found = list(_found(emulator, workspace, search))
    page = found[search.start : search.start + WORKERS_ON_A_PAGE]
    channels = parts(emulator.store, TaskChannel, workspace.sid)
    return {
        "total": len(found),
        "start": search.start,
        "page": WORKERS_ON_A_PAGE,
        "rows": [_worker(emulator, worker, channels) for worker in page],
    }


def _found(emulator: Emulator, workspace: Workspace, search: WorkerSearch) -> Iterator[Worker]:
    store, words = emulator.store, search.words.casefold().split()
    queue = store[TaskQueue].get(search.queue_sid)
    members = emulator.state(Eligibility).members(queue) if queue else None
    for worker in parts(store, Worker, workspace.sid):
        if search.activity_sid and worker.activity_sid != search.activity_sid:
            continue
        if members is not None and worker.sid not in members:
            continue
        if not words or _has(worker, words):
            yield worker


def _has(worker: Worker, words: list[str]) -> bool:
    text = f"{worker.friendly_name} {worker.sid} {worker.attributes}".casefold()
    return all(word in text for word in words)


def _worker(emulator: Emulator, worker: Worker, channels: Iterable[TaskChannel]) -> Row:
    store, load = emulator.store, emulator.state(Load)
    activity = store[Activity].get(worker.activity_sid)
    own = [(channel, channel_of(store, worker, channel)) for channel in channels]
    return {
        "sid": worker.sid,
        "name": cut(worker.friendly_name),
        "activity": activity.friendly_name if activity else "",
        "available": bool(activity and activity.available),
        "since": milliseconds(worker.date_status_changed),
        "load": [
            {
                "channel": channel.unique_name,
                "capacity": setting.configured_capacity,
                "open": setting.available,
                "reserved": load.reserved(worker.sid, channel.sid),
                "assigned": load.assigned(worker.sid, channel.sid),
            }
            for channel, setting in own
        ],
    }


def worker(emulator: Emulator, found: Worker) -> Row:
    """Write one worker with attributes, queues and reservations."""
    store, eligibility = emulator.store, emulator.state(Eligibility)
    queues = parts(store, TaskQueue, found.workspace_sid)
    return {
        **_worker(emulator, found, parts(store, TaskChannel, found.workspace_sid)),
        "attributes": found.parsed_attributes,
        "version": found.version,
        "queues": [
            {"sid": queue.sid, "name": queue.friendly_name}
            for queue in queues
            if eligibility.fits(queue, found)
        ],
        "reservations": [
            shown(item) for item in reservations_of_worker(store, found.sid)[: -LISTED - 1 : -1]
        ],
    }


def task_queue(emulator: Emulator, found: TaskQueue) -> Row:
    """Write one queue with the tasks that wait in it, in the order they will be offered."""
    waiting = emulator.state(Waiting).tasks(found)
    return {
        **shown(found),
        "waiting_total": len(waiting),
        "waiting": [
            {
                **about(task),
                "sid": task.sid,
                "priority": task.priority,
                "entered": milliseconds(task.task_queue_entered_date or task.date_created),
            }
            for task in waiting[:LISTED]
        ],
    }


def task(emulator: Emulator, found: Task) -> Row:
    """Write one task with its attributes and offers."""
    return {
        **race(emulator.store, found, emulator.state(Watch)),
        "record": {**shown(found), "attributes": found.parsed_attributes},
    }


def event(_emulator: Emulator, found: Event) -> Row:
    """Write one event with its data."""
    return shown(found)


def request(emulator: Emulator, number: int) -> Row | None:
    """Write one request of the journal with its parameters; None when it was forgotten."""
    since = emulator.journal.select(Filter(), since=number - 1)
    if not since or since[0].number != number:
        return None
    return since[0].shown()


def shown(record: Any) -> Row:
    """Write a record's fields as JSON values."""
    fields = {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in fields.items()
    }
