"""An emulator without HTTP whose records say by themselves what the routing has to do."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from twilio_emulator.emulator import Emulator
from twilio_emulator.expressions import parse
from twilio_emulator.settings import Settings
from twilio_emulator.store import new_record
from twilio_emulator.taskrouter import routing
from twilio_emulator.taskrouter.records import (
    Reservation,
    Task,
    TaskChannel,
    TaskQueue,
    Worker,
    Workflow,
    Workspace,
)
from twilio_emulator.taskrouter.task_channels import find_channel
from twilio_emulator.taskrouter.worker_channels import channel_of

ACCOUNT = "AC" + "0" * 32
OPEN = ("pending", "accepted", "wrapping")
LEVEL = "worker.level >= task.level"
QUEUES = {
    "everyone": {"target_workers": "1==1", "max_reserved_workers": 2},
    "skilled": {"target_workers": "skill == 'a'", "max_reserved_workers": 3},
    "leads": {"target_workers": "level > 1", "task_order": "LIFO"},
}
ATTRIBUTES = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["skilled", "leads", "known", "skip", "other"]),
        "level": st.integers(1, 3),
        "agent": st.sampled_from(["W0", "w1", "W2", "nobody"]),
    }
)
WORKER = st.fixed_dictionaries({"skill": st.sampled_from(["a", "b"]), "level": st.integers(1, 3)})


def configuration(queues: dict[str, str]) -> str:
    """Write a workflow in which every kind of target occurs."""
    everyone, skilled, leads = queues["everyone"], queues["skilled"], queues["leads"]
    filters = [
        {
            "expression": "kind == 'skilled'",
            "targets": [
                {"queue": skilled, "expression": LEVEL, "timeout": 10},
                {"queue": skilled, "timeout": "10", "priority": 3},
                {"queue": everyone, "order_by": "worker.level DESC", "timeout": 40},
            ],
        },
        {"expression": "kind == 'leads'", "targets": [{"queue": leads}]},
        {
            "expression": "kind == 'known'",
            "targets": [
                {"queue": everyone, "known_worker_friendly_name": "task.agent", "timeout": 30},
                {"queue": everyone, "expression": "worker.channel.default.assigned_tasks == 0"},
            ],
        },
        {
            "expression": "kind == 'skip'",
            "targets": [
                {"queue": leads, "skip_if": "workers.available == 0"},
                {"queue": skilled, "skip_if": "workers.available < 2"},
            ],
        },
    ]
    return json.dumps({"task_routing": {"filters": filters, "default_filter": {"queue": everyone}}})


class Records:
    """The records of one workspace, how to add to them, and what they say."""

    workspace: Workspace
    workflow: str
    activities: dict[str, str]

    def __init__(self) -> None:
        chosen = Settings(sample=False, start=datetime(2026, 1, 1, tzinfo=UTC))
        self.emulator = Emulator(chosen)
        self.store = self.emulator.store
        self.made = 0
        self.held: Counter[tuple[str, str]] = Counter()

    def put(self, kind: Any, prefix: str, name: str, **fields: Any) -> str:
        """Write a record of the workspace."""
        base = new_record(self.store, ACCOUNT, prefix)
        base |= {"workspace_sid": self.workspace.sid, "friendly_name": name}
        return str(self.store.put(kind(**base, **fields)).sid)

    def worker(self, attributes: dict[str, Any]) -> str:
        """Make an available worker."""
        with self.store.transaction():
            sid = self.put(
                Worker,
                "WK",
                f"W{self.made}",
                attributes=json.dumps(attributes),
                activity_sid=self.activities["Available"],
                date_status_changed=self.emulator.clock.now(),
            )
            routing.worker_moved(self.emulator, self.store[Worker].get(sid))
        self.made += 1
        return sid

    def channel(self, name: str) -> TaskChannel:
        """Find a task channel."""
        found = find_channel(self.store, self.workspace.sid, name)
        assert found is not None
        return found

    def create(
        self,
        attributes: dict[str, Any],
        priority: int | None,
        channel: str,
        timeout: int,
        routing_target: str | None,
        *,
        ignore_capacity: bool,
    ) -> str:
        """Create a task in one transaction."""
        with self.store.transaction():
            task = routing.create_task(
                self.emulator,
                self.workspace,
                workflow=self.store[Workflow].get(self.workflow),
                attributes=json.dumps(attributes),
                priority=priority,
                timeout=timeout,
                task_channel=self.channel(channel),
                virtual_start_time=None,
                routing_target=routing_target,
                ignore_capacity=ignore_capacity,
                task_queue=None,
            )
        assert task.assignment_status == "pending"
        return task.sid

    def capacity(self, worker: str, channel: str) -> int:
        """Return a worker's capacity on a channel."""
        own = channel_of(self.store, self.of(Worker, worker), self.of(TaskChannel, channel))
        return own.configured_capacity

    def of(self, kind: Any, sid: str) -> Any:
        """Return a record that is there."""
        found = self.store[kind].get(sid)
        assert found is not None
        return found

    def could_take(self, worker: Worker, task: Task) -> bool:
        """Tell from the records alone whether a worker could be offered a task."""
        if task.routing_target is not None:
            if worker.sid != task.routing_target:
                return False
            return task.ignore_capacity or self.is_free(worker, task.task_channel_sid)
        queue = self.of(TaskQueue, task.task_queue_sid or "")
        target = self.of(Workflow, self.workflow).plan.target(task.filter_index, task.target_index)
        if target is not None and target.known_worker is not None:
            wanted = task.parsed_attributes["agent"]
            if worker.friendly_name.lower() != wanted.lower():
                return False
        if target is not None and target.expression is not None:
            assigned = self.count(worker.sid, task.task_channel_sid, ("accepted",), "default")
            scope = {**worker.parsed_attributes}
            scope["channel"] = {"default": {"assigned_tasks": assigned}}
            test = parse(target.expression.text)
            if not test.matches({"task": task.parsed_attributes, "worker": scope}):
                return False
        fits = parse(queue.target_workers).matches(worker.parsed_attributes)
        return fits and self.is_free(worker, task.task_channel_sid)

    def is_free(self, worker: Worker, channel: str) -> bool:
        """Tell from the records alone whether a worker can be offered a task on a channel."""
        own = channel_of(self.store, worker, self.of(TaskChannel, channel))
        held = self.count(worker.sid, channel, OPEN)
        is_there = worker.activity_sid == self.activities["Available"]
        return is_there and own.available and held < own.configured_capacity

    def count(
        self, worker: str, channel: str, statuses: tuple[str, ...], name: str | None = None
    ) -> int:
        """Count a worker's reservations on a channel, or on the one of a name."""
        sid = self.channel(name).sid if name else channel
        return sum(
            item.worker_sid == worker
            and item.task_channel_sid == sid
            and item.reservation_status in statuses
            for item in self.store[Reservation]
        )

    def teardown(self) -> None:
        """Close the store."""
        self.store.close()
