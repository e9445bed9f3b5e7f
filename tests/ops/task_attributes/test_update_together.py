"""Threads that change one task at the same time share writes, each with its own outcome."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskrouter_ops.errors import NotApplicable, OutOfTime
from taskrouter_ops.task_attributes import Append, Merge, Operation, Remove, apply
from taskrouter_ops.task_router_service import TaskRouterService
from tests.ops.task_attributes.desk import Desk, at_once
from twilio_client import AttributesTooLong, Unauthorized
from twilio_emulator.testing import wait_for


@contextmanager
def waiting_behind(
    service: TaskRouterService, task: str, changes: list[Any]
) -> Iterator[tuple[threading.Event, list[Future[Any]]]]:
    """Hold a write of the task until the block sets the event; the changes queue behind it."""
    begun, go_on = threading.Event(), threading.Event()

    def slow(attributes: dict[str, Any]) -> dict[str, Any]:
        begun.set()
        assert go_on.wait(20)
        return {**attributes, "slow": True}

    def queue_length() -> bool:
        return len(service._attributes._combining._lines[task]) == len(changes)

    with ThreadPoolExecutor(len(changes) + 1) as pool:
        pool.submit(service.update_task_attributes, task, slow)
        assert begun.wait(20)
        queued = []
        for number, change in enumerate(changes):
            queued.append(pool.submit(service.update_task_attributes, task, change))
            line = service._attributes._combining._lines[task]
            wait_for(lambda n=number, line=line: len(line) == n + 1, what="the change to queue")
        assert queue_length()
        yield go_on, queued
        go_on.set()


def test_what_queues_behind_a_write_goes_in_the_next(desk: Desk) -> None:
    """Twenty changes, one request: the copy of the write before them saves the read."""
    task, service = desk.task(), desk.service()
    changes = [Append(("n",), [number]) for number in range(20)]

    with waiting_behind(service, task, changes) as (go_on, queued):
        go_on.set()
        outcomes = {future.result().outcome for future in queued}

    assert outcomes == {"updated"}
    assert desk.attributes(task) == {"slow": True, "n": list(range(20))}
    methods = [request["method"] for request in reversed(desk.requests(task))]
    assert sorted(methods[-4:-1]) == ["GET", "POST", "POST"]


def test_a_bad_change_fails_alone(desk: Desk) -> None:
    """Not applicable, too long, a function that raises: the others are written."""
    task, service = desk.task(name="Ann"), desk.service()
    boom = ZeroDivisionError("my own")

    def raising(_: dict[str, Any]) -> dict[str, Any]:
        raise boom

    changes: list[Any] = [
        Append(("n",), [1]),
        Append(("name",), [2]),
        {"long": "x" * 4090},
        raising,
        lambda attributes: {**attributes, "bad": float("inf")},
        {"name": "Ann"},
        Append(("n",), [3]),
    ]
    with waiting_behind(service, task, changes) as (go_on, queued):
        go_on.set()
        errors = [future.exception() for future in queued]

    assert [type(error).__name__ for error in errors] == [
        "NoneType", "NotApplicable", "AttributesTooLong", "ZeroDivisionError",
        "AttributesInvalid", "NoneType", "NoneType",
    ]  # fmt: skip
    assert errors[3] is boom
    assert queued[5].result().outcome == "unchanged"
    assert desk.attributes(task) == {"name": "Ann", "slow": True, "n": [1, 3]}


def test_a_change_that_would_fail_on_an_old_copy_is_tried_on_the_fresh_one(desk: Desk) -> None:
    """Somebody else made room, or the list, since the copy was made."""
    task, service = desk.task(name="Ann", long="x" * 4000), desk.service()
    send = service._client.post

    def post(*arguments: Any, **options: Any) -> Any:
        answer = send(*arguments, **options)
        service._client.post = send  # type: ignore[method-assign]
        desk.write(task, {"name": [], "long": ""})
        return answer

    with waiting_behind(service, task, [Append(("name",), [1])]) as (go_on, queued):
        service._client.post = post  # type: ignore[method-assign]
        go_on.set()
        assert queued[0].result().outcome == "updated"

    with waiting_behind(service, task, [{"long": "y" * 100}]) as (go_on, queued):
        service._client.post = post  # type: ignore[method-assign]
        go_on.set()
        assert queued[0].result().outcome == "updated"

    assert desk.attributes(task)["long"] == "y" * 100


def test_setting_what_an_old_copy_shows_already_is_not_taken_for_done(desk: Desk) -> None:
    """Others changed it since: the change is written."""
    task, service = desk.task(), desk.service()
    send = service._client.post

    def post(*arguments: Any, **options: Any) -> Any:
        answer = send(*arguments, **options)
        service._client.post = send  # type: ignore[method-assign]
        desk.write(task, {"slow": False})
        return answer

    with waiting_behind(service, task, [{"slow": True}]) as (go_on, queued):
        service._client.post = post  # type: ignore[method-assign]
        go_on.set()
        assert queued[0].result().outcome == "updated"

    assert desk.attributes(task) == {"slow": True}


def test_everybody_hears_of_an_error_that_is_everybodys(desk: Desk) -> None:
    """Each of them, and the next call goes its own way."""
    task, service = desk.task(), desk.service()
    right = service._client._auth

    with waiting_behind(service, task, [Append(("n",), [1]), {"a": 1}]) as (go_on, queued):
        service._client._auth = (right[0], "f" * 32)
        go_on.set()
        errors = [future.exception() for future in queued]

    assert [type(error) for error in errors] == [Unauthorized, Unauthorized]
    service._client._auth = right
    assert service.update_task_attributes(task, {"a": 1}).outcome == "updated"


def test_nobody_waits_longer_than_the_deadline(desk: Desk) -> None:
    """The thread that writes stands still: who queues behind it gives up, and nothing is lost."""
    task, service = desk.task(), desk.service(deadline_seconds=0.5)

    with waiting_behind(service, task, [{"a": 1}, {"b": 1}]) as (go_on, queued):
        errors = [future.exception() for future in queued]
        go_on.set()

    assert [type(error) for error in errors] == [OutOfTime, OutOfTime]
    assert "nothing of this one was written" in str(errors[0])
    assert service._attributes._combining._lines == {}
    assert "a" not in desk.attributes(task)


def test_those_with_time_left_go_on_when_the_first_runs_out_of_it(desk: Desk) -> None:
    """The first to come has no time left; the others write."""
    task, service = desk.task(), desk.service(deadline_seconds=0.6)

    with waiting_behind(service, task, [{"a": 1}]) as (go_on, queued):
        service._attributes._deadline_seconds = 20.0
        with ThreadPoolExecutor() as pool:
            patient = [
                pool.submit(service.update_task_attributes, task, {f"k{n}": n}) for n in (1, 2)
            ]
            wait_for(lambda: len(service._attributes._combining._lines[task]) == 3)
            assert isinstance(queued[0].exception(), OutOfTime)
            go_on.set()
            assert {future.result().outcome for future in patient} == {"updated"}

    assert {"k1", "k2"} <= set(desk.attributes(task))


def test_an_interrupted_thread_leaves_nobody_behind(desk: Desk) -> None:
    """Ctrl-C while writing for others: they are told, and the task can be written again."""
    task, service = desk.task(), desk.service()

    def interrupted(_: dict[str, Any]) -> dict[str, Any]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        service.update_task_attributes(task, interrupted)

    assert service._attributes._combining._lines == {}
    assert service.update_task_attributes(task, {"a": 1}).outcome == "updated"


def test_tasks_do_not_wait_for_each_other(desk: Desk) -> None:
    """While one task is held up, another is written."""
    held, free, service = desk.task(), desk.task(), desk.service()

    with waiting_behind(service, held, [{"a": 1}]) as (go_on, _):
        assert service.update_task_attributes(free, {"a": 1}).outcome == "updated"
        go_on.set()


def test_nothing_is_remembered_of_tasks_that_are_not_being_written(desk: Desk) -> None:
    """Also not of those that are gone or failed."""
    service = desk.service()

    for number in range(20):
        service.update_task_attributes(f"WT{number:032x}", {"a": 1})
    task = desk.task(name="Ann")
    with pytest.raises(NotApplicable):
        service.update_task_attributes(task, Append(("name",), [1]))
    with pytest.raises(AttributesTooLong):
        service.update_task_attributes(task, {"a": "x" * 5000})

    assert service._attributes._combining._lines == {}


LOST: list[dict[str, Any]] = [{"status": 500}, {"drop": True}]
KEYS = st.sampled_from("ab")
PATCHES = st.recursive(
    st.none() | st.integers(0, 3), lambda inner: st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=4,
)  # fmt: skip
OPERATIONS = st.one_of(
    st.dictionaries(KEYS, PATCHES, max_size=2).map(Merge),
    st.builds(Append, st.just(("n",)), st.lists(st.integers(0, 3), max_size=2)),
    st.builds(Remove, st.just(("n",)), st.lists(st.integers(0, 3), max_size=1)),
)
FAULTS = st.sampled_from(
    [
        {},
        {"status": 412},
        {"status": 429},
        {"status": 500, "after": True},
        {"drop": True, "after": True},
    ]
)


def some_serial_order(start: dict[str, Any], changes: list[list[Operation]], end: Any) -> bool:
    """Tell whether some interleaving of the writers' changes ends there."""
    if not any(changes):
        return start == end
    return any(
        some_serial_order(
            apply((changes[n][0],), start), [*changes[:n], changes[n][1:], *changes[n + 1 :]], end
        )
        for n in range(len(changes))
        if changes[n]
    )


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    changes=st.lists(st.lists(OPERATIONS, min_size=1, max_size=3), min_size=2, max_size=4),
    services=st.integers(1, 3),
    fault=FAULTS,
)
def test_what_writers_leave_is_what_some_order_of_their_changes_leaves(
    desk: Desk, changes: list[list[Operation]], services: int, fault: dict[str, Any]
) -> None:
    """Several services, several threads, faults: as if one after the other, none lost or twice."""
    task, doors = desk.task(n=[0]), [desk.service() for _ in range(services)]
    if fault:
        desk.emulator.add_fault(method="POST", path=f"/Tasks/{task}$", count=3, **fault)

    def writer(number: int) -> None:
        for operation in changes[number]:
            doors[number % services].update_task_attributes(task, operation)

    work: list[Callable[[], None]] = [partial(writer, number) for number in range(len(changes))]
    at_once(work)

    desk.emulator.clear_faults()
    assert some_serial_order({"n": [0]}, changes, desk.attributes(task))
