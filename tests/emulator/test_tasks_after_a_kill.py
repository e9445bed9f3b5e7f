"""Tasks survive the end of the emulator at any moment, and are routed when it is back."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from twilio_emulator.testing import start_emulator, wait_for

from .receiver import receiving
from .task_centre import TaskCentre, task_centre

CLIENTS = 4


@contextmanager
def _again(centre: TaskCentre, data: Path) -> Iterator[TaskCentre]:
    """Run another emulator on the same data and look at the same centre through it."""
    with start_emulator(sample=False, data=data) as emulator:
        back = TaskCentre(emulator, centre.sid)
        back.available, back.queue = centre.available, centre.queue
        back.workflow = centre.workflow
        yield back


def _create_until_killed(centre: TaskCentre, made: list[str], enough: threading.Event) -> None:
    try:
        while True:
            made.append(centre.task())
            if len(made) >= 20:
                enough.set()
    except (httpx.HTTPError, AssertionError):
        return


@pytest.mark.parametrize("moment", range(3))
def test_a_kill_loses_no_acknowledged_task(tmp_path: Path, moment: int) -> None:
    """Killed between tasks being created and offered, every task is offered once it is back."""
    made: list[str] = []
    enough = threading.Event()
    with (
        start_emulator(sample=False, data=tmp_path, seed=moment + 1) as emulator,
        task_centre(emulator, TaskReservationTimeout=86_400) as centre,
        ThreadPoolExecutor(CLIENTS) as pool,
    ):
        centre.worker("w", capacity=100_000)
        for _ in range(CLIENTS):
            pool.submit(_create_until_killed, centre, made, enough)
        assert enough.wait(30)
        emulator.kill()
    with _again(centre, tmp_path) as back:
        found = back.get("/Tasks", PageSize=1000)["tasks"]
        offers = [back.reservations(task["sid"]) for task in found]

    assert set(made) <= {task["sid"] for task in found}
    assert {task["assignment_status"] for task in found} == {"reserved"}
    assert [[offer["reservation_status"] for offer in each] for each in offers] == [
        ["pending"]
    ] * len(found)


def test_what_was_answered_holds_after_a_kill(tmp_path: Path) -> None:
    """An accepted, a rejected and a completed reservation are that after a kill -9, too."""
    with (
        start_emulator(sample=False, data=tmp_path) as emulator,
        task_centre(emulator) as centre,
    ):
        worker = centre.worker("w", capacity=3)
        tasks = [centre.task() for _ in range(3)]
        paths = [centre.reservation(task) for task in tasks]
        centre.change(paths[0], ReservationStatus="accepted")
        centre.change(paths[1], ReservationStatus="accepted")
        centre.change(paths[1], ReservationStatus="completed")
        unavailable = centre.activity("Unavailable")
        centre.change(paths[2], ReservationStatus="rejected", WorkerActivitySid=unavailable)
        emulator.kill()
    with _again(centre, tmp_path) as back:
        reserved = [back.get(path)["reservation_status"] for path in paths]
        statuses = [back.status(task) for task in tasks]
        activity = back.get(f"/Workers/{worker}")["activity_sid"]

    assert reserved == ["accepted", "completed", "rejected"]
    assert statuses == ["assigned", "completed", "pending"]
    assert activity == unavailable


def test_timers_go_on_after_a_kill(tmp_path: Path) -> None:
    """A reservation that was pending at the kill still times out at its moment."""
    with (
        start_emulator(sample=False, data=tmp_path) as emulator,
        task_centre(emulator, TaskReservationTimeout=60) as centre,
    ):
        centre.worker("w")
        path = centre.reservation(centre.task())
        emulator.kill()
    with _again(centre, tmp_path) as back:
        assert back.get(path)["reservation_status"] == "pending"
        back.emulator.advance(61)
        assert back.get(path)["reservation_status"] == "timeout"


def test_a_lost_assignment_callback_is_called_again(tmp_path: Path) -> None:
    """A reservation pending at the kill is offered to the workflow's callback after the start."""
    with receiving() as receiver:
        receiver.status = 200
        with (
            start_emulator(sample=False, data=tmp_path) as emulator,
            task_centre(emulator, AssignmentCallbackUrl=receiver.url) as centre,
        ):
            centre.worker("w")
            path = centre.reservation(centre.task())
            receiver.wait_for_count(1)
            emulator.kill()
        receiver.answer = lambda _form: (200, {"instruction": "accept"})
        with _again(centre, tmp_path) as back:
            wait_for(
                lambda: back.get(path)["reservation_status"] == "accepted", what="the second call"
            )

    assert receiver.events[0]["ReservationSid"] == receiver.events[1]["ReservationSid"]


def test_tasks_go_with_their_workspace(tmp_path: Path) -> None:
    """Deleting a workspace leaves no task, no reservation and no event of it on disk."""
    with start_emulator(sample=False, data=tmp_path) as emulator:
        with task_centre(emulator) as centre:
            centre.worker("w")
            for _ in range(2):
                centre.task()
        emulator.kill()
    with closing(sqlite3.connect(tmp_path / "twilio.sqlite3")) as database:
        kinds = {kind for (kind,) in database.execute("SELECT kind FROM records")}

    assert kinds
    assert not {kind for kind in kinds if kind.startswith("taskrouter.")}
