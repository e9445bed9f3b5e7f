"""Whatever happens in whatever order, the routing keeps its promises."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from twilio_emulator.expressions import parse
from twilio_emulator.taskrouter import routing
from twilio_emulator.taskrouter.eligibility import Eligibility
from twilio_emulator.taskrouter.lookup import parts
from twilio_emulator.taskrouter.records import (
    Activity,
    Reservation,
    Task,
    TaskQueue,
    Worker,
    Workflow,
)
from twilio_emulator.taskrouter.worker_channels import channel_of
from twilio_emulator.taskrouter.workspaces import make_workspace
from twilio_emulator.wire import ApiError

from .routing_model import ACCOUNT, ATTRIBUTES, OPEN, QUEUES, WORKER, Records, configuration


class Centre(Records, RuleBasedStateMachine):
    """Three queues, a workflow and some workers, to which anything may happen."""

    tasks = Bundle("tasks")
    workers = Bundle("workers")

    def __init__(self) -> None:
        RuleBasedStateMachine.__init__(self)
        Records.__init__(self)

    @initialize(target=workers, attributes=st.lists(WORKER, min_size=3, max_size=3))
    def build(self, attributes: list[dict[str, Any]]) -> Any:
        """Make the centre."""
        with self.store.transaction():
            self.workspace = make_workspace(self.store, ACCOUNT, "Centre")
        self.activities = {
            item.friendly_name: item.sid for item in parts(self.store, Activity, self.workspace.sid)
        }
        routing.start(self.emulator)
        with self.store.transaction():
            queues = {name: self.put(TaskQueue, "WQ", name, **QUEUES[name]) for name in QUEUES}
            self.workflow = self.put(Workflow, "WW", "Flow", configuration=configuration(queues))
        return multiple(*(self.worker(each) for each in attributes))

    @rule(target=workers, attributes=WORKER)
    def hire(self, attributes: dict[str, Any]) -> str:
        """Make one more worker."""
        return self.worker(attributes)

    @rule(worker=consumes(workers))
    def dismiss(self, worker: str) -> None:
        """Delete a worker with whatever they hold."""
        with self.store.transaction():
            found = self.store[Worker].get(worker)
            routing.worker_removed(self.emulator, found)
            self.store.remove(found)
            routing.look_again(self.emulator)

    @rule(
        worker=workers,
        name=st.sampled_from(["Available", "Unavailable"]),
        is_rejecting=st.booleans(),
    )
    def move(self, worker: str, name: str, is_rejecting: bool) -> None:
        """Put a worker into an activity."""
        with self.store.transaction():
            moved = self.store.change(
                self.store[Worker].get(worker), activity_sid=self.activities[name]
            )
            routing.worker_moved(self.emulator, moved, reject_pending=is_rejecting)

    @rule(worker=workers, attributes=WORKER)
    def train(self, worker: str, attributes: dict[str, Any]) -> None:
        """Change a worker's attributes."""
        with self.store.transaction():
            found = self.store[Worker].get(worker)
            changed = self.store.change(found, attributes=json.dumps(attributes))
            routing.worker_moved(self.emulator, changed)

    @rule(
        worker=workers,
        channel=st.sampled_from(["default", "voice"]),
        capacity=st.integers(0, 3),
        is_available=st.booleans(),
    )
    def equip(self, worker: str, channel: str, capacity: int, is_available: bool) -> None:
        """Change a worker's capacity on a channel."""
        with self.store.transaction():
            found = self.store[Worker].get(worker)
            own = channel_of(self.store, found, self.channel(channel))
            self.store.change(own, configured_capacity=capacity, available=is_available)
            routing.worker_moved(self.emulator, found)

    @rule(
        target=tasks,
        attributes=ATTRIBUTES,
        priority=st.sampled_from([None, 0, 5]),
        channel=st.sampled_from(["default", "voice"]),
        timeout=st.sampled_from([15, 86_400]),
    )
    def ask(
        self, attributes: dict[str, Any], priority: int | None, channel: str, timeout: int
    ) -> str:
        """Create a task."""
        return self.create(attributes, priority, channel, timeout, None, ignore_capacity=False)

    @rule(target=tasks, worker=workers, is_ignoring=st.booleans())
    def ask_for(self, worker: str, is_ignoring: bool) -> str:
        """Create a task for one worker."""
        return self.create({}, None, "default", 600, worker, ignore_capacity=is_ignoring)

    @rule(task=tasks, attributes=ATTRIBUTES, priority=st.integers(0, 5))
    def rewrite(self, task: str, attributes: dict[str, Any], priority: int) -> None:
        """Change a task."""
        found = self.store[Task].get(task)
        if found is not None:
            with self.store.transaction():
                routing.update_task(
                    self.emulator, found, attributes=json.dumps(attributes), priority=priority
                )

    @rule(task=tasks, status=st.sampled_from(["canceled", "wrapping", "completed"]))
    def finish(self, task: str, status: str) -> None:
        """Cancel, wrap up or complete a task where its state allows it."""
        allowed = {
            "canceled": ("pending", "reserved"),
            "wrapping": ("assigned",),
            "completed": ("assigned", "wrapping"),
        }
        found = self.store[Task].get(task)
        if found is None:
            return
        if found.assignment_status in allowed[status]:
            with self.store.transaction():
                routing.set_task_status(self.emulator, found, status)
        else:
            with pytest.raises(ApiError) as refusal, self.store.transaction():
                routing.set_task_status(self.emulator, found, status)
            assert refusal.value.status == 400

    @rule(task=consumes(tasks))
    def erase(self, task: str) -> None:
        """Delete a task in whatever state it is."""
        found = self.store[Task].get(task)
        if found is not None:
            with self.store.transaction():
                routing.delete_task(self.emulator, found)

    @rule(task=tasks, data=st.data())
    def answer(self, task: str, data: st.DataObject) -> None:
        """Do something with one of a task's reservations."""
        found = routing.reservations_of_task(self.store, task)
        if not found:
            return
        reservation = data.draw(st.sampled_from(found))
        name = data.draw(st.sampled_from(["accept", "accept", "reject", "cancel", "wrap_up"]))
        allowed = {"wrap_up": ("accepted",)}.get(name, ("pending",))
        if reservation.reservation_status in allowed:
            with self.store.transaction():
                getattr(routing, name)(self.emulator, reservation)
            return
        with pytest.raises(ApiError) as refusal, self.store.transaction():
            getattr(routing, name)(self.emulator, reservation)
        is_gone = name == "accept" and reservation.reservation_status not in OPEN
        assert refusal.value.status == (410 if is_gone else 400)

    @rule(task=tasks)
    def take(self, task: str) -> None:
        """Let the last of those a task is offered to accept it."""
        for reservation in reversed(routing.reservations_of_task(self.store, task)):
            if reservation.reservation_status == "pending":
                with self.store.transaction():
                    routing.accept(self.emulator, reservation)
                return

    @rule(task=tasks)
    def complete(self, task: str) -> None:
        """Let the worker complete what they accepted."""
        for reservation in routing.reservations_of_task(self.store, task):
            if reservation.reservation_status in ("accepted", "wrapping"):
                with self.store.transaction():
                    routing.complete(self.emulator, reservation)

    @rule(seconds=st.sampled_from([1, 10, 30, 121, 400, 90_000]))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.emulator.clock.advance(seconds)

    @rule(
        name=st.sampled_from(sorted(QUEUES)),
        expression=st.sampled_from(["1==1", "skill == 'b'", "level >= 2"]),
        order=st.sampled_from(["FIFO", "LIFO"]),
        most=st.integers(1, 3),
    )
    def rearrange(self, name: str, expression: str, order: str, most: int) -> None:
        """Change a queue."""
        queues = parts(self.store, TaskQueue, self.workspace.sid)
        queue = next(queue for queue in queues if queue.friendly_name == name)
        with self.store.transaction():
            self.store.change(
                queue, target_workers=expression, task_order=order, max_reserved_workers=most
            )
            routing.look_again(self.emulator)

    @rule()
    def evaluate_again(self) -> None:
        """Take the waiting tasks through the workflow again."""
        with self.store.transaction():
            workflow = self.store[Workflow].get(self.workflow)
            assert workflow is not None
            routing.re_evaluate(self.emulator, workflow)

    @invariant()
    def statuses_of_task_and_reservations_agree(self) -> None:
        """At most one reservation is accepted, and a task is reserved iff one is pending."""
        for task in self.store[Task]:
            found = routing.reservations_of_task(self.store, task.sid)
            counts = Counter(item.reservation_status for item in found)
            taken = counts["accepted"] + counts["wrapping"]
            assert taken <= 1
            assert (task.assignment_status == "reserved") == (counts["pending"] > 0)
            assert not taken or task.assignment_status in ("assigned", "wrapping")
            batches = Counter(item.batch for item in found)
            assert all(size <= 3 for size in batches.values())
            assert max(batches, default=0) == task.assignment_count

    @invariant()
    def nobody_gets_more_than_they_have_room_for(self) -> None:
        """Reservations grow up to the capacity of the channel, save for tasks that ignore it."""
        held: Counter[tuple[str, str]] = Counter()
        for reservation in self.store[Reservation]:
            task = self.store[Task].get(reservation.task_sid)
            assert task is not None
            if reservation.reservation_status in OPEN and not task.ignore_capacity:
                held[reservation.worker_sid, reservation.task_channel_sid] += 1
        for (worker, channel), count in held.items():
            if count > self.held[worker, channel]:
                assert count <= self.capacity(worker, channel)
        self.held = held

    @invariant()
    def nobody_free_stands_beside_a_task_they_fit(self) -> None:
        """Every waiting task waits because nobody who fits it is free."""
        for task in self.store[Task]:
            if task.assignment_status == "pending":
                fitting = [w.sid for w in self.store[Worker] if self.could_take(w, task)]
                assert not fitting, task

    @invariant()
    def what_is_derived_is_what_the_records_say(self) -> None:
        """Load, queue members, free workers and waiting tasks equal a count from scratch."""
        load = self.emulator.state(routing.Load)
        eligibility = self.emulator.state(Eligibility)
        for channel in map(self.channel, ("default", "voice")):
            for worker in self.store[Worker]:
                reserved = self.count(worker.sid, channel.sid, OPEN)
                assert load.reserved(worker.sid, channel.sid) == reserved
                accepted = self.count(worker.sid, channel.sid, ("accepted",))
                assert load.assigned(worker.sid, channel.sid) == accepted
        for queue in parts(self.store, TaskQueue, self.workspace.sid):
            matches = parse(queue.target_workers).matches
            members = [w for w in self.store[Worker] if matches(w.parsed_attributes)]
            assert eligibility.members(queue) == {worker.sid for worker in members}
            activities = Counter(worker.activity_sid for worker in members)
            assert +Counter(eligibility.activities(queue)) == activities
            self.check_lists(queue, members)

    def check_lists(self, queue: TaskQueue, members: list[Worker]) -> None:
        """Compare a queue's free workers and waiting tasks with the records, order included."""
        free = self.emulator.state(routing.FreeWorkers)
        for channel in map(self.channel, ("default", "voice")):
            found = [w for w in members if self.is_free(w, channel.sid)]
            found.sort(key=lambda w: w.date_occupied or w.date_created)
            assert [w.sid for w in free.of(queue, channel.sid)] == [w.sid for w in found]
        waiting = [
            task
            for task in self.store[Task]
            if task.task_queue_sid == queue.sid and task.assignment_status == "pending"
        ]
        if queue.task_order == "LIFO":
            waiting.reverse()
        else:
            waiting.sort(key=lambda task: (-task.priority, task.virtual_start_time))
        found_tasks = self.emulator.state(routing.Waiting).tasks(queue)
        assert [task.sid for task in found_tasks] == [task.sid for task in waiting]

    @invariant()
    def nothing_is_overdue(self) -> None:
        """No deadline lies in the past of a record that still waits for it."""
        now = self.emulator.clock.now()
        for reservation in self.store[Reservation]:
            assert reservation.reservation_status != "pending" or reservation.date_timeout > now
        for task in self.store[Task]:
            age = (now - task.date_created).total_seconds()
            if task.assignment_status in ("pending", "reserved"):
                assert age < task.timeout
            if task.date_ended is not None:
                assert (now - task.date_ended).total_seconds() < 300


TestCentre = Centre.TestCase
TestCentre.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
