"""Sync services and documents: names, revisions, data, expiry, paging, write rates."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twilio_emulator.sync.rates import cost

from .running import Running, running

HOST = "sync.twilio.com"


class Service:
    """One Sync service of a running emulator."""

    def __init__(self, emulator: Running) -> None:
        created = emulator.api("POST", HOST, "/v1/Services", data={"FriendlyName": "tests"})
        self.emulator = emulator
        self.body = created.json()
        self.path = f"/v1/Services/{self.body['sid']}"

    def call(self, method: str, path: str, **given: Any) -> httpx.Response:
        """Send one request below the service."""
        return self.emulator.api(method, HOST, self.path + path, **given)

    def create(self, **data: str) -> dict[str, Any]:
        """Create a document."""
        answer = self.call("POST", "/Documents", data=data)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


@pytest.fixture(scope="module")
def emulator() -> Iterator[Running]:
    """Run an emulator."""
    with running() as started:
        yield started


@pytest.fixture
def service(emulator: Running) -> Service:
    """Make a service of the test's own."""
    return Service(emulator)


def advance(emulator: Running, seconds: float) -> None:
    """Move the emulator's clock."""
    emulator.emulator.advance(seconds)


def test_service_properties_are_kept_and_changed(service: Service) -> None:
    """A service shows its defaults, takes changes and is gone after its deletion."""
    assert service.body["friendly_name"] == "tests"
    assert service.body["reachability_debouncing_window"] == 5000
    assert service.body["acl_enabled"] is False
    assert service.body["unique_name"] is None

    data = {"AclEnabled": "true", "WebhookUrl": "https://example.com/hook"}
    changed = service.call("POST", "", data=data).json()

    assert (changed["acl_enabled"], changed["webhook_url"]) == (True, "https://example.com/hook")
    window = service.call("POST", "", data={"ReachabilityDebouncingWindow": "999"})
    assert window.status_code == 400
    document = service.create(UniqueName="inside")
    assert service.call("DELETE", "").status_code == 204
    assert service.call("GET", "").status_code == 404
    assert service.call("GET", f"/Documents/{document['sid']}").status_code == 404


def test_every_account_has_a_default_service(emulator: Running) -> None:
    """The ready-made service is there without being created and keeps its SID."""
    default = emulator.api("GET", HOST, "/v1/Services/default").json()
    listed = emulator.api("GET", HOST, "/v1/Services", params={"PageSize": "1"}).json()

    assert default["unique_name"] == "default"
    assert listed["services"] == [default]
    assert emulator.api("GET", HOST, f"/v1/Services/{default['sid']}").json() == default


def test_document_is_found_by_both_names(service: Service) -> None:
    """A document is read and deleted by SID and by unique name."""
    document = service.create(UniqueName="state", Data='{"a": [1, {"$date": "x"}]}')

    assert document["data"] == {"a": [1, {"$date": "x"}]}
    assert document["revision"] == "0"
    assert (document["created_by"], document["date_expires"]) == ("system", None)
    for name in ("state", document["sid"]):
        fetched = service.call("GET", f"/Documents/{name}")
        assert fetched.json() == document
        assert fetched.headers["etag"] == '"0"'
    assert service.call("DELETE", "/Documents/state").status_code == 204
    assert service.call("GET", f"/Documents/{document['sid']}").status_code == 404


def test_unique_name_is_taken_once(service: Service, emulator: Running) -> None:
    """A second document of a name is refused 409/54301, in the same service only."""
    service.create(UniqueName="once")

    again = service.call("POST", "/Documents", data={"UniqueName": "once"})

    assert (again.status_code, again.json()["code"]) == (409, 54301)
    Service(emulator).create(UniqueName="once")
    assert service.call("DELETE", "/Documents/once").status_code == 204
    service.create(UniqueName="once")


@pytest.mark.parametrize("name", ["x" * 257, "ET" + "0" * 32, "a/b"])
def test_unique_name_must_not_look_like_something_else(service: Service, name: str) -> None:
    """A name that is too long or has a SID's shape is refused with 54302."""
    answer = service.call("POST", "/Documents", data={"UniqueName": name})

    assert (answer.status_code, answer.json()["code"]) == (400, 54302)


def test_revision_decides_updates(service: Service) -> None:
    """An update under the current revision, quoted or not, succeeds; a stale one is 412/54103."""
    service.create(UniqueName="state", Data='{"n": 0}')
    path = "/Documents/state"

    bare = service.call("POST", path, data={"Data": '{"n": 1}'}, headers={"If-Match": "0"})
    quoted = service.call("POST", path, data={"Data": '{"n": 2}'}, headers={"If-Match": '"1"'})
    stale = service.call("POST", path, data={"Data": '{"n": 9}'}, headers={"If-Match": "1"})
    wrong = service.call("POST", path, data={"Data": "{}"}, headers={"If-Match": "soon"})
    free = service.call("POST", path, data={"Data": '{"n": 3}'})

    assert [bare.json()["revision"], quoted.json()["revision"]] == ["1", "2"]
    assert (stale.status_code, stale.json()["code"]) == (412, 54103)
    assert (wrong.status_code, wrong.json()["code"]) == (400, 54003)
    assert (free.json()["revision"], free.headers["etag"]) == ("3", '"3"')
    assert service.call("GET", path).json()["data"] == {"n": 3}


def test_concurrent_conditional_updates_have_one_winner(service: Service) -> None:
    """Of many writers that know the same revision exactly one succeeds."""
    service.create(UniqueName="race", Data="{}")

    def write(n: int) -> int:
        data = {"Data": json.dumps({"winner": n})}
        headers = {"If-Match": "0"}
        return service.call("POST", "/Documents/race", data=data, headers=headers).status_code

    with ThreadPoolExecutor(8) as threads:
        statuses = sorted(threads.map(write, range(8)))

    assert statuses == [200] + [412] * 7


def test_update_replaces_data_and_leaves_the_rest(service: Service) -> None:
    """Data is replaced whole; without Data the update changes only the time to live."""
    service.create(UniqueName="state", Data='{"a": 1, "b": 2}')

    replaced = service.call("POST", "/Documents/state", data={"Data": '{"b": 3}'}).json()
    kept = service.call("POST", "/Documents/state", data={"Ttl": "60"}).json()

    assert replaced["data"] == {"b": 3}
    assert kept["data"] == {"b": 3}
    assert kept["date_expires"] is not None


@pytest.mark.parametrize("text", ["[1]", '"x"', "3", "{", ""])
def test_data_must_be_an_object(service: Service, text: str) -> None:
    """Anything but a JSON object is refused."""
    assert service.call("POST", "/Documents", data={"Data": text}).status_code == 400


def test_data_is_limited_to_16_kib(service: Service) -> None:
    """Exactly 16 KiB fit, one byte more is refused 413/54006."""
    overhead = len('{"t":""}')
    fits = json.dumps({"t": "x" * (16 * 1024 - overhead)}, separators=(",", ":"))
    larger = json.dumps({"t": "x" * (16 * 1024 - overhead + 1)}, separators=(",", ":"))

    assert service.call("POST", "/Documents", data={"Data": fits}).status_code == 201
    refused = service.call("POST", "/Documents", data={"Data": larger})
    assert (refused.status_code, refused.json()["code"]) == (413, 54006)


def test_document_expires_by_the_emulators_clock(service: Service, emulator: Running) -> None:
    """After its time to live a document is gone from everywhere and its name is free."""
    service.create(UniqueName="short", Ttl="600")
    service.create(UniqueName="long", Ttl="0")
    advance(emulator, 500)
    assert service.call("GET", "/Documents/short").status_code == 200

    advance(emulator, 100)

    assert service.call("GET", "/Documents/short").status_code == 404
    listed = service.call("GET", "/Documents").json()["documents"]
    assert [document["unique_name"] for document in listed] == ["long"]
    service.create(UniqueName="short")


def test_list_pages_through_all_documents(service: Service) -> None:
    """Pages of any size up to 100 give every document once; larger pages are refused."""
    names = [f"d{number}" for number in range(7)]
    for name in names:
        service.create(UniqueName=name)

    seen: list[str] = []
    url: str | None = "/Documents?PageSize=3"
    while url is not None:
        body = service.call("GET", url).json()
        assert body["meta"]["key"] == "documents"
        seen += [document["unique_name"] for document in body["documents"]]
        following = body["meta"]["next_page_url"]
        url = following and following.removeprefix(f"https://{HOST}{service.path}")

    assert seen == names
    assert service.call("GET", "/Documents?PageSize=100").status_code == 200
    assert service.call("GET", "/Documents?PageSize=101").status_code == 400


def test_writes_to_one_document_are_rate_limited(service: Service, emulator: Running) -> None:
    """A burst of 200 small writes passes, then 429/54009 until the clock moves on."""
    service.create(UniqueName="hot")

    def write(name: str) -> httpx.Response:
        return service.call("POST", f"/Documents/{name}", data={"Data": "{}"})

    burst = [write("hot").status_code for _ in range(200)]
    for _ in range(200):  # the bucket fills again by 20 a second while it is emptied
        if (refused := write("hot")).status_code == 429:
            break

    assert burst == [200] * 200
    assert (refused.status_code, refused.json()["code"]) == (429, 54009)
    service.create(UniqueName="cold")
    assert write("cold").status_code == 200
    advance(emulator, 1)
    assert [write("hot").status_code for _ in range(10)] == [200] * 10


def test_rate_limit_can_be_switched_off() -> None:
    """An emulator without rate limits takes any number of writes."""
    with running(rate_limits=False) as started:
        service = Service(started)
        service.create(UniqueName="hot")
        data = {"Data": "{}"}
        statuses = {
            service.call("POST", "/Documents/hot", data=data).status_code for _ in range(500)
        }
    assert statuses == {200}


def test_documents_survive_a_restart(tmp_path: Path) -> None:
    """Data, revision and unique name are the same after a stop and a start."""
    with running(data=tmp_path) as first:
        service = Service(first)
        service.create(UniqueName="kept", Data='{"a": 1}')
        before = service.call("POST", "/Documents/kept", data={"Data": '{"a": 2}'}).json()
    with running(data=tmp_path) as second:
        service.emulator = second
        assert service.call("GET", "/Documents/kept").json() == before


def test_streams_and_permissions_are_refused_by_name(service: Service) -> None:
    """What Sync has and the emulator has not is answered 501 with the reason."""
    streams = service.call("GET", "/Streams")
    permissions = service.call("GET", f"/Documents/ET{'0' * 32}/Permissions")

    assert (streams.status_code, permissions.status_code) == (501, 501)
    assert "message streams" in streams.json()["message"]


@given(small=st.integers(0, 20_000), more=st.integers(0, 20_000))
def test_larger_writes_never_cost_less(small: int, more: int) -> None:
    """The cost of a write grows with its size, from 1 to the 10 that make 2 writes a second."""
    assert 1.0 <= cost(small) <= cost(small + more) <= 10.0
    assert cost(10 * 1024 + small) == 10.0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@settings(max_examples=40, deadline=None)
@given(data=st.dictionaries(st.text(max_size=8), JSON, max_size=5))
def test_any_object_is_read_back_as_written(emulator: Running, data: dict[str, Any]) -> None:
    """Whatever object is stored comes back equal."""
    path = "/v1/Services/default/Documents"
    fields = {"UniqueName": uuid.uuid4().hex, "Data": json.dumps(data)}

    created = emulator.api("POST", HOST, path, data=fields).json()

    assert emulator.api("GET", HOST, f"{path}/{created['sid']}").json()["data"] == data
