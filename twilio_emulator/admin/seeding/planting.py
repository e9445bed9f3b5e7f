"""Make what a seed plan says, all of it in one transaction."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import cycle
from typing import TYPE_CHECKING, Any

from twilio_emulator.calls.planting import plant_call, plant_conference
from twilio_emulator.sample_account import worker_attributes
from twilio_emulator.store import new_record
from twilio_emulator.taskrouter import routing
from twilio_emulator.taskrouter.lookup import parts
from twilio_emulator.taskrouter.records import (
    Activity,
    Task,
    TaskChannel,
    Worker,
    Workspace,
)
from twilio_emulator.taskrouter.worker_channels import channel_of

from .reading import Plan, TaskPlan, WorkerPlan, WrongSeed
from .template import fill

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator


def plant(emulator: Emulator, plan: Plan) -> dict[str, int]:
    """Make everything, or nothing; return how many of each kind.

    Raises: WrongSeed for what only shows while it is made.
    """
    with emulator.store.transaction():
        routing.look_again(emulator)
        return {
            "workers": sum(_plant_workers(emulator, plan, entry) for entry in plan.workers),
            "tasks": sum(
                _plant_tasks(emulator, plan.workspace, entry, f"tasks[{number}]")
                for number, entry in enumerate(plan.tasks)
            ),
            "calls": sum(_plant_calls(emulator, plan, entry) for entry in plan.calls),
            "conferences": sum(
                _plant_conferences(emulator, plan, entry) for entry in plan.conferences
            ),
        }


def _plant_workers(emulator: Emulator, plan: Plan, entry: WorkerPlan) -> int:
    store, workspace = emulator.store, plan.workspace
    chance = random.Random(f"{store.sids.seed}:workers")  # noqa: S311 - sample data
    before = len(parts(store, Worker, workspace.sid))
    for number in range(1, entry.count + 1):
        if entry.attributes is None:
            attributes = worker_attributes(store.sids.seed, before + number)
        else:
            attributes = fill(entry.attributes, number, chance)
        base = new_record(store, workspace.account_sid, "WK")
        worker = store.put(
            Worker(
                **base,
                workspace_sid=workspace.sid,
                friendly_name=_worker_name(entry, number, before, attributes),
                attributes=_text(attributes),
                activity_sid=entry.activity.sid,
                date_status_changed=base["date_created"],
            )
        )
        _plant_channels(emulator, worker, entry.channels)
    return entry.count


def _worker_name(entry: WorkerPlan, number: int, before: int, attributes: Mapping[str, Any]) -> str:
    if entry.friendly_name is not None:
        return entry.friendly_name.replace("{n}", str(number))
    if entry.attributes is None:
        return str(attributes["contact_uri"]).removeprefix("client:")
    return f"worker-{before + number}"


def _plant_channels(
    emulator: Emulator, worker: Worker, channels: Sequence[tuple[TaskChannel, int]]
) -> None:
    store = emulator.store
    for channel, capacity in channels:
        own = channel_of(store, worker, channel)
        store.put(dataclasses.replace(own, configured_capacity=capacity))


def _plant_tasks(emulator: Emulator, workspace: Workspace, entry: TaskPlan, place: str) -> int:
    chance = random.Random(f"{emulator.store.sids.seed}:{place}")  # noqa: S311 - sample data
    assignees = _assignees(emulator, workspace, entry, place) if entry.is_assigned else None
    for number in range(1, entry.count + 1):
        task = routing.create_task(
            emulator,
            workspace,
            workflow=entry.workflow,
            attributes=_text(_filled(entry, number, chance)),
            priority=entry.priority,
            timeout=entry.timeout,
            task_channel=entry.channel,
            virtual_start_time=None,
            routing_target=None,
            ignore_capacity=False,
            task_queue=entry.queue,
        )
        task = emulator.store.put(_aged(task, entry.age)) if entry.age else task
        if assignees is not None:
            _assign(emulator, _queued(task, place), next(assignees))
    return entry.count


def _filled(entry: TaskPlan, number: int, chance: random.Random) -> Mapping[str, Any] | str:
    if isinstance(entry.attributes, str):
        return entry.attributes.replace("{n}", str(number))
    filled: Mapping[str, Any] = fill(entry.attributes, number, chance)
    return filled


def _assignees(
    emulator: Emulator, workspace: Workspace, entry: TaskPlan, place: str
) -> Iterator[Worker]:
    """Return who accepts the tasks, over and over; capacity is not asked."""
    workers = parts(emulator.store, Worker, workspace.sid)
    if entry.workers is not None:
        known = {key: worker for worker in workers for key in (worker.friendly_name, worker.sid)}
        return cycle([known[name] for name in entry.workers])
    activities = emulator.store[Activity]
    available = [
        worker
        for worker in workers
        if (activity := activities.get(worker.activity_sid)) and activity.available
    ]
    if not available:
        raise WrongSeed([f"{place}.worker: nobody is available to accept the tasks"])
    return cycle(available)


def _queued(task: Task, place: str) -> Task:
    """Make sure that the task came to a queue, as what is assigned has."""
    if task.assignment_status != "pending" or task.task_queue_sid is None:
        raise WrongSeed(
            [f"{place}: no filter of the workflow takes {task.attributes}: give it queue"]
        )
    return task


def _aged(task: Task, seconds: float) -> Task:
    """Return the task as if it had come that long ago and waited since."""
    age = timedelta(seconds=seconds)
    moments = {
        item.name: value - age
        for item in dataclasses.fields(task)
        if item.name.startswith(("date_", "virtual_", "task_queue_entered"))
        and (value := getattr(task, item.name)) is not None
    }
    return dataclasses.replace(task, **moments)


def _assign(emulator: Emulator, task: Task, worker: Worker) -> None:
    """Let a worker have accepted the task at the moment it came."""
    store = emulator.store
    assigned = store.change(
        task,
        assignment_status="assigned",
        assignment_count=task.assignment_count + 1,
        date_assigned=task.date_created,
    )
    store.put(routing.new_reservation(store, assigned, worker, task.date_created, "accepted"))


def _plant_calls(emulator: Emulator, plan: Plan, entry: Mapping[str, Any]) -> int:
    copies = _copies(entry)
    for fields in copies:
        plant_call(emulator.store, plan.account.sid, **fields)
    return len(copies)


def _plant_conferences(emulator: Emulator, plan: Plan, entry: Mapping[str, Any]) -> int:
    copies = _copies(entry)
    for fields in copies:
        plant_conference(emulator.store, plan.account.sid, **fields)
    return len(copies)


def _copies(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Write an entry out as often as it says; {n} in a text is the number of the copy."""
    fields = {name: value for name, value in entry.items() if name != "count"}
    return [_numbered(fields, number) for number in range(1, entry.get("count", 1) + 1)]


def _numbered(value: Any, number: int) -> Any:
    if isinstance(value, str):
        return value.replace("{n}", str(number))
    if isinstance(value, list):
        return [_numbered(item, number) for item in value]
    if isinstance(value, dict):
        return {name: _numbered(item, number) for name, item in value.items()}
    return value


def _text(attributes: Mapping[str, Any] | str) -> str:
    if isinstance(attributes, str):
        return attributes
    return json.dumps(attributes, separators=(",", ":"), ensure_ascii=False)
