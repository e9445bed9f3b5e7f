"""Write what a workspace holds as rows for the page: a pure reading of the store.

Every section is a mapping of key to row, so that a stream can send the rows that changed.  Counts
come from indexes and from what the routing keeps anyway; nothing here walks over all workers.
Moments are milliseconds since 1970.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from twilio_emulator.accounts.records import Account, api_keys
from twilio_emulator.store import Clock, Store
from twilio_emulator.sync.records import Document
from twilio_emulator.taskrouter.eligibility import Eligibility
from twilio_emulator.taskrouter.lookup import parts
from twilio_emulator.taskrouter.records import (
    Activity,
    Event,
    Reservation,
    Task,
    TaskChannel,
    TaskQueue,
    Worker,
    Workspace,
)
from twilio_emulator.taskrouter.routing import reservations_of_task

from .watch import Moves, Watch, milliseconds

if TYPE_CHECKING:
    from twilio_emulator.admin.journal import Entry

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = dict[str, Row]

ROUNDS_SHOWN = 3
OFFERS_SHOWN = 60
WORDS_SHOWN = 80
_BATCH = re.compile(r"batch-[0-9a-z]{20}")
_STATUSES = ("pending", "reserved", "assigned", "wrapping", "completed", "canceled")
_TITLES = ("name", "title", "subject", "type", "from")


def clock(now: Clock) -> Row:
    """Tell what kind of clock it is, and how far ahead of the machine's (seconds)."""
    if now.is_virtual:
        return {"virtual": True, "ahead": 0.0, "moment": round(now.time() * 1000, 1)}
    return {"virtual": False, "ahead": round(now.time() - time.time(), 1)}


def accounts(store: Store) -> Rows:
    """Write the accounts, without their secrets."""
    return {
        account.sid: {
            "name": account.friendly_name,
            "status": account.status,
            "owner": getattr(account, "owner_account_sid", account.account_sid),
            "keys": [key.sid for key in api_keys(store, account.sid)],
        }
        for account in store[Account]
    }


def workspaces(store: Store) -> Rows:
    """Write the workspaces there are to choose from."""
    return {
        workspace.sid: {
            "name": workspace.friendly_name,
            "account": workspace.account_sid,
            "order": workspace.prioritize_queue_order,
            "callback": workspace.event_callback_url,
        }
        for workspace in store[Workspace]
    }


def figures(store: Store, workspace: Workspace) -> Rows:
    """Count tasks by status, workers by activity, and reservations on offer."""
    tasks = store[Task].index(
        "workspace and status", lambda task: (task.workspace_sid, task.assignment_status)
    )
    reservations = store[Reservation].index(
        "workspace and status", lambda item: (item.workspace_sid, item.reservation_status)
    )
    workers = store[Worker].index("activity", lambda worker: worker.activity_sid)
    activities = {
        activity.sid: {
            "name": activity.friendly_name,
            "available": activity.available,
            "workers": workers.count(activity.sid),
        }
        for activity in parts(store, Activity, workspace.sid)
    }
    return {
        "tasks": {status: tasks.count((workspace.sid, status)) for status in _STATUSES},
        "offers": {"pending": reservations.count((workspace.sid, "pending"))},
        "activities": activities,
    }


def queues(
    store: Store, workspace: Workspace, eligibility: Eligibility, counted: Iterable[str]
) -> Rows:
    """Write the queues; workers are counted for those in `counted`, None says not yet."""
    available = {item.sid for item in parts(store, Activity, workspace.sid) if item.available}
    known = set(counted)
    return {
        queue.sid: {
            **_queue(store, queue),
            **(_workers(eligibility.activities(queue), available) if queue.sid in known else {}),
        }
        for queue in parts(store, TaskQueue, workspace.sid)
    }


def _queue(store: Store, queue: TaskQueue) -> Row:
    index = store[Task].index(
        "queue and status", lambda task: (task.task_queue_sid, task.assignment_status)
    )
    waiting = index.get((queue.sid, "pending"))
    entered = [task.task_queue_entered_date or task.date_created for task in waiting]
    return {
        "name": queue.friendly_name,
        "expression": cut(queue.target_workers),
        "order": queue.task_order,
        "reserves": queue.max_reserved_workers,
        "waiting": len(waiting),
        "oldest": milliseconds(min(entered)) if entered else None,
        "reserved": index.count((queue.sid, "reserved")),
        "assigned": index.count((queue.sid, "assigned")),
        "eligible": None,
        "available": None,
    }


def _workers(activities: Mapping[str, int], available: set[str]) -> Row:
    return {
        "eligible": sum(activities.values()),
        "available": sum(activities.get(sid, 0) for sid in available),
    }


def races(store: Store, workspace: Workspace, watch: Watch) -> Rows:
    """Write the tasks whose offers moved last, each with its offers."""
    found = ((sid, store[Task].get(sid)) for sid in watch.races(workspace.sid))
    return {sid: race(store, task, watch) for sid, task in found if task is not None}


def race(store: Store, task: Task, watch: Watch) -> Row:
    """Write one task with the offers of its last rounds."""
    offers = reservations_of_task(store, task.sid)
    rounds = sorted({item.batch for item in offers})
    shown = [item for item in offers if item.batch in rounds[-ROUNDS_SHOWN:]]
    queue = store[TaskQueue].get(task.task_queue_sid) if task.task_queue_sid else None
    channel = store[TaskChannel].get(task.task_channel_sid)
    return {
        **about(task),
        "status": task.assignment_status,
        "reason": task.reason,
        "priority": task.priority,
        "queue": queue.friendly_name if queue else None,
        "queue_sid": task.task_queue_sid,
        "channel": channel.unique_name if channel else None,
        "created": milliseconds(task.date_created),
        "rounds": len(rounds),
        "offered": len(offers),
        "offers": [_offer(store, item, watch.moves(item)) for item in shown[-OFFERS_SHOWN:]],
    }


def _offer(store: Store, reservation: Reservation, moves: Moves) -> Row:
    worker = store[Worker].get(reservation.worker_sid)
    return {
        "sid": reservation.sid,
        "worker": reservation.worker_sid,
        "name": cut(worker.friendly_name) if worker else "deleted worker",
        "round": reservation.batch,
        "until": milliseconds(reservation.date_timeout),
        "status": reservation.reservation_status,
        "moves": moves,
    }


def about(task: Task) -> Row:
    """Say in a few words what a task is about: its first attributes."""
    given = task.parsed_attributes
    titled = next((name for name in _TITLES if isinstance(given.get(name), str)), None)
    words = [f"{k}: {v}" for k, v in given.items() if k != titled and _is_plain(v)]
    return {"title": cut(given[titled]) if titled else "", "words": cut(" · ".join(words[:4]))}


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float) and value != ""


def batches(store: Store, account_sid: str) -> Rows:
    """Write the progress of an account's batches, the newest first."""
    index = store[Document].index("progress", lambda item: _is_progress(item) and item.account_sid)
    return {
        document.sid: {
            "id": (document.unique_name or "").removeprefix("batch-"),
            "created": milliseconds(document.date_created),
            **_progress(document.data),
        }
        for document in reversed(index.get(account_sid))
    }


def _is_progress(document: Document) -> bool:
    return _BATCH.fullmatch(document.unique_name or "") is not None


def _progress(data: str) -> Row:
    given = json.loads(data)
    words = ("type", "reason", "status", "started_at", "updated_at", "finished_at", "error")
    counts = ("total", "done", "updated", "unchanged", "gone", "failed", "lanes", "shards")
    failures = given.get("failures")
    return {
        **{name: cut(given[name]) for name in words if isinstance(given.get(name), str)},
        **{name: given[name] for name in counts if isinstance(given.get(name), int)},
        "failures": [
            {name: cut(str(item.get(name, ""))) for name in ("worker_sid", "reason")}
            for item in (failures if isinstance(failures, list) else [])[:5]
            if isinstance(item, dict)
        ],
    }


def request(entry: Entry) -> Row:
    """Write one request in short."""
    return {
        "number": entry.number,
        "time": entry.time,
        "kind": entry.facts.kind,
        "method": entry.facts.method,
        "host": cut(entry.facts.host),
        "path": entry.facts.path[:300],
        "status": entry.status,
        "ms": entry.duration_ms,
        "fault": entry.fault,
    }


def event(item: Event) -> Row:
    """Write one event in short."""
    return {
        "sid": item.sid,
        "type": item.event_type,
        "description": cut(item.description),
        "resource": item.resource_sid,
        "moment": item.event_date_ms,
    }


def cut(text: str) -> str:
    """Shorten a text to what a row has room for."""
    return text if len(text) <= WORDS_SHOWN else text[: WORDS_SHOWN - 1] + "…"
