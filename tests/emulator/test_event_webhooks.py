"""Connection overrides of callbacks: what is tried again, how often, with which token."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from twilio_emulator.taskrouter.events.connection import Connection
from twilio_emulator.testing import start_emulator, wait_for
from twilio_emulator.wire import FunctionResponse

from .conftest import TASKROUTER, WorkspaceClient
from .receiver import Form, Receiver, receiving

TOKEN = "i-twilio-idempotency-token"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Run a receiver for one test."""
    with receiving() as made:
        yield made


def _failing_first(times: int, status: int) -> Any:
    left = {"count": times}

    def answer(_form: Form) -> tuple[int, None]:
        left["count"] -= 1
        return (status if left["count"] >= 0 else 204), None

    return answer


def _cause(workspace: WorkspaceClient, receiver: Receiver, fragment: str) -> None:
    """Let one worker.created be posted to an address with this fragment."""
    workspace.change("", EventCallbackUrl=receiver.url + fragment, EventsFilter="worker.created")
    workspace.make("Workers", FriendlyName="w")


def _attempts(workspace: WorkspaceClient, receiver: Receiver) -> list[dict[str, Any]]:
    here = f":{receiver.server.server_port}$"
    return list(workspace.emulator.journal(kind="callback", host=here))


@pytest.mark.parametrize(
    ("fragment", "failures", "status", "posts"),
    [
        ("", 1, 503, 1),
        ("#rc=2", 2, 503, 1),
        ("#rc=2&rp=5xx", 2, 503, 3),
        ("#rc=1&rp=5xx", 2, 503, 2),
        ("#rp=4xx", 1, 429, 2),
        ("#rc=3&rp=4xx", 1, 503, 1),
        ("#rc=3&rp=ct,5xx", 1, 500, 2),
        ("#rc=3&rp=all", 3, 404, 4),
        ("#rc=0&rp=all", 1, 500, 1),
        ("#rc=9&rp=all", 9, 500, 2),
    ],
)
def test_the_policy_decides_what_is_tried_again(
    workspace: WorkspaceClient,
    receiver: Receiver,
    fragment: str,
    failures: int,
    status: int,
    posts: int,
) -> None:
    """An answer is tried again as often as rc says, if rp names its kind; wrong rc means one."""
    receiver.answer = _failing_first(failures, status)
    _cause(workspace, receiver, fragment)
    wait_for(lambda: len(_attempts(workspace, receiver)) == posts, what=f"{posts} posts")
    # A later event that arrives shows that no further attempt was still to come.
    receiver.answer = lambda _form: (204, None)
    workspace.make("Workers", FriendlyName="v")
    wait_for(lambda: receiver.events[-1]["WorkerName"] == "v", what="the next event")

    assert [form["WorkerName"] for form in receiver.events] == ["w"] * posts + ["v"]


def test_retries_carry_one_token_and_one_signature(
    workspace: WorkspaceClient, receiver: Receiver
) -> None:
    """All attempts have the same idempotency token; the fragment is no part of the signature."""
    receiver.answer = _failing_first(2, 500)
    _cause(workspace, receiver, "#rc=2&rp=5xx")
    events = receiver.wait_for_count(3)
    validator = RequestValidator(workspace.emulator.auth_token)

    assert len({headers[TOKEN] for headers in receiver.headers}) == 1
    assert events[0] == events[1] == events[2]
    for headers, form in zip(receiver.headers, events, strict=True):
        assert validator.validate(receiver.url, form, headers["x-twilio-signature"])


def test_a_read_timeout_is_tried_again_where_asked(
    workspace: WorkspaceClient, receiver: Receiver
) -> None:
    """With rp=rt an answer that takes longer than rt is given up and asked for once more."""
    release = threading.Event()
    receiver.before_answer = lambda: release.wait(10) if len(receiver.events) == 1 else None
    _cause(workspace, receiver, "#rt=200&rp=rt")
    tried = wait_for(
        lambda: len(found := _attempts(workspace, receiver)) == 2 and found, what="two attempts"
    )
    release.set()

    assert [entry["status"] for entry in tried] == [None, 204]


def test_the_total_time_ends_the_retries(workspace: WorkspaceClient, receiver: Receiver) -> None:
    """When tt is over no attempt follows, however many rc still allows."""
    release = threading.Event()
    receiver.before_answer = lambda: release.wait(10)
    _cause(workspace, receiver, "#tt=300&rc=5&rp=all")
    wait_for(lambda: _attempts(workspace, receiver), what="the end of the attempt")
    release.set()
    receiver.before_answer = lambda: None
    workspace.make("Workers", FriendlyName="v")
    wait_for(lambda: receiver.events[-1]["WorkerName"] == "v", what="the next event")

    assert [form["WorkerName"] for form in receiver.events] == ["w", "v"]


@pytest.mark.parametrize("url", ["http://a..b/x", "https://xn--/x", "http://[::1]:1/x#rc=1"])
def test_an_address_nobody_can_connect_to_is_a_failed_callback(
    workspace: WorkspaceClient, url: str
) -> None:
    """An address that is no place at all shows as a callback without an answer."""
    workspace.emulator.clear_journal()
    workspace.change("", EventCallbackUrl=url, EventsFilter="worker.created")
    workspace.make("Workers", FriendlyName="w")
    failed = wait_for(
        lambda: workspace.emulator.journal(kind="callback", path="^/x$"), what="the attempt"
    )

    assert failed[0]["status"] is None


def test_a_password_in_the_address_is_used_and_not_shown(
    workspace: WorkspaceClient, receiver: Receiver
) -> None:
    """Name and password of an address arrive as basic authentication, and not in the journal."""
    address = receiver.url.replace("//", "//name:sesame@")
    workspace.change("", EventCallbackUrl=address, EventsFilter="worker.created")
    workspace.make("Workers", FriendlyName="w")
    receiver.wait("worker.created")

    assert receiver.headers[0]["authorization"].startswith("Basic ")
    shown = wait_for(lambda: _attempts(workspace, receiver), what="the journal's line")
    assert shown[0]["host"] == f"127.0.0.1:{receiver.server.server_port}"
    assert "sesame" not in json.dumps(shown)


def test_a_failure_on_demand_is_tried_again_too(
    workspace: WorkspaceClient, receiver: Receiver
) -> None:
    """A fault's 429 in place of the receiver counts as its answer."""
    with workspace.emulator.fault(path="^/hook$", status=429, count=1):
        _cause(workspace, receiver, "#rc=2&rp=4xx")
        receiver.wait("worker.created")

    statuses = [entry["status"] for entry in _attempts(workspace, receiver)]
    assert statuses == [429, 204]


def test_a_function_that_is_busy_is_called_again_where_asked(workspace: WorkspaceClient) -> None:
    """A function's 429 (too many at a time) is followed by another call with rp=4xx."""
    emulator = workspace.emulator
    url = "https://busy-1234.twil.io/handler"
    with emulator.fault(kind="function", function="/handler", status=429, count=1):
        workspace.change("", EventCallbackUrl=f"{url}#rc=1&rp=4xx", EventsFilter="worker.created")
        workspace.make("Workers", FriendlyName="w")
        calls = wait_for(
            lambda: (
                len(found := emulator.journal(kind="function", host="^busy-1234")) == 2 and found
            ),
            what="the second call",
        )

    assert [call["status"] for call in calls] == [429, 404]


numbers = st.integers(min_value=-1, max_value=40_000)
policies = st.lists(st.sampled_from(["ct", "rt", "4xx", "5xx", "all", "e", ""]), max_size=4)
outcomes = st.one_of(
    st.integers(min_value=200, max_value=599).map(FunctionResponse),
    st.sampled_from([httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.ReadTimeout("x")]),
)


@given(numbers, numbers, numbers, numbers, policies, outcomes)
def test_any_overrides_stay_within_the_limits(
    ct: int, rt: int, tt: int, rc: int, rp: list[str], outcome: FunctionResponse | Exception
) -> None:
    """Whatever a fragment says, times and retries keep to the documented limits."""
    url = f"https://a.example/x#ct={ct}&rt={rt}&tt={tt}&rc={rc}&rp={','.join(rp)}&e=dublin&sni=y"
    connection = Connection.of(url, at_most=5.0)

    assert 0.1 <= connection.connect_seconds <= min(10.0, connection.total_seconds)
    assert 0.1 <= connection.read_seconds <= connection.total_seconds <= 5.0
    assert 0 <= connection.retries <= 5
    if isinstance(outcome, FunctionResponse) and outcome.status < 400:
        assert not connection.retries_after(outcome)
    elif "all" in rp:
        assert connection.retries_after(outcome)


def test_without_a_fragment_the_documented_defaults_hold() -> None:
    """5 s to connect, 15 s to answer, 15 s in all, one retry after a failure to connect."""
    connection = Connection.of("https://a.example/x", at_most=15.0)

    assert (connection.connect_seconds, connection.read_seconds) == (5.0, 15.0)
    assert (connection.total_seconds, connection.retries) == (15.0, 1)
    assert connection.retries_after(httpx.ConnectError("refused"))
    assert not connection.retries_after(httpx.ReadTimeout("slow"))
    assert not connection.retries_after(FunctionResponse(500))


def test_a_proxy_of_the_environment_is_not_asked(receiver: Receiver) -> None:
    """Callbacks go straight to their address where HTTP_PROXY names the emulator or another."""
    nobody = {"HTTP_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}
    with start_emulator(
        workers=0, environ={**nobody, "http_proxy": nobody["HTTP_PROXY"]}
    ) as direct:
        made = direct.request(
            "POST", TASKROUTER, data={"FriendlyName": "w", "EventCallbackUrl": receiver.url}
        ).json()
        assert receiver.wait("workspace.created")["ResourceSid"] == made["sid"]
