"""Twilio's limits hold, each until its switch is thrown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from twilio_emulator.testing import RunningEmulator, start_emulator

from .conftest import TASKROUTER

SERVICE = "https://sync.twilio.com/v1/Services/default"
SERVERLESS = "https://serverless.twilio.com/v1/Services"


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    """Run an emulator whose clock stands still."""
    with start_emulator(sample=False, start="2026-01-01T00:00:00Z") as running:
        yield running


@pytest.fixture
def workspace(emulator: RunningEmulator) -> str:
    """Create a workspace and return its address."""
    emulator.switch_limits(all=True)
    made = emulator.request("POST", TASKROUTER, data={"FriendlyName": "Full"}).json()
    return str(made["url"])


def _created(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def _refused(answer: httpx.Response, words: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (400, 20001), answer.text
    assert words in answer.json()["message"]


@pytest.mark.parametrize(
    ("collection", "switch", "present", "most"),
    [("Activities", "activities", 3, 100), ("TaskQueues", "task_queues", 0, 250)],
)
def test_workspace_is_full_at_its_limit(
    emulator: RunningEmulator,
    workspace: str,
    collection: str,
    switch: str,
    present: int,
    most: int,
) -> None:
    """The last one fits, one more does not, and with the switch off it does."""
    url = f"{workspace}/{collection}"
    for number in range(present, most):
        _created(emulator.request("POST", url, data={"FriendlyName": f"n{number}"}))
    _refused(emulator.request("POST", url, data={"FriendlyName": "more"}), str(most))
    emulator.switch_limits(**{switch: False})
    _created(emulator.request("POST", url, data={"FriendlyName": "more"}))


@pytest.mark.parametrize("collection", ["Workers", "Tasks"])
def test_attributes_are_counted_as_they_are_written(
    emulator: RunningEmulator, workspace: str, collection: str
) -> None:
    """4096 characters fit, white space included; characters are counted, not bytes."""
    queue = _created(
        emulator.request("POST", f"{workspace}/TaskQueues", data={"FriendlyName": "All"})
    )
    configuration = json.dumps({"task_routing": {"default_filter": {"queue": queue["sid"]}}})
    flow = {"FriendlyName": "All", "Configuration": configuration}
    _created(emulator.request("POST", f"{workspace}/Workflows", data=flow))
    fitting = '{"a":"' + "é" * 4000 + '"}'
    fitting += " " * (4096 - len(fitting))
    name = {"FriendlyName": "Anna"} if collection == "Workers" else {}
    url = f"{workspace}/{collection}"
    made = _created(emulator.request("POST", url, data={**name, "Attributes": fitting}))
    too_long = {"Attributes": fitting + " "}
    _refused(emulator.request("POST", made["url"], data=too_long), "4097 characters")
    emulator.switch_limits(attributes=False)
    assert emulator.request("POST", made["url"], data=too_long).status_code == 200


def test_configuration_of_a_workflow_is_limited(emulator: RunningEmulator, workspace: str) -> None:
    """1,038,576 bytes fit, one more does not."""
    queue = _created(
        emulator.request("POST", f"{workspace}/TaskQueues", data={"FriendlyName": "All"})
    )
    text = json.dumps({"task_routing": {"default_filter": {"queue": queue["sid"]}}})
    text += " " * (1_038_576 - len(text))
    url = f"{workspace}/Workflows"
    _created(emulator.request("POST", url, data={"FriendlyName": "a", "Configuration": text}))
    larger = {"FriendlyName": "b", "Configuration": text + " "}
    _refused(emulator.request("POST", url, data=larger), "1038577 bytes")
    emulator.switch_limits(workflows=False)
    _created(emulator.request("POST", url, data=larger))


def _document(emulator: RunningEmulator, **data: str) -> str:
    return str(_created(emulator.request("POST", f"{SERVICE}/Documents", data=data))["url"])


def _statuses(
    emulator: RunningEmulator, method: str, url: str, count: int, **data: str
) -> set[int]:
    options = {"data": data} if method == "POST" else {}
    return {emulator.request(method, url, **options).status_code for _ in range(count)}


def test_writes_of_an_object_are_saved_up_for_ten_seconds(emulator: RunningEmulator) -> None:
    """200 writes at once and 20 for each second that passes, per object."""
    emulator.switch_limits(all=True)
    url = _document(emulator)
    assert _statuses(emulator, "POST", url, 199, Data="{}") == {200}
    refused = emulator.request("POST", url, data={"Data": "{}"})
    assert (refused.status_code, refused.json()["code"]) == (429, 54009)
    assert _statuses(emulator, "POST", _document(emulator), 1, Data="{}") == {200}
    emulator.advance(1)
    assert _statuses(emulator, "POST", url, 20, Data="{}") == {200}
    assert _statuses(emulator, "POST", url, 1, Data="{}") == {429}
    emulator.switch_limits(sync_rates=False)
    assert _statuses(emulator, "POST", url, 1, Data="{}") == {200}


def test_large_writes_count_for_more(emulator: RunningEmulator) -> None:
    """From 10 KiB on, 2 writes a second are sustained."""
    emulator.switch_limits(all=True)
    url, data = _document(emulator), json.dumps({"a": "x" * 11_000})
    assert _statuses(emulator, "POST", url, 19, Data=data) == {200}
    assert _statuses(emulator, "POST", url, 1, Data=data) == {429}
    emulator.advance(1)
    assert _statuses(emulator, "POST", url, 2, Data=data) == {200}
    assert _statuses(emulator, "POST", url, 1, Data=data) == {429}


def test_reads_of_an_object_are_limited_apart_from_writes(emulator: RunningEmulator) -> None:
    """200 reads at once; writes go on."""
    emulator.switch_limits(all=True)
    url = _document(emulator)
    assert _statuses(emulator, "GET", url, 200) == {200}
    assert _statuses(emulator, "GET", url, 1) == {429}
    assert _statuses(emulator, "POST", url, 1, Data="{}") == {200}


def test_items_count_for_their_list(emulator: RunningEmulator) -> None:
    """Whatever is done to an item is done to the list it is in."""
    emulator.switch_limits(all=True)
    made = _created(emulator.request("POST", f"{SERVICE}/Lists"))
    items = made["links"]["items"]
    assert _statuses(emulator, "POST", items, 200, Data="{}") == {201}
    assert _statuses(emulator, "POST", f"{items}/0", 1, Data="{}") == {429}
    assert _statuses(emulator, "DELETE", made["url"], 1) == {429}
    assert _statuses(emulator, "GET", f"{items}/0", 100) == {200}
    assert _statuses(emulator, "GET", items, 101) == {200, 429}


def test_new_objects_are_limited(emulator: RunningEmulator) -> None:
    """200 new objects of a service at once."""
    emulator.switch_limits(all=True)
    service = _created(emulator.request("POST", "https://sync.twilio.com/v1/Services"))["url"]
    assert _statuses(emulator, "POST", f"{service}/Maps", 200) == {201}
    assert _statuses(emulator, "POST", f"{service}/Lists", 1) == {429}


def test_data_is_limited_to_16_kib(emulator: RunningEmulator) -> None:
    """Bytes are counted; with the switch off more fits."""
    emulator.switch_limits(all=True)
    fitting = json.dumps({"a": "x" * (16 * 1024 - 8)}, separators=(",", ":"))
    url, too_large = _document(emulator, Data=fitting), fitting.replace("x", "é", 1)
    refused = emulator.request("POST", url, data={"Data": too_large})
    assert (refused.status_code, refused.json()["code"]) == (413, 54006)
    emulator.switch_limits(sync_sizes=False)
    assert _statuses(emulator, "POST", url, 1, Data=too_large) == {200}


def test_variable_holds_450_bytes(emulator: RunningEmulator) -> None:
    """Bytes of the value are counted; with the switch off more fits."""
    emulator.switch_limits(all=True)
    names = {"UniqueName": "limited", "FriendlyName": "Limited"}
    service = _created(emulator.request("POST", SERVERLESS, data=names))["url"]
    place = _created(
        emulator.request("POST", f"{service}/Environments", data={"UniqueName": "dev"})
    )["url"]
    fitting = {"Key": "a", "Value": "é" * 225}
    made = _created(emulator.request("POST", f"{place}/Variables", data=fitting))
    larger = {"Value": "é" * 225 + "x"}
    _refused(emulator.request("POST", made["url"], data=larger), "451 bytes")
    emulator.switch_limits(variables=False)
    assert emulator.request("POST", made["url"], data=larger).status_code == 200
