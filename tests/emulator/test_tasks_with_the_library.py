"""Twilio's Python library, unmodified, brings a task from its creation to its end."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from twilio_emulator.testing import RunningEmulator

from .clients.programs import told_by_env
from .task_centre import TaskCentre, task_centre


@pytest.fixture
def client(
    emulator: RunningEmulator,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Client:
    """The library as in a shell that has what `twilio-emulator env` says."""
    variables = told_by_env(emulator.port, tmp_path_factory.mktemp("certificates"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Client(emulator.account_sid, emulator.auth_token)


@pytest.fixture
def centre(emulator: RunningEmulator) -> Iterator[TaskCentre]:
    """A centre that offers each task to two workers."""
    with task_centre(emulator, max_reserved_workers=2) as made:
        for name in ("Alice", "Bob"):
            made.worker(name)
        yield made


def test_the_library_takes_a_task_through_its_life(client: Client, centre: TaskCentre) -> None:
    """Create, list, accept, be refused with 410, wrap up, complete, and read the events."""
    workspace = client.taskrouter.v1.workspaces(centre.sid)
    task = workspace.tasks.create(attributes='{"lang":"es"}', workflow_sid=centre.workflow)
    assert (task.assignment_status, json.loads(task.attributes)) == ("pending", {"lang": "es"})
    listed = workspace.tasks.list(assignment_status=["reserved", "pending"])
    assert [item.sid for item in listed] == [task.sid]

    first, second = workspace.tasks(task.sid).reservations.list()
    assert first.update(reservation_status="accepted").reservation_status == "accepted"
    with pytest.raises(TwilioRestException) as late:
        second.update(reservation_status="accepted")
    assert late.value.status == 410
    rescinded = workspace.workers(second.worker_sid).reservations(second.sid).fetch()
    assert rescinded.reservation_status == "rescinded"

    wrapping = task.update(assignment_status="wrapping")
    assert wrapping.assignment_status == "wrapping"
    completed = task.update(assignment_status="completed", reason="resolved")
    assert (completed.assignment_status, completed.reason) == ("completed", "resolved")
    events = workspace.events.list(task_sid=task.sid, event_type="reservation.accepted")
    assert [event.resource_sid for event in events] == [first.sid]
    assert task.delete() is True


def test_the_library_reads_dates_and_conditions(client: Client, centre: TaskCentre) -> None:
    """Dates are dates for the library, and a stale version is its 412."""
    workspace = client.taskrouter.v1.workspaces(centre.sid)
    task = workspace.tasks.create(workflow_sid=centre.workflow)
    fetched = task.fetch()

    assert fetched.date_created == fetched.virtual_start_time
    assert fetched.task_queue_entered_date >= fetched.date_created
    with pytest.raises(TwilioRestException) as stale:
        task.update(attributes="{}", if_match="1000")
    assert (stale.value.status, stale.value.code) == (412, 20412)
