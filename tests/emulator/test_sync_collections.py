"""Sync lists and maps with their items."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from .running import Running, running

HOST = "sync.twilio.com"
SERVICE = "/v1/Services/default"


@pytest.fixture(scope="module")
def emulator() -> Iterator[Running]:
    """Run an emulator."""
    with running() as started:
        yield started


class Caller:
    """Requests below the default service."""

    def __init__(self, emulator: Running) -> None:
        self.emulator = emulator

    def __call__(self, method: str, path: str, **given: Any) -> httpx.Response:
        """Send one request."""
        return self.emulator.api(method, HOST, SERVICE + path, **given)


@pytest.fixture
def call(emulator: Running) -> Caller:
    """Give requests below the default service."""
    return Caller(emulator)


def indexes(answer: httpx.Response) -> list[int]:
    """Return the indexes a list shows."""
    return [item["index"] for item in answer.json()["items"]]


def test_list_items_are_indexed_and_never_reused(call: Caller) -> None:
    """Items get ascending indexes, a deleted item's index stays unused."""
    created = call("POST", "/Lists", data={"UniqueName": "calls"}).json()
    items = "/Lists/calls/Items"
    for number in range(3):
        answer = call("POST", items, data={"Data": f'{{"n": {number}}}'})
        assert (answer.status_code, answer.json()["index"]) == (201, number)

    assert call("DELETE", f"{items}/2").status_code == 204
    assert call("POST", items, data={"Data": "{}"}).json()["index"] == 3

    assert indexes(call("GET", f"/Lists/{created['sid']}/Items")) == [0, 1, 3]
    assert call("GET", f"{items}/2").status_code == 404
    assert int(call("GET", "/Lists/calls").json()["revision"]) > 0


def test_list_is_read_from_a_place_in_either_direction(call: Caller) -> None:
    """Order, From and Bounds choose where a listing starts and where it goes."""
    call("POST", "/Lists", data={"UniqueName": "ordered"})
    items = "/Lists/ordered/Items"
    for _ in range(5):
        call("POST", items, data={"Data": "{}"})

    def listed(**query: str) -> list[int]:
        return indexes(call("GET", items, params=query))

    assert listed(Order="desc") == [4, 3, 2, 1, 0]
    assert listed(From="2") == [2, 3, 4]
    assert listed(From="2", Bounds="exclusive") == [3, 4]
    assert listed(From="2", Order="desc") == [2, 1, 0]
    assert call("GET", items, params={"From": "x"}).status_code == 400
    first = call("GET", items, params={"PageSize": "2"}).json()
    following = first["meta"]["next_page_url"].removeprefix(f"https://{HOST}{SERVICE}")
    assert indexes(call("GET", following)) == [2, 3]


@pytest.mark.parametrize(
    ("kind", "name", "code"), [("Lists", "0", 54155), ("Maps", "key", 54205)], ids=["list", "map"]
)
def test_items_change_under_their_revision(call: Caller, kind: str, name: str, code: int) -> None:
    """An item's update and deletion obey If-Match, with the item kind's own code."""
    call("POST", f"/{kind}", data={"UniqueName": f"revised-{kind}"})
    items = f"/{kind}/revised-{kind}/Items"
    data = {"Data": '{"n": 0}'} | ({"Key": name} if kind == "Maps" else {})
    assert call("POST", items, data=data).headers["etag"] == '"0"'
    one = f"{items}/{name}"

    updated = call("POST", one, data={"Data": '{"n": 1}'}, headers={"If-Match": "0"})
    stale = call("POST", one, data={"Data": "{}"}, headers={"If-Match": "0"})
    kept = call("DELETE", one, headers={"If-Match": "0"})

    assert updated.json()["revision"] == "1"
    assert (stale.status_code, stale.json()["code"]) == (412, code)
    assert kept.status_code == 412
    assert call("GET", one).json()["data"] == {"n": 1}
    assert call("DELETE", one, headers={"If-Match": "1"}).status_code == 204
    assert call("GET", one).status_code == 404


def test_map_keys_are_unique_and_sorted(call: Caller) -> None:
    """A key is taken once (409/54208), needs a name, and items are listed by key."""
    call("POST", "/Maps", data={"UniqueName": "people"})
    items = "/Maps/people/Items"
    for key in ("b", "a", "c d"):
        assert call("POST", items, data={"Key": key, "Data": "{}"}).status_code == 201

    again = call("POST", items, data={"Key": "a", "Data": "{}"})
    empty = call("POST", items, data={"Key": "", "Data": "{}"})
    listed = call("GET", items, params={"From": "b"}).json()["items"]

    assert (again.status_code, again.json()["code"]) == (409, 54208)
    assert empty.status_code == 400
    assert [item["key"] for item in listed] == ["b", "c d"]
    assert call("GET", f"{items}/c%20d").json()["key"] == "c d"


def test_items_and_collections_expire(call: Caller, emulator: Running) -> None:
    """An item ends by ItemTtl, a map with all its items by CollectionTtl."""
    call("POST", "/Maps", data={"UniqueName": "brief", "CollectionTtl": "100"})
    items = "/Maps/brief/Items"
    call("POST", items, data={"Key": "gone", "Data": "{}", "ItemTtl": "50"})
    call("POST", items, data={"Key": "stays", "Data": "{}"})

    emulator.emulator.advance(50)
    halfway = [item["key"] for item in call("GET", items).json()["items"]]
    reused = call("POST", items, data={"Key": "gone", "Data": "{}"}).status_code
    emulator.emulator.advance(50)

    assert halfway == ["stays"]
    assert reused == 201
    assert call("GET", items).status_code == 404
    assert call("POST", "/Maps", data={"UniqueName": "brief"}).status_code == 201
    assert call("GET", items).json()["items"] == []


def test_deleted_list_takes_its_items_along(call: Caller) -> None:
    """A list of the same name made after a deletion is empty."""
    call("POST", "/Lists", data={"UniqueName": "again"})
    call("POST", "/Lists/again/Items", data={"Data": "{}"})

    assert call("DELETE", "/Lists/again").status_code == 204
    call("POST", "/Lists", data={"UniqueName": "again"})

    assert call("GET", "/Lists/again/Items").json()["items"] == []


@pytest.mark.parametrize("key", ["c d", "a/b", "50%", "é"])
def test_item_is_found_at_its_address(call: Caller, emulator: Running, key: str) -> None:
    """A key that an address cannot hold as it is stands encoded in the item's url."""
    made = call("POST", "/Maps").json()
    items = made["links"]["items"]
    item = emulator.emulator.request("POST", items, data={"Key": key, "Data": "{}"}).json()
    assert item["url"].isascii()
    assert " " not in item["url"]
    assert emulator.emulator.request("GET", item["url"]).json() == item


def test_collection_ttl_needs_a_change_of_the_item(call: Caller) -> None:
    """CollectionTtl alone changes nothing of an item and is refused, with Data it is taken."""
    made = call("POST", "/Lists").json()
    path = f"/Lists/{made['sid']}"
    call("POST", f"{path}/Items", data={"Data": "{}"})
    alone = call("POST", f"{path}/Items/0", data={"CollectionTtl": "60"})
    assert (alone.status_code, alone.json()["code"]) == (400, 20001)
    changed = call("POST", f"{path}/Items/0", data={"CollectionTtl": "60", "Data": "{}"})
    assert changed.status_code == 200
    assert call("GET", path).json()["date_expires"] is not None


def test_revision_of_a_list_counts_the_changes_of_its_items(call: Caller) -> None:
    """Making, changing and deleting an item each count the list's revision up."""
    path = f"/Lists/{call('POST', '/Lists').json()['sid']}"
    revisions = [call("GET", path).json()["revision"]]
    for method, item in (("POST", "/Items"), ("POST", "/Items/0"), ("DELETE", "/Items/0")):
        call(method, path + item, **({"data": {"Data": "{}"}} if method == "POST" else {}))
        revisions.append(call("GET", path).json()["revision"])
    assert revisions == ["0", "1", "2", "3"]
