"""What is sent, what comes back, and what is sent again."""

from __future__ import annotations

import pytest

from tests.client.conftest import ACCOUNT, DROP, ScriptedServer, answer
from twilio_client import (
    NotFound,
    RateLimited,
    ServerFault,
    TwilioClient,
    Unauthorized,
    Unreachable,
    urls,
)

QUEUES = urls.taskrouter("Workspaces", "WS1", "TaskQueues")


def test_base_url_keeps_twilios_host(server: ScriptedServer, client: TwilioClient) -> None:
    """A request redirected to a base URL still carries Twilio's host and path."""
    server.answers = [answer(200, {"sid": "WQ1"})]

    client.get(f"{QUEUES}/WQ1")

    assert (server.asked[0].host, server.asked[0].path) == (
        "taskrouter.twilio.com",
        "/v1/Workspaces/WS1/TaskQueues/WQ1",
    )


def test_form_values(server: ScriptedServer, client: TwilioClient) -> None:
    """Python values become Twilio's form values, and None is not sent."""
    server.answers = [answer(201)]

    client.post(QUEUES, {"A": True, "B": None, "C": [1, "x"], "D": {"k": [1]}, "E": "", "F": "é"})

    assert server.asked[0].form == {"A": ["true"], "C": ["1", "x"], "D": ['{"k":[1]}'], "F": ["é"]}


def test_empty_text_is_sent(server: ScriptedServer, client: TwilioClient) -> None:
    """An empty string is sent, because it is how Twilio clears a value."""
    server.answers = [answer(200)]

    client.post(QUEUES, {"EventsFilter": ""})

    assert server.asked[0].headers["Content-Length"] == str(len("EventsFilter="))


def test_list_follows_every_page(server: ScriptedServer, client: TwilioClient) -> None:
    """All records of all pages arrive, following Twilio's own links."""
    following = f"{QUEUES}?PageSize=1000&PageToken=PAWQ1"
    server.answers = [
        answer(200, {"task_queues": [{"sid": "WQ1"}], "meta": _meta(following)}),
        answer(200, {"task_queues": [{"sid": "WQ2"}], "meta": _meta(None)}),
    ]

    sids = [queue["sid"] for queue in client.list(QUEUES, {"FriendlyName": "x"})]

    assert sids == ["WQ1", "WQ2"]
    assert server.asked[0].query == {"PageSize": ["1000"], "FriendlyName": ["x"]}
    assert server.asked[1].query["PageToken"] == ["PAWQ1"]


def test_failed_page_is_an_error(server: ScriptedServer, client: TwilioClient) -> None:
    """A list whose second page fails raises instead of ending early."""
    server.answers = [
        answer(200, {"task_queues": [{"sid": "WQ1"}], "meta": _meta(f"{QUEUES}?PageToken=PAWQ1")}),
        answer(404),
    ]

    with pytest.raises(NotFound):
        list(client.list(QUEUES))


@pytest.mark.parametrize("refused", [429, 503], ids=str)
def test_reads_are_repeated(
    server: ScriptedServer, client: TwilioClient, waits: list[float], refused: int
) -> None:
    """A read that is throttled or fails at Twilio is repeated with growing waits."""
    server.answers = [answer(refused), answer(refused), answer(200, {"sid": "WQ1"})]

    assert client.get(QUEUES).body == {"sid": "WQ1"}
    assert waits == [0.2, 0.4]


def test_retry_after_lengthens_the_wait(
    server: ScriptedServer, client: TwilioClient, waits: list[float]
) -> None:
    """Retry-After is obeyed where it asks for more than the policy's own wait."""
    server.answers = [answer(429, Retry_After="7"), answer(200)]

    client.get(QUEUES)

    assert waits == [7.0]


def test_create_is_not_repeated_after_a_server_fault(
    server: ScriptedServer, client: TwilioClient
) -> None:
    """A create that may have taken effect is not sent twice, and the error says so."""
    server.answers = [answer(503)]

    with pytest.raises(ServerFault) as caught:
        client.post(QUEUES, {"FriendlyName": "x"}, what="create TaskQueue 'x'")

    assert len(server.asked) == 1
    assert not caught.value.retry_safe
    assert str(caught.value) == (
        "create TaskQueue 'x': Twilio answered 503; "
        "look whether the change took effect, then run it again"
    )


def test_a_failed_read_says_that_nothing_was_changed(
    server: ScriptedServer, client: TwilioClient
) -> None:
    """A read changes nothing, whatever became of it, so its error may be repeated."""
    server.answers = [answer(500)]

    with pytest.raises(ServerFault) as caught:
        client.get(QUEUES, what="list TaskQueues")

    assert caught.value.retry_safe
    assert str(caught.value) == (
        "list TaskQueues: Twilio answered 500; nothing was changed; run it again"
    )


def test_throttled_create_is_repeated(server: ScriptedServer, client: TwilioClient) -> None:
    """429 means never processed, so even a create is repeated."""
    server.answers = [answer(429), answer(201, {"sid": "WQ1"})]

    assert client.post(QUEUES, {}).status == 201


def test_throttling_for_good_is_an_error(server: ScriptedServer, client: TwilioClient) -> None:
    """After the policy's attempts the last answer becomes the error."""
    server.answers = [answer(429, {"code": 20429, "message": "Too many requests"})]

    with pytest.raises(RateLimited, match=r"\(error 20429\): Too many requests; wait a moment"):
        client.get(QUEUES)

    assert len(server.asked) == 4


def test_dropped_read_is_repeated(server: ScriptedServer, client: TwilioClient) -> None:
    """A read whose connection drops is sent again."""
    server.answers = [DROP, answer(200, {"sid": "WQ1"})]

    assert client.get(QUEUES).body["sid"] == "WQ1"


def test_dropped_create_is_not_repeated(server: ScriptedServer, client: TwilioClient) -> None:
    """A create whose answer was lost is reported, not repeated."""
    server.answers = [DROP]

    with pytest.raises(Unreachable, match="connection dropped") as caught:
        client.post(QUEUES, {})

    assert len(server.asked) == 1
    assert not caught.value.retry_safe


def test_every_request_counts(server: ScriptedServer, client: TwilioClient) -> None:
    """What Twilio was asked is counted, repeats included."""
    server.answers = [answer(429), DROP, answer(200, {"sid": "WQ1"})]

    client.get(QUEUES)
    client.get(QUEUES)

    assert client.transport.requests_sent == len(server.asked) == 4


def test_declared_update_is_repeated(server: ScriptedServer, client: TwilioClient) -> None:
    """An update declared repeatable is sent again after a drop."""
    server.answers = [DROP, answer(200, {"sid": "WQ1"})]

    assert client.post(QUEUES, {}, repeatable=True).body["sid"] == "WQ1"


def test_nobody_listening_is_unreachable(client: TwilioClient) -> None:
    """A refused connection is repeated even for creates, then told plainly."""
    client.transport.base_url = "http://127.0.0.1:9"

    with pytest.raises(Unreachable, match="connection refused") as caught:
        client.post(QUEUES, {})

    assert caught.value.retry_safe


def test_wrong_credentials(server: ScriptedServer, client: TwilioClient) -> None:
    """401 becomes one error that says which credentials to check and shows none."""
    server.answers = [answer(401, {"code": 20003, "message": "Authenticate"})]

    with pytest.raises(Unauthorized) as caught:
        client.get(QUEUES)

    assert "check the account SID and the auth token" in str(caught.value)
    assert "tttt" not in str(caught.value) + repr(client.credentials)


def test_etag_comes_without_quotes(server: ScriptedServer, client: TwilioClient) -> None:
    """The version is handed out as If-Match wants it."""
    server.answers = [answer(200, ETag='"12"')]

    assert client.get(QUEUES).etag == "12"


def test_function_call_carries_no_credentials(server: ScriptedServer, client: TwilioClient) -> None:
    """Calling a function sends no Authorization header and raises for no status."""
    server.answers = [answer(403)]

    reply = client.call_function("https://x-1234.twil.io/event-handler", form_body={"a": 1})

    assert reply.status == 403
    assert server.asked[0].host == "x-1234.twil.io"
    assert "Authorization" not in server.asked[0].headers


def test_sdk_shares_the_transport(server: ScriptedServer, client: TwilioClient) -> None:
    """The official SDK's typed calls use the same address, credentials and repeats."""
    server.answers = [
        answer(429),
        answer(200, {"sid": "WS1", "friendly_name": "Flex", "account_sid": ACCOUNT}),
    ]

    workspace = client.sdk.taskrouter.v1.workspaces("WS1").fetch()

    assert workspace.friendly_name == "Flex"
    assert [asked.host for asked in server.asked] == ["taskrouter.twilio.com"] * 2


def test_segments_are_quoted() -> None:
    """A name in a path cannot escape its segment."""
    assert urls.sync("Services", "a/b?c") == "https://sync.twilio.com/v1/Services/a%2Fb%3Fc"


def _meta(following: str | None) -> dict[str, object]:
    return {"key": "task_queues", "next_page_url": following}
