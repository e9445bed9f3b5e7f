"""What every product's requests have in common: credentials, addresses, parameters, pages."""

from __future__ import annotations

import base64
import socket

import httpx
import pytest

from twilio_emulator.testing import RunningEmulator

from .conftest import TASKROUTER, WorkspaceClient

ACCOUNT = "https://api.twilio.com/2010-04-01/Accounts"


def test_both_kinds_of_credentials_are_accepted(emulator: RunningEmulator) -> None:
    """Account SID with auth token and API key with secret open the same account."""
    url = f"{ACCOUNT}/{emulator.account_sid}.json"
    by_key = emulator.request(
        "GET", url, auth=(emulator.api_key_sid, emulator.api_key_secret)
    ).json()

    assert by_key == emulator.request("GET", url).json()
    assert by_key["status"] == "active"
    assert by_key["type"] == "Full"


@pytest.mark.parametrize(
    "header",
    [None, "Basic", "Basic !!!", "Bearer abc", "Basic QUM6d3Jvbmc="],
    ids=["none", "empty", "unreadable", "bearer", "wrong"],
)
def test_wrong_credentials_are_refused(emulator: RunningEmulator, header: str | None) -> None:
    """Anything but valid basic credentials is answered 401/20003."""
    headers = {"Host": "taskrouter.twilio.com"} | ({"Authorization": header} if header else {})
    answer = httpx.get(f"{emulator.base_url}/v1/Workspaces", headers=headers, trust_env=False)

    assert answer.status_code == 401
    assert answer.json() == {
        "code": 20003,
        "message": "Authenticate",
        "more_info": "https://www.twilio.com/docs/errors/20003",
        "status": 401,
    }


def test_a_host_may_stand_in_the_path(emulator: RunningEmulator) -> None:
    """Plain tools reach a product at /<host>/<path>, with the same answer."""
    answer = httpx.get(
        f"{emulator.base_url}/taskrouter.twilio.com/v1/Workspaces",
        auth=emulator.credentials,
        trust_env=False,
    )

    assert answer.json() == emulator.request("GET", TASKROUTER).json()


def test_every_answer_carries_twilios_headers(emulator: RunningEmulator) -> None:
    """Request id, duration and concurrency are sent with each answer."""
    headers = emulator.request("GET", TASKROUTER).headers

    assert headers["Twilio-Request-Id"].startswith("RQ")
    assert len(headers["Twilio-Request-Id"]) == 34
    assert float(headers["Twilio-Request-Duration"]) >= 0
    assert headers["Twilio-Concurrent-Requests"] == "1"


@pytest.mark.parametrize(
    ("method", "url", "status", "words"),
    [
        ("GET", "https://taskrouter.twilio.com/v1/Nothing", 404, "no route GET"),
        ("GET", "https://voice.twilio.com/v1/Nothing", 404, "voice.twilio.com/v1/Nothing"),
        ("PUT", "https://taskrouter.twilio.com/v1/Workspaces", 405, "has GET, POST"),
        ("GET", "https://sync.twilio.com/v1/Services/IS1/Streams", 501, "not emulated"),
        ("GET", "https://sync.twilio.com/v1/Services/IS1/Streams/TO1", 501, "not emulated"),
        ("GET", f"{ACCOUNT}/AC1/Messages.json", 501, "not emulated"),
        ("GET", f"{ACCOUNT}/AC1/Messages/SM1.json", 501, "not emulated"),
        ("GET", f"{ACCOUNT}/AC1/Calls/CA1/Events.json", 501, "not emulated"),
        ("GET", f"{ACCOUNT}/AC1/Nothing.json", 404, "no route"),
    ],
)
def test_what_is_not_there_is_refused_by_name(
    emulator: RunningEmulator, method: str, url: str, status: int, words: str
) -> None:
    """An unknown address, an unknown method and a missing part of Twilio are told apart."""
    answer = emulator.request(method, url)

    assert answer.status_code == status
    assert answer.json()["status"] == status
    assert words in answer.json()["message"]


def test_a_host_that_is_not_twilios_is_explained(emulator: RunningEmulator) -> None:
    """Who forgets the Host header is told how a request finds its product."""
    answer = httpx.get(
        f"{emulator.base_url}/v1/Workspaces", auth=emulator.credentials, trust_env=False
    )

    assert answer.status_code == 404
    message = answer.json()["message"]
    assert "no Twilio host in Host '127.0.0.1'" in message
    assert "first path segment" in message


def test_a_literal_address_wins_over_a_placeholder(workspace: WorkspaceClient) -> None:
    """`Workers/Statistics` is no worker for GET, and no address of its own for POST."""
    assert "url" in workspace.get("/Workers/Statistics")
    assert "Statistics was not found" in workspace.refusal("POST", "/Workers/Statistics", 404)
    assert "Workers/ was" not in workspace.refusal("GET", "/Workers/", 404)


def test_a_worker_shows_its_activity_by_its_present_name(workspace: WorkspaceClient) -> None:
    """What a worker was written as is not kept longer than its activity stays the same."""
    worker = workspace.make("Workers", FriendlyName="bo")
    path = f"/Workers/{worker['sid']}"
    before = workspace.get(path)
    workspace.change(f"/Activities/{worker['activity_sid']}", FriendlyName="Away")

    assert workspace.get(path) == {**before, "activity_name": "Away"}
    assert workspace.get("/Workers")["workers"][0]["activity_name"] == "Away"


def test_parameters_are_refused_by_name(workspace: WorkspaceClient) -> None:
    """Unknown, missing, repeated-wrong and out-of-range parameters name themselves."""
    refusal = workspace.refusal

    assert "Colour, Shape" in refusal("POST", "/TaskQueues", FriendlyName="a", Shape="", Colour="")
    assert "Unknown parameter friendlyname" in refusal("POST", "/TaskQueues", friendlyname="a")
    assert "Missing required parameter FriendlyName" in refusal("POST", "/TaskQueues")
    assert "FriendlyName must not be empty" in refusal("POST", "/TaskQueues", FriendlyName="")
    assert "MaxReservedWorkers 51 is greater" in refusal(
        "POST", "/TaskQueues", FriendlyName="a", MaxReservedWorkers=51
    )
    assert "'many' is not an integer" in refusal(
        "POST", "/TaskQueues", FriendlyName="a", MaxReservedWorkers="many"
    )
    assert "'maybe' is not true or false" in refusal(
        "POST", "/Activities", FriendlyName="a", Available="maybe"
    )
    assert "'ANY' is not one of FIFO, LIFO" in refusal(
        "POST", "/TaskQueues", FriendlyName="a", TaskOrder="ANY"
    )
    assert "ActivitySid 'WAx'" in refusal("GET", "/Workers?ActivitySid=WAx")
    assert "not a valid URL" in refusal("POST", EventCallbackUrl="nowhere")
    assert workspace.get("/TaskQueues")["task_queues"] == []


def test_pages_follow_each_other_while_items_come_and_go(workspace: WorkspaceClient) -> None:
    """Following next_page_url shows what stays exactly once, whatever is removed or added."""
    made = [workspace.make("Activities", FriendlyName=f"a{n}")["sid"] for n in range(8)]
    first = workspace.get("/Activities", PageSize=4)
    shown = [item["sid"] for item in first["activities"]]
    workspace.remove(f"/Activities/{shown[-1]}")
    late = workspace.make("Activities", FriendlyName="late")["sid"]
    url = first["meta"]["next_page_url"]
    while url:
        page = workspace.emulator.request("GET", url).json()
        shown += [item["sid"] for item in page["activities"]]
        url = page["meta"]["next_page_url"]

    assert shown[3:] == [*made, late]


def test_a_list_envelope_tells_its_pages(workspace: WorkspaceClient) -> None:
    """The meta part names the key, the size and the neighbouring pages."""
    first = workspace.get("/TaskChannels", PageSize=2)
    second = workspace.emulator.request("GET", first["meta"]["next_page_url"]).json()
    back = workspace.emulator.request("GET", second["meta"]["previous_page_url"]).json()

    assert first["meta"] == {
        "first_page_url": f"{workspace.url}/TaskChannels?PageSize=2&Page=0",
        "key": "channels",
        "next_page_url": first["meta"]["next_page_url"],
        "page": 0,
        "page_size": 2,
        "previous_page_url": None,
        "url": f"{workspace.url}/TaskChannels?PageSize=2&Page=0",
    }
    last = first["channels"][-1]["sid"]
    assert first["meta"]["next_page_url"].endswith(f"PageSize=2&Page=1&PageToken=PA{last}")
    assert second["meta"]["page"] == 1
    assert back["channels"] == first["channels"]


def test_pages_by_number_are_refused(workspace: WorkspaceClient) -> None:
    """A page number without a token is 400/40153; page 0 and an odd size are handled too."""
    answer = workspace.send("GET", "/Activities", params={"Page": 2})

    assert answer.status_code == 400
    assert answer.json()["code"] == 40153
    assert workspace.get("/Activities", Page=0)["meta"]["page"] == 0
    assert "between 1 and 1000" in workspace.refusal("GET", "/Activities?PageSize=1001")
    assert "PageToken 'PAnone'" in workspace.refusal("GET", "/Activities?PageToken=PAnone")


def test_filters_stay_in_the_addresses_of_pages(workspace: WorkspaceClient) -> None:
    """A filtered list goes on filtered."""
    for number in range(3):
        workspace.make("Activities", FriendlyName=f"b{number}", Available="true")
    first = workspace.get("/Activities", Available="true", PageSize=2)
    second = workspace.emulator.request("GET", first["meta"]["next_page_url"]).json()

    names = [item["friendly_name"] for item in first["activities"] + second["activities"]]
    assert names == ["Available", "b0", "b1", "b2"]


def test_a_body_that_is_no_form_is_refused(workspace: WorkspaceClient) -> None:
    """Bytes that are not UTF-8 are answered 400, not 500."""
    answer = workspace.send("POST", "/Activities", content=b"FriendlyName=\xff\xfe")

    assert answer.status_code == 400
    assert "not UTF-8" in answer.json()["message"]


def test_the_flex_configuration_points_at_the_sample(flex: WorkspaceClient) -> None:
    """Flex names the one workspace, its workflow and its queue; an update replaces properties."""
    url = "https://flex-api.twilio.com/v1/Configuration"
    before = flex.emulator.request("GET", url).json()
    changed = flex.emulator.request(
        "POST", url, json={"account_sid": flex.emulator.account_sid, "ui_language": "de"}
    )
    refused = flex.emulator.request("POST", url, json={"colour": "blue"})

    assert before["taskrouter_workspace_sid"] == flex.sid
    queues = flex.get("/TaskQueues")["task_queues"]
    workflows = flex.get("/Workflows")["workflows"]
    assert before["taskrouter_target_taskqueue_sid"] == queues[0]["sid"]
    assert before["taskrouter_target_workflow_sid"] == workflows[0]["sid"]
    assert (queues[0]["friendly_name"], workflows[0]["friendly_name"]) == (
        "Everyone",
        "Assign to Anyone",
    )
    assert changed.json() == {
        **before,
        "ui_language": "de",
        "date_updated": changed.json()["date_updated"],
    }
    assert refused.status_code == 400
    assert "colour" in refused.json()["message"]


def test_a_request_cut_off_half_way_is_not_carried_out(emulator: RunningEmulator) -> None:
    """A client that hangs up before its body is whole has changed nothing and left no entry."""
    account = base64.b64encode(":".join(emulator.credentials).encode()).decode()
    body = b"FriendlyName=Half"
    head = (
        "POST /v1/Workspaces HTTP/1.1\r\nHost: taskrouter.twilio.com\r\n"
        f"Authorization: Basic {account}\r\nContent-Length: {len(body) + 1}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", emulator.port)) as connection:
        connection.sendall(head.encode() + body)
        emulator.request("GET", TASKROUTER)  # the emulator has read what was sent before this
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""  # and has seen the end of it
    names = [
        item["friendly_name"] for item in emulator.request("GET", TASKROUTER).json()["workspaces"]
    ]

    assert "Half" not in names
    assert all("Half" not in entry["params"].values() for entry in emulator.journal())
