"""One task offered to several workers at once: the first who accepts has it, nobody else does."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from twilio_emulator.testing import RunningEmulator, start_emulator

from .conftest import TASKROUTER
from .task_centre import TaskCentre, task_centre

LONG = 86_400


class Contender:
    """One worker's client: a connection of its own, accepting when the others do."""

    def __init__(self, centre: TaskCentre, worker: str) -> None:
        self.worker = worker
        emulator = centre.emulator
        self.http = httpx.Client(
            base_url=emulator.base_url,
            auth=emulator.credentials,
            headers={"Host": "taskrouter.twilio.com"},
            timeout=30,
            trust_env=False,
        )
        self.path = f"{TASKROUTER.partition('.com')[2]}/{centre.sid}/Workers/{worker}/Reservations"
        self.statuses: list[int] = []

    def accept_all(self, reservations: list[str], start: threading.Barrier) -> None:
        """Accept one reservation after the other, each at the same moment as the others do."""
        for sid in reservations:
            start.wait()
            answer = self.http.post(f"{self.path}/{sid}", data={"ReservationStatus": "accepted"})
            self.statuses.append(answer.status_code)


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    """Run an emulator without sample workers."""
    with start_emulator(sample=False) as running:
        yield running


def _offers(centre: TaskCentre, worker: str) -> dict[str, str]:
    """Return a worker's reservations by task."""
    page = centre.get(f"/Workers/{worker}/Reservations", PageSize=1000)
    assert page["meta"]["next_page_url"] is None
    return {item["task_sid"]: item["sid"] for item in page["reservations"]}


def _race(centre: TaskCentre, workers: list[str], tasks: list[str]) -> list[Contender]:
    """Let every worker accept every task at the same moment."""
    contenders = [Contender(centre, worker) for worker in workers]
    start = threading.Barrier(len(workers), timeout=30)
    with ThreadPoolExecutor(len(workers)) as pool:
        running = []
        for contender in contenders:
            offers = _offers(centre, contender.worker)
            reservations = [offers[task] for task in tasks]
            running.append(pool.submit(contender.accept_all, reservations, start))
        for one in running:
            one.result()
    for contender in contenders:
        contender.http.close()
    return contenders


def _outcomes(centre: TaskCentre, worker: str) -> dict[str, str]:
    """Return the statuses of a worker's reservations by task."""
    page = centre.get(f"/Workers/{worker}/Reservations", PageSize=1000)
    return {item["task_sid"]: item["reservation_status"] for item in page["reservations"]}


def test_alice_and_bob(emulator: RunningEmulator) -> None:
    """A queue that reserves up to 5 offers one task to both its agents; Alice is quicker."""
    with task_centre(emulator, max_reserved_workers=5) as centre:
        alice, bob = centre.worker("Alice"), centre.worker("Bob")
        task = centre.task()
        offers = {item["worker_sid"]: item["sid"] for item in centre.reservations(task)}
        assert set(offers) == {alice, bob}
        assert centre.status(task) == "reserved"

        won = centre.change(
            f"/Tasks/{task}/Reservations/{offers[alice]}", ReservationStatus="accepted"
        )
        late = centre.send(
            "POST",
            f"/Tasks/{task}/Reservations/{offers[bob]}",
            data={"ReservationStatus": "accepted"},
        )

        assert won["reservation_status"] == "accepted"
        assert (late.status_code, late.json()["status"]) == (410, 410)
        assert offers[bob] in late.json()["message"]
        assert centre.status(task) == "assigned"
        lost = centre.get(f"/Tasks/{task}/Reservations/{offers[bob]}")
        assert lost["reservation_status"] == "rescinded"
        assert centre.event_types(ReservationSid=offers[alice]) == [
            "reservation.created",
            "reservation.accepted",
        ]
        assert centre.event_types(ReservationSid=offers[bob]) == [
            "reservation.created",
            "reservation.rescinded",
        ]


def test_a_thousand_races_have_a_thousand_winners(emulator: RunningEmulator) -> None:
    """Two clients accept the same task at the same moment, 1000 times: one 200, one 410 each."""
    with task_centre(emulator, max_reserved_workers=5, TaskReservationTimeout=LONG) as centre:
        workers = [centre.worker(name, capacity=1000) for name in ("Alice", "Bob")]
        tasks = [centre.task() for _ in range(1000)]
        alice, bob = _race(centre, workers, tasks)
        ends = [_outcomes(centre, worker) for worker in workers]
        assigned = centre.get("/Tasks", AssignmentStatus="assigned", PageSize=1000)["tasks"]

    pairs = Counter(zip(alice.statuses, bob.statuses, strict=True))
    assert set(pairs) == {(200, 410), (410, 200)}
    assert pairs.total() == 1000
    assert {task["sid"] for task in assigned} == set(tasks)
    for number, task in enumerate(tasks):
        for contender, outcome in zip((alice, bob), ends, strict=True):
            won = contender.statuses[number] == 200
            assert outcome[task] == ("accepted" if won else "rescinded")


@pytest.mark.parametrize("count", [3, 10])
def test_more_workers_have_one_winner_too(emulator: RunningEmulator, count: int) -> None:
    """With N workers racing for a task one is answered 200 and N - 1 are answered 410."""
    with task_centre(emulator, max_reserved_workers=count, TaskReservationTimeout=LONG) as centre:
        workers = [centre.worker(f"w{number}", capacity=30) for number in range(count)]
        tasks = [centre.task() for _ in range(30)]
        contenders = _race(centre, workers, tasks)

    for statuses in zip(*(contender.statuses for contender in contenders), strict=True):
        assert sorted(statuses) == [200, *[410] * (count - 1)]


def test_a_queue_reserves_no_more_than_it_may(emulator: RunningEmulator) -> None:
    """Of five available workers MaxReservedWorkers 3 are offered the task."""
    with task_centre(emulator, max_reserved_workers=3) as centre:
        for number in range(5):
            centre.worker(f"w{number}")

        assert len(centre.reservations(centre.task())) == 3


def test_a_batch_is_not_filled_up_later(emulator: RunningEmulator) -> None:
    """A worker who comes while the task is reserved gets no offer of it."""
    with task_centre(emulator, max_reserved_workers=2) as centre:
        centre.worker("early")
        task = centre.task()
        late = centre.worker("late")

        assert len(centre.reservations(task)) == 1
        assert _offers(centre, late) == {}


def test_the_task_pends_again_when_all_reject(emulator: RunningEmulator) -> None:
    """After the first of two rejects the task stays reserved; after the last it is offered anew."""
    with task_centre(emulator, max_reserved_workers=2) as centre:
        unavailable = centre.activity("Unavailable")
        for name in ("a", "b"):
            centre.worker(name)
        task = centre.task()
        seen = []
        for offer in centre.reservations(task):
            centre.change(
                f"/Tasks/{task}/Reservations/{offer['sid']}",
                ReservationStatus="rejected",
                WorkerActivitySid=unavailable,
            )
            seen.append(centre.status(task))

    assert seen == ["reserved", "pending"]


def test_canceling_the_task_cancels_every_offer(emulator: RunningEmulator) -> None:
    """Pending reservations of a canceled task are canceled, and accepting one is answered 410."""
    with task_centre(emulator, max_reserved_workers=2) as centre:
        for name in ("a", "b"):
            centre.worker(name)
        task = centre.task()
        centre.change(f"/Tasks/{task}", AssignmentStatus="canceled", Reason="hangup")
        offers = centre.reservations(task)
        late = centre.send(
            "POST",
            f"/Tasks/{task}/Reservations/{offers[0]['sid']}",
            data={"ReservationStatus": "accepted"},
        )

    assert [offer["reservation_status"] for offer in offers] == ["canceled", "canceled"]
    assert late.status_code == 410
