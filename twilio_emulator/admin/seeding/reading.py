"""Read a seed document against what there is: every name becomes a record, or a problem."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from twilio_emulator.accounts.records import Account
from twilio_emulator.admin import schema
from twilio_emulator.store import Store
from twilio_emulator.taskrouter.lookup import parts
from twilio_emulator.taskrouter.records import (
    Activity,
    TaskChannel,
    TaskQueue,
    Worker,
    Workflow,
    Workspace,
)

from . import template
from .document import SCHEMA

ATTRIBUTES_LENGTH = 4096

N = TypeVar("N", Workspace, Activity, TaskQueue, Worker, Workflow)


class WrongSeed(ValueError):
    """A document that cannot be followed; `problems` says all there is against it."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


@dataclass(frozen=True)
class WorkerPlan:
    """One entry of workers; `attributes` None makes them up."""

    count: int
    friendly_name: str | None
    attributes: Mapping[str, Any] | None
    activity: Activity
    channels: Sequence[tuple[TaskChannel, int]]


@dataclass(frozen=True)
class TaskPlan:
    """One entry of tasks; with `workers` (SIDs or names) each is accepted by one in turn."""

    count: int
    workflow: Workflow | None
    queue: TaskQueue | None
    channel: TaskChannel
    attributes: Mapping[str, Any] | str
    priority: int | None
    timeout: int
    age: float
    workers: Sequence[str] | None
    is_assigned: bool


@dataclass(frozen=True)
class Plan:
    """What is to be made, where."""

    account: Account
    workspace: Workspace
    workers: Sequence[WorkerPlan] = ()
    tasks: Sequence[TaskPlan] = ()
    calls: Sequence[Mapping[str, Any]] = ()
    conferences: Sequence[Mapping[str, Any]] = ()


def plan(store: Store, document: object) -> Plan:
    """Read a document.

    Raises: WrongSeed with everything that is wrong with it.
    """
    if found := schema.problems(SCHEMA, document, "document"):
        raise WrongSeed(found)
    assert isinstance(document, dict)  # noqa: S101 - the schema says so
    return _Reading(store, document).plan()


@dataclass
class _Reading:
    """One document while it is read; problems gather."""

    store: Store
    document: Mapping[str, Any]
    problems: list[str] = field(default_factory=list)
    new_workers: set[str] = field(default_factory=set)

    def plan(self) -> Plan:
        account = self._account()
        workspace = self._workspace(account)
        if account is None or workspace is None:
            raise WrongSeed(self.problems)
        read = Plan(
            account,
            workspace,
            [self._workers(workspace, *entry) for entry in self._entries("workers")],
            [self._tasks(workspace, *entry) for entry in self._entries("tasks")],
            self.document.get("calls", ()),
            self.document.get("conferences", ()),
        )
        if self.problems:
            raise WrongSeed(self.problems)
        return read

    def _entries(self, name: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
        for number, entry in enumerate(self.document.get(name, ())):
            yield f"{name}[{number}]", entry

    def _account(self) -> Account | None:
        accounts = list(self.store[Account])
        sid = self.document.get("account", accounts[0].sid if accounts else "")
        found = self.store[Account].get(sid)
        if found is None:
            self.problems.append(
                f"account: there is no '{sid}' (there are: {_known(a.sid for a in accounts)})"
            )
        return found

    def _workspace(self, account: Account | None) -> Workspace | None:
        if account is None:
            return None
        own = [item for item in self.store[Workspace] if item.account_sid == account.sid]
        if "workspace" in self.document or not own:
            return self._named(own, "workspace", str(self.document.get("workspace", "")))
        return own[0]

    def _workers(self, workspace: Workspace, place: str, entry: Mapping[str, Any]) -> WorkerPlan:
        activities = parts(self.store, Activity, workspace.sid)
        wanted = entry.get("activity", workspace.default_activity_sid)
        activity = self._named(activities, f"{place}.activity", wanted) or activities[0]
        count, name = entry.get("count", 1), entry.get("friendly_name")
        if count > 1 and name is not None and "{n}" not in name:
            self.problems.append(f"{place}.friendly_name: '{name}' needs {{n}} for {count} workers")
        self._check_names(workspace, place, count, name)
        channels = [
            (channel, capacity)
            for unique_name, capacity in entry.get("channels", {}).items()
            if (channel := self._channel(workspace, f"{place}.channels", unique_name))
        ]
        self._check_template(entry, place)
        return WorkerPlan(count, name, entry.get("attributes"), activity, channels)

    def _check_names(self, workspace: Workspace, place: str, count: int, name: str | None) -> None:
        if name is None:
            return
        made = [name.replace("{n}", str(number)) for number in range(1, count + 1)]
        taken = {worker.friendly_name for worker in parts(self.store, Worker, workspace.sid)}
        if again := [one for one in made if one in taken or one in self.new_workers]:
            self.problems.append(
                f"{place}.friendly_name: there are such workers already: {_known(again)}"
            )
        self.new_workers.update(made)

    def _tasks(self, workspace: Workspace, place: str, entry: Mapping[str, Any]) -> TaskPlan:
        queue = None
        if "queue" in entry:
            queues = parts(self.store, TaskQueue, workspace.sid)
            queue = self._named(queues, f"{place}.queue", entry["queue"])
        workflow = self._workflow(workspace, place, entry)
        timeout, age = entry.get("timeout", 86_400), entry.get("age", 0)
        if age >= timeout:
            self.problems.append(f"{place}.age: {age} s is not below the timeout of {timeout} s")
        self._check_template(entry, place)
        channel = self._channel(workspace, f"{place}.channel", entry.get("channel", "default"))
        is_assigned = entry.get("state", "pending") == "assigned"
        return TaskPlan(
            entry.get("count", 1),
            workflow,
            queue,
            channel or parts(self.store, TaskChannel, workspace.sid)[0],
            entry.get("attributes", {}),
            entry.get("priority"),
            timeout,
            age,
            self._assignees(workspace, place, entry, is_assigned=is_assigned),
            is_assigned,
        )

    def _workflow(
        self, workspace: Workspace, place: str, entry: Mapping[str, Any]
    ) -> Workflow | None:
        workflows = parts(self.store, Workflow, workspace.sid)
        if "workflow" in entry:
            return self._named(workflows, f"{place}.workflow", entry["workflow"])
        if len(workflows) == 1 or "queue" in entry:
            return workflows[0] if len(workflows) == 1 else None
        names = _known(item.friendly_name for item in workflows)
        self.problems.append(f"{place}.workflow: is missing, as is queue (there are: {names})")
        return None

    def _assignees(
        self, workspace: Workspace, place: str, entry: Mapping[str, Any], *, is_assigned: bool
    ) -> Sequence[str] | None:
        """Name who accepts, also workers of this document; None leaves it to all available."""
        if "worker" not in entry:
            return None
        if not is_assigned:
            self.problems.append(f"{place}.worker: needs state: assigned")
        named = [entry["worker"]] if isinstance(entry["worker"], str) else entry["worker"]
        workers = parts(self.store, Worker, workspace.sid)
        for name in named:
            if name not in self.new_workers:
                self._named(workers, f"{place}.worker", name)
        return list(named)

    def _channel(self, workspace: Workspace, place: str, name: str) -> TaskChannel | None:
        channels = parts(self.store, TaskChannel, workspace.sid)
        for channel in channels:
            if name in (channel.sid, channel.unique_name):
                return channel
        known = _known(channel.unique_name for channel in channels)
        self.problems.append(f"{place}: there is no '{name}' (there are: {known})")
        return None

    def _named(self, records: Sequence[N], place: str, name: str) -> N | None:
        for record in records:
            if name in (record.sid, record.friendly_name):
                return record
        known = _known(record.friendly_name for record in records)
        self.problems.append(f"{place}: there is no '{name}' (there are: {known})")
        return None

    def _check_template(self, entry: Mapping[str, Any], place: str) -> None:
        attributes = entry.get("attributes", {})
        found = template.problems(attributes, f"{place}.attributes")
        self.problems += found
        if found:
            return
        sample = template.fill(attributes, entry.get("count", 1), random.Random(0))  # noqa: S311
        is_text = isinstance(sample, str)
        text = sample if is_text else json.dumps(sample, separators=(",", ":"), ensure_ascii=False)
        length = len(text)
        if length > ATTRIBUTES_LENGTH:
            self.problems.append(
                f"{place}.attributes: {length} characters, the limit is {ATTRIBUTES_LENGTH}"
            )


def _known(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:10]) + (", …" if len(listed) > 10 else "") or "none"
