"""Many clients at once: no conditional write is lost, names have one owner, pages stay true."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from twilio_emulator.testing import RunningEmulator, start_emulator

from .conftest import TASKROUTER, WorkspaceClient

WRITERS, AT_ONCE = 1000, 8
SYNC = "https://sync.twilio.com/v1/Services"


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    """Run an emulator without request rates for this file."""
    with start_emulator(workers=20, rate_limits=False) as running:
        yield running


def at_once(act: Callable[[int], Any], clients: int) -> list[Any]:
    """Let clients act at the same moment, and return what each got."""
    gate = threading.Barrier(clients)

    def wait_and_act(number: int) -> Any:
        gate.wait()
        return act(number)

    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(wait_and_act, range(clients)))


def count_up(workspace: WorkspaceClient, path: str) -> Counter[int]:
    """Read, add one and write under If-Match until it was written; return the statuses met."""
    met: Counter[int] = Counter()
    while met[200] == 0:
        read = workspace.send("GET", path)
        attributes = json.loads(read.json()["attributes"])
        attributes["count"] = attributes.get("count", 0) + 1
        answer = workspace.send(
            "POST",
            path,
            headers={"If-Match": read.headers["ETag"]},
            data={"Attributes": json.dumps(attributes)},
        )
        met[answer.status_code] += 1
    return met


def _worker(workspace: WorkspaceClient) -> str:
    return f"/Workers/{workspace.make('Workers', FriendlyName='counted')['sid']}"


def _task(workspace: WorkspaceClient) -> str:
    queue = workspace.make("TaskQueues", FriendlyName="counted", TargetWorkers="1==2")["sid"]
    routing = json.dumps({"task_routing": {"default_filter": {"queue": queue}}})
    workflow = workspace.make("Workflows", FriendlyName="counted", Configuration=routing)["sid"]
    return f"/Tasks/{workspace.make('Tasks', WorkflowSid=workflow)['sid']}"


@pytest.mark.parametrize("make", [_worker, _task], ids=["worker", "task"])
def test_no_conditional_write_is_lost(
    workspace: WorkspaceClient, make: Callable[[WorkspaceClient], str]
) -> None:
    """1000 writers add one each, eight at a time, and the sum is 1000, conflicts or not."""
    path = make(workspace)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        met = sum(pool.map(lambda _: count_up(workspace, path), range(WRITERS)), Counter())

    assert json.loads(workspace.get(path)["attributes"])["count"] == WRITERS
    assert met[200] == WRITERS
    assert met[412] > 0
    assert set(met) == {200, 412}


def test_of_equal_versions_one_write_wins(workspace: WorkspaceClient) -> None:
    """Writers that all know the same version: one is let through, whoever it is."""
    path = _worker(workspace)
    etag = workspace.send("GET", path).headers["ETag"]

    def write(number: int) -> httpx.Response:
        data = {"Attributes": json.dumps({"writer": number})}
        return workspace.send("POST", path, headers={"If-Match": etag}, data=data)

    answers = at_once(write, 16)

    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 15
    winner = next(number for number, one in enumerate(answers) if one.status_code == 200)
    assert json.loads(workspace.get(path)["attributes"]) == {"writer": winner}


def test_a_name_has_one_owner(workspace: WorkspaceClient) -> None:
    """Of many creates of one name at once, one makes it and the others are refused."""

    def make_worker(_number: int) -> httpx.Response:
        return workspace.send("POST", "/Workers", data={"FriendlyName": "only one"})

    def make_channel(_number: int) -> httpx.Response:
        data = {"FriendlyName": "Only one", "UniqueName": "only_one"}
        return workspace.send("POST", "/TaskChannels", data=data)

    service = workspace.emulator.request("POST", SYNC).json()["sid"]

    def make_document(_number: int) -> httpx.Response:
        url = f"{SYNC}/{service}/Documents"
        return workspace.emulator.request("POST", url, data={"UniqueName": "only_one"})

    for make in (make_worker, make_channel, make_document):
        answers = at_once(make, 16)
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses[0] == 201, answers[0].text
        assert all(400 <= status < 500 for status in statuses[1:])
    assert len(workspace.get("/Workers", FriendlyName="only one")["workers"]) == 1


def sids_over_pages(workspace: WorkspaceClient) -> list[str]:
    """Follow next_page_url from the first page to the last."""
    url: str | None = f"{TASKROUTER}/{workspace.sid}/Workers?PageSize=7"
    found: list[str] = []
    while url:
        page = workspace.emulator.request("GET", url).json()
        found += [worker["sid"] for worker in page["workers"]]
        url = page["meta"]["next_page_url"]
    return found


def test_pages_stay_true_while_items_come_and_go(workspace: WorkspaceClient) -> None:
    """Whoever was there all the time is on exactly one page, also of a list under change."""
    staying: list[str] = []
    going: list[str] = []
    for number in range(60):
        sid = workspace.make("Workers", FriendlyName=f"w{number}")["sid"]
        (going if number % 3 == 0 else staying).append(sid)

    def come_and_go() -> None:
        for number, sid in enumerate(going):
            workspace.remove(f"/Workers/{sid}")
            made = workspace.make("Workers", FriendlyName=f"late{number}")["sid"]
            workspace.change(f"/Workers/{staying[number]}", Attributes='{"changed":true}')
            workspace.remove(f"/Workers/{made}")

    listings = []
    with ThreadPoolExecutor(1) as pool:
        changes = pool.submit(come_and_go)
        while not changes.done():
            listings.append(sids_over_pages(workspace))
        changes.result()
    listings.append(sids_over_pages(workspace))

    for found in listings:
        assert len(set(found)) == len(found)
        assert [sid for sid in found if sid in staying] == staying
    assert listings[-1] == staying
