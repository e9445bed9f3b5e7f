"""Completing, wrapping up and canceling: attributes first, and each step once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from taskrouter_ops.errors import FlushFailed, StatusNotAllowed
from taskrouter_ops.task_attributes import Append
from taskrouter_ops.task_router_service import TaskRouterService
from taskrouter_ops.task_status import TaskEnd
from tests.ops.task_attributes.conftest import Kept
from tests.ops.task_attributes.desk import Desk
from twilio_client import AttributesTooLong, InvalidRequest, ServerFault, TwilioError, Unreachable

POSTS = {"method": "POST", "path": "/Tasks/WT"}
End = Callable[[TaskRouterService, str], TaskEnd]

complete: End = TaskRouterService.complete_task
wrap_up: End = TaskRouterService.wrap_up
cancel: End = TaskRouterService.cancel_task

ENDS = pytest.mark.parametrize(
    ("end", "status"),
    [(complete, "completed"), (wrap_up, "wrapping"), (cancel, "canceled")],
    ids=["complete", "wrap up", "cancel"],
)


def task_for(desk: Desk, end: End) -> str:
    """Make a task whose status allows the step."""
    return desk.task() if end is cancel else desk.assigned_task()


@pytest.mark.parametrize(("end", "status"), [(complete, "completed"), (cancel, "canceled")])
def test_attributes_are_written_first(desk: Desk, kept: Kept, end: Any, status: str) -> None:
    """What was deferred, then what is given, in one write; status and attributes in two."""
    task, service = task_for(desk, end), desk.service(deferred=kept.store)
    service.update_task_attributes(task, Append(("n",), [1]), deferred=True)
    desk.emulator.clear_journal()

    done = end(service, task, "sold", Append(("n",), [2]))

    assert (done.outcome, done.flushed, done.flush_error) == (status, 1, None)
    assert desk.attributes(task) == {"n": [1, 2]}
    assert desk.status(task) == status
    assert desk.client.get(desk.url(task)).body["reason"] == "sold"
    assert [entry["status"] for entry in desk.requests(task, "POST")] == [200, 200]
    assert service.deferred_tasks() == {}


def test_with_nothing_to_write_it_is_one_request(desk: Desk) -> None:
    """No read, no second write."""
    task = desk.assigned_task()

    assert desk.service().complete_task(task).outcome == "completed"
    assert [entry["method"] for entry in desk.requests(task)] == ["POST"]


def test_a_failed_flush_keeps_the_task_open_unless_told_otherwise(desk: Desk, kept: Kept) -> None:
    """Either way everything deferred stays kept."""
    task, service = desk.assigned_task(name="Ann"), desk.service(deferred=kept.store)
    service.update_task_attributes(task, Append(("name",), [1]), deferred=True)

    with pytest.raises(FlushFailed, match="all 1 deferred changes are kept"):
        service.complete_task(task, reason="sold")
    assert desk.status(task) == "assigned"

    done = service.complete_task(task, reason="sold", on_flush_failure="continue")

    assert done.outcome == "completed"
    assert isinstance(done.flush_error, FlushFailed)
    assert desk.status(task) == "completed"
    assert service.deferred_tasks() == {task: 1}


def test_attributes_that_cannot_be_written_count_as_a_failed_flush(desk: Desk) -> None:
    """Nothing is completed behind the caller's back."""
    task, service = desk.assigned_task(), desk.service()

    with pytest.raises(AttributesTooLong):
        service.complete_task(task, attributes={"note": "x" * 5000})
    assert desk.status(task) == "assigned"

    done = service.complete_task(task, None, {"note": "x" * 5000}, "continue")
    assert (done.outcome, type(done.flush_error)) == ("completed", AttributesTooLong)


@ENDS
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"drop": True},
        {"status": 500, "after": True},
        {"drop": True, "after": True},
        {"status": 429},
    ],
    ids=["500", "drop", "500 after", "drop after", "429"],
)
def test_faults_do_not_matter(desk: Desk, end: End, status: str, fault: dict[str, Any]) -> None:
    """A lost answer is recognised by reading the task; what did not happen is repeated."""
    task = task_for(desk, end)
    desk.emulator.add_fault(**POSTS, **fault, count=2)

    assert end(desk.service(), task).outcome == status
    assert desk.status(task) == status


@ENDS
def test_already_there_is_unchanged(desk: Desk, end: End, status: str) -> None:
    """Somebody else was first, and Twilio says 20001."""
    task, service = task_for(desk, end), desk.service()
    end(service, task)

    assert end(service, task).outcome == "unchanged"


@ENDS
def test_no_such_task_is_gone(desk: Desk, end: End, status: str) -> None:
    """Also where it is deleted behind a lost answer."""
    assert end(desk.service(), "WT" + "0" * 32).outcome == "gone"


def test_a_task_that_is_gone_keeps_what_was_deferred(desk: Desk, kept: Kept) -> None:
    """And says how much."""
    task, service = "WT" + "0" * 32, desk.service(deferred=kept.store)
    service.update_task_attributes(task, {"a": 1}, deferred=True)

    done = service.complete_task(task)

    assert (done.outcome, done.kept) == ("gone", 1)
    assert service.deferred_tasks() == {task: 1}


@pytest.mark.parametrize(
    ("end", "named"),
    [(complete, "assigned or wrapping"), (wrap_up, "assigned")],
    ids=["complete", "wrap up"],
)
def test_a_status_that_does_not_allow_it_is_named(desk: Desk, end: End, named: str) -> None:
    """With the status the task has and those that would do."""
    task, service = desk.task(), desk.service()
    service.cancel_task(task)

    with pytest.raises(StatusNotAllowed, match=f"{task}.*canceled.*{named}") as caught:
        end(service, task)

    assert (caught.value.status, caught.value.retry_safe) == ("canceled", False)


def test_a_task_that_moves_between_refusal_and_reading_is_tried_again(desk: Desk) -> None:
    """Refused, and assigned by the time it is read."""
    task = desk.assigned_task()
    body = {"code": 20001, "message": f"Cannot complete task {task}", "status": 400}
    desk.emulator.add_fault(**POSTS, status=400, body=body, count=1)

    assert desk.service().complete_task(task).outcome == "completed"


def test_a_refusal_that_is_not_about_the_status_stays_an_error(desk: Desk) -> None:
    """The task is read, its status would allow it: Twilio's own words are the error."""
    task = desk.assigned_task()
    body = {"code": 20001, "message": "Reason is invalid", "status": 400}
    desk.emulator.add_fault(**POSTS, status=400, body=body)

    with pytest.raises(InvalidRequest, match=r"complete Task .*Reason is invalid"):
        desk.service().complete_task(task)

    assert len(desk.requests(task, "POST")) == 2


@pytest.mark.parametrize(
    ("fault", "error"), [({"status": 503}, ServerFault), ({"drop": True}, Unreachable)]
)
def test_faults_until_the_deadline_are_an_error(
    desk: Desk, fault: dict[str, Any], error: type[TwilioError]
) -> None:
    """It names the step and the task."""
    task = desk.assigned_task()
    desk.emulator.add_fault(**POSTS, **fault)

    with pytest.raises(error, match=f"complete Task {task}") as caught:
        desk.service(deadline_seconds=0.4).complete_task(task)

    assert caught.value.retry_safe


def test_a_task_is_read_with_its_status_and_version(desk: Desk) -> None:
    """Marks are the library's own and are not shown."""
    task, service = desk.assigned_task(a=1), desk.service()
    service.update_task_attributes(task, Append(("n",), [1]))

    found = service.task(task)

    assert found is not None
    assert (found.sid, found.status, found.attributes) == (task, "assigned", {"a": 1, "n": [1]})
    assert found.version is not None
    assert found.version.isdecimal()
