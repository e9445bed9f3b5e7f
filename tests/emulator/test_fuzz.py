"""Nothing that comes in makes the emulator fail."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from twilio_emulator.products import products
from twilio_emulator.testing import RunningEmulator, start_emulator
from twilio_emulator.wire import Parameter, Route

from .hostile import BOUNDED, WRONG, collected, is_a_failure, right_values, wrong_values

ROUTES = [route for product in products() for route in product.routes]
LONGEST_URL = 60_000  # what the client itself still sends
MEANT = {"Configuration": '{"task_routing":{}}', "Data": "{}", "Visibility": "public"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_ROUTE = st.sampled_from(ROUTES)
_CHOICE = st.integers(0, 2**16)


class Fuzzed:
    """A running emulator, and what its answers have named so far."""

    def __init__(self, emulator: RunningEmulator) -> None:
        self.emulator = emulator
        self.accepted = 0
        self.names: set[str] = set()
        self.start_over()

    def start_over(self) -> None:
        """Go back to the sample account: a request may have closed it."""
        self.emulator.reset()
        self.names = {self.emulator.account_sid}
        for address in ("taskrouter.twilio.com/v1/Workspaces", "sync.twilio.com/v1/Services"):
            self.names |= collected(self.emulator.request("GET", f"https://{address}").json())

    def ask(
        self,
        route: Route,
        path: str,
        params: list[tuple[str, str]],
        headers: dict[str, bytes] | None = None,
    ) -> httpx.Response:
        """Send one request, keep what its answer names, and refuse a failure."""
        url, content = f"https://{route.host}{path}", urlencode(params, errors="surrogatepass")
        options: dict[str, Any] = {"headers": {**FORM, **(headers or {})}}
        if route.method == "POST":
            options["content"] = content.encode()
        elif params:
            url += f"?{content}"
        url = url[:LONGEST_URL]
        answer = self.emulator.request(route.method, url, **options)
        assert not is_a_failure(answer.status_code), f"{route.method} {url} {params}: {answer.text}"
        if answer.status_code < 300:
            self.accepted += 1
            self.names |= collected(answer.json()) if answer.content else set()
        elif answer.status_code == 401:
            self.start_over()
        return answer

    def named(self, prefix: str, number: int) -> str:
        """Return one of the names that begin with a SID's two letters, or any."""
        fitting = sorted(name for name in self.names if name.startswith(prefix))
        names = fitting or sorted(self.names)
        return names[number % len(names)]


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Fuzzed]:
    """Run an emulator without limits, so that what comes in reaches the handlers."""
    with start_emulator(workers=5, limits=False) as running:
        yield Fuzzed(running)


_PREFIXES = {
    "WorkspaceSid": "WS",
    "WorkerSid": "WK",
    "TaskSid": "WT",
    "TaskQueueSid": "WQ",
    "WorkflowSid": "WW",
    "AccountSid": "AC",
    "ListSid": "ES",
    "MapSid": "MP",
    "FileSid": "ZH",
    "EnvironmentSid": "ZE",
}
_COLLECTIONS = {
    "Workspaces": "WS",
    "Workers": "WK",
    "Tasks": "WT",
    "TaskQueues": "WQ",
    "Workflows": "WW",
    "Activities": "WA",
    "TaskChannels": "TC",
    "Reservations": "WR",
    "Channels": "WC",
    "Events": "EV",
    "Documents": "ET",
    "Lists": "ES",
    "Maps": "MP",
    "Functions": "ZH",
    "Assets": "ZH",
    "Versions": "ZN",
    "Builds": "ZB",
    "Environments": "ZE",
    "Variables": "ZV",
    "Deployments": "ZD",
    "Logs": "NO",
}


def _prefix(route: Route, part: str) -> str:
    before = route.path.partition(f"/{{{part}}}")[0].rpartition("/")[2]
    if part == "ServiceSid" or before == "Services":
        return "IS" if "sync" in route.host else "ZS"
    return _PREFIXES.get(part) or _COLLECTIONS.get(before, "")


def _address(fuzzed: Fuzzed, data: st.DataObject, route: Route, wrong: SearchStrategy[str]) -> str:
    """Fill a route's address with names the emulator knows, and now and then with others."""
    path = route.path
    for part in re.findall(r"\{(\w+)\}", route.path):
        value = fuzzed.named(_prefix(route, part), data.draw(_CHOICE))
        value = data.draw(st.just("") | wrong) or value
        path = path.replace(f"{{{part}}}", quote(value, safe="", errors="surrogatepass"))
    return path


@given(data=st.data(), route=_ROUTE)
@settings(BOUNDED, max_examples=1000)
def test_no_value_makes_a_route_fail(fuzzed: Fuzzed, data: st.DataObject, route: Route) -> None:
    """Wrong values of declared parameters, and parameters nobody declared, are refused."""
    path = _address(fuzzed, data, route, wrong_values())
    names = st.sampled_from([*route.accepted, "Unknown"])
    required = [(name, data.draw(wrong_values())) for name in route.required]
    params = required + data.draw(st.lists(st.tuples(names, wrong_values()), max_size=4))
    header = data.draw(st.sampled_from(("", '"0"', "*", 'W/"1"', "é²", "9" * 5000, '""')))
    headers = {"If-Match": header.encode()} if header else {}
    fuzzed.ask(route, path, params, headers)


def test_no_wrong_value_of_any_parameter_makes_a_route_fail(fuzzed: Fuzzed) -> None:
    """Each wrong value is sent once for each parameter declared, all else being meant."""
    unseen = {
        (parameter.name, parameter.kind): (parameter, route)
        for route in ROUTES
        for parameter in route.accepted.values()
    }
    for parameter, route in unseen.values():
        path = route.path
        for part in re.findall(r"\{(\w+)\}", path):
            path = path.replace(f"{{{part}}}", fuzzed.named(_prefix(route, part), 0))
        others = [(name, MEANT.get(name, "a")) for name in route.required if name != parameter.name]
        # Whatever is none of the few values these take is refused alike.
        for value in WRONG[::8] if parameter.kind in ("enum", "boolean", "flag", "sid") else WRONG:
            fuzzed.ask(route, path, [*others, (parameter.name, value)])


@given(data=st.data(), routes=st.lists(_ROUTE, min_size=20, max_size=40))
@settings(BOUNDED, max_examples=60)
def test_no_sequence_makes_a_route_fail(
    fuzzed: Fuzzed, data: st.DataObject, routes: list[Route]
) -> None:
    """Requests that are meant, in any order, each naming what answers before it have named."""
    for route in routes:
        path = _address(fuzzed, data, route, st.just(""))
        given = data.draw(st.sets(st.sampled_from([*route.accepted]))) if route.accepted else ()
        wanted = [name for name in route.accepted if name in given or name in route.required]
        params = [(name, _meant(fuzzed, data, route.accepted[name])) for name in wanted]
        fuzzed.ask(route, path, params)
    fuzzed.emulator.advance(data.draw(st.sampled_from((0, 1, 130, 90_000))))


def _meant(fuzzed: Fuzzed, data: st.DataObject, parameter: Parameter) -> str:
    if parameter.kind == "sid":
        return fuzzed.named(parameter.sid_prefix, data.draw(_CHOICE))
    if parameter.name.endswith("Target"):
        return fuzzed.named("W", data.draw(_CHOICE))
    return data.draw(right_values(parameter))


def _configurations(queue: str) -> SearchStrategy[dict[str, Any]]:
    """Return configurations that fit together but for one or the other value."""
    number = st.sampled_from((0, 1, "2", 9_999_999_999))
    number |= st.sampled_from(("9" * 30, 10**30, -1, 1.5, True, None, [], {}))
    text = st.sampled_from(("1==1", "a == 'b'", "task.a == worker.a", "worker.a DESC"))
    text |= st.sampled_from(WRONG)
    keys = ("timeout", "priority", "expression", "order_by", "skip_if", "known_worker_sid")
    values = (number, number, text, text, text, text)
    optional = dict(zip(keys, values, strict=True))
    target = st.fixed_dictionaries({"queue": st.just(queue)}, optional=optional)
    entry = {"expression": text, "targets": st.lists(target, max_size=3)}
    filters = st.lists(st.fixed_dictionaries(entry), max_size=2)
    default = st.sampled_from(({"queue": queue}, {"queue": None}, None, []))
    return st.fixed_dictionaries({"filters": filters, "default_filter": default})


def _made(fuzzed: Fuzzed, path: str) -> str:
    url = f"https://taskrouter.twilio.com/v1/Workspaces{path}"
    return str(fuzzed.emulator.request("POST", url, data={"FriendlyName": "a"}).json()["sid"])


@given(data=st.data())
@settings(BOUNDED, max_examples=150)
def test_no_configuration_makes_routing_fail(fuzzed: Fuzzed, data: st.DataObject) -> None:
    """Tasks find their way through whatever a workflow accepted, as time passes."""
    workspace = _made(fuzzed, "")
    queue = _made(fuzzed, f"/{workspace}/TaskQueues")
    routing = data.draw(_configurations(queue))
    new = {route.path: route for route in ROUTES if route.method == "POST"}
    workflows = new["/v1/Workspaces/{WorkspaceSid}/Workflows"]
    tasks = new["/v1/Workspaces/{WorkspaceSid}/Tasks"]
    params = [("FriendlyName", "a"), ("Configuration", json.dumps({"task_routing": routing}))]
    made = fuzzed.ask(workflows, workflows.path.replace("{WorkspaceSid}", workspace), params)
    if made.status_code == 201:
        attributes = data.draw(st.sampled_from(("{}", '{"a":"b"}', '{"a":[1,{"b":null}]}')))
        task = [("WorkflowSid", made.json()["sid"]), ("Attributes", attributes)]
        fuzzed.ask(tasks, tasks.path.replace("{WorkspaceSid}", workspace), task)
        fuzzed.emulator.advance(data.draw(st.sampled_from((0, 3, 200_000))))


def test_most_kinds_of_requests_were_accepted(fuzzed: Fuzzed) -> None:
    """The tests above reached the handlers, not only the checks before them."""
    assert fuzzed.accepted > 500
