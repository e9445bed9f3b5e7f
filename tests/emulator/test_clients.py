"""Official libraries and plain HTTP clients, unmodified, against the emulator."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from twilio_emulator.testing import RunningEmulator

from .clients.conversation import EXPECTED, MISSING, TASKROUTER, Answer, converse
from .clients.programs import NODE_LIBRARIES, facts, go_program, node_folder, run, told_by_env
from .conftest import WorkspaceClient
from .receiver import receiving

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def variables(
    emulator: RunningEmulator, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Return what `twilio-emulator env` tells a shell."""
    return told_by_env(emulator.port, tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def shell(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Set those variables for this process."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def name() -> str:
    """Return a name that no other test uses."""
    return f"client-{next(_numbers)}"


@pytest.fixture
def webhook(workspace: WorkspaceClient) -> Iterator[dict[str, Any]]:
    """Return one event callback as its receiver saw it."""
    with receiving() as receiver:
        workspace.change("", EventCallbackUrl=receiver.url)
        event = receiver.wait("workspace.updated")
        at = receiver.events.index(event)
        signature = receiver.headers[at]["x-twilio-signature"]
        yield {"url": receiver.url, "params": event, "signature": signature}
        workspace.change("", EventCallbackUrl="")


def _sdk_facts(client: Client, workspace_sid: str, name: str) -> dict[str, Any]:
    """Have the conversation through Twilio's Python library."""
    workers = client.taskrouter.v1.workspaces(workspace_sid).workers
    made = [workers.create(friendly_name=f"w{n}") for n in range(5)]
    one = made[0]

    def version() -> str:
        return str(client.request("GET", one.url).headers["ETag"])

    def refusal(**given: str) -> list[int]:
        with pytest.raises(TwilioRestException) as refused:
            one.update(**given) if given else workers(MISSING).fetch()
        return [refused.value.status, refused.value.code]

    etag = version()
    updated = one.update(friendly_name="renamed", if_match=etag)
    documents = client.sync.v1.services("default").documents
    document = documents.create(unique_name=name, data={"n": 0})
    changed = documents(name).update(data={"n": 1}, if_match=document.revision)
    return {
        "listed": sorted(w.friendly_name for w in workers.list(page_size=2) if w.sid != one.sid),
        "etag": etag,
        "updated": [updated.friendly_name, version()],
        "stale": refusal(friendly_name="late", if_match=etag),
        "missing": refusal(),
        "document": [changed.data, changed.revision],
    }


def test_twilios_python_library_is_used_as_it_is(
    shell: None, workspace: WorkspaceClient, name: str, webhook: dict[str, Any]
) -> None:
    """twilio-python needs the environment only; its validator accepts a callback's signature."""
    client = Client()
    expected = {key: value for key, value in EXPECTED.items() if key != "uploaded"}
    expected["listed"] = ["w1", "w2", "w3", "w4"]
    validator = RequestValidator(client.password)
    url, params, signature = webhook["url"], webhook["params"], webhook["signature"]

    assert _sdk_facts(client, workspace.sid, name) == expected
    assert validator.validate(url, params, signature)
    assert not validator.validate(url, {**params, "Sid": "EV1"}, signature)


@pytest.mark.parametrize("library", NODE_LIBRARIES)
def test_twilios_node_libraries_are_used_as_they_are(
    variables: dict[str, str],
    workspace: WorkspaceClient,
    name: str,
    webhook: dict[str, Any],
    library: str,
) -> None:
    """twilio-node 4, 5 and 6 need the environment only, and accept a callback's signature."""
    command = ["node", "sdk.js", library, workspace.sid, name, json.dumps(webhook)]

    assert facts(command, variables, node_folder()) == {**EXPECTED, "signed": [True, False]}


def test_a_go_program_is_used_as_it_is(
    variables: dict[str, str], workspace: WorkspaceClient, name: str, tmp_path: Path
) -> None:
    """Go's net/http needs the environment only."""
    command = [go_program(tmp_path), workspace.sid, name]

    assert facts(command, variables, tmp_path) == EXPECTED


@pytest.mark.parametrize("library", [requests, httpx], ids=["requests", "httpx"])
def test_pythons_http_libraries_are_used_as_they_are(
    shell: None, emulator: RunningEmulator, workspace: WorkspaceClient, name: str, library: Any
) -> None:
    """Requests and httpx need the environment only, with one connection or one per request."""

    def send(
        method: str,
        url: str,
        data: Mapping[str, str] | None = None,
        if_match: str | None = None,
        file: str | None = None,
    ) -> Answer:
        answer = library.request(
            method,
            url,
            data=data,
            files={"Content": ("hello.js", file, "application/javascript")} if file else None,
            headers={"If-Match": if_match} if if_match else {},
            auth=emulator.credentials,
        )
        return Answer(answer.status_code, answer.headers, answer.json())

    assert converse(send, workspace.sid, name) == EXPECTED


def test_curl_is_used_as_it_is(
    variables: dict[str, str], emulator: RunningEmulator, workspace: WorkspaceClient, name: str
) -> None:
    """Curl needs the environment only."""

    def send(
        method: str,
        url: str,
        data: Mapping[str, str] | None = None,
        if_match: str | None = None,
        file: str | None = None,
    ) -> Answer:
        command = ["curl", "-sS", "-X", method, "-u", ":".join(emulator.credentials), url]
        command += ["-w", "%{stderr}%{http_code} %header{etag}"]
        for key, value in (data or {}).items():
            command += ["-F" if file else "--data-urlencode", f"{key}={value}"]
        command += ["-F", "Content=@-;filename=hello.js"] if file else []
        command += ["-H", f"If-Match: {if_match}"] if if_match else []
        done = subprocess.run(
            command, env=variables, input=file, capture_output=True, text=True, check=True
        )
        status, _, etag = done.stderr.partition(" ")
        return Answer(int(status), {"etag": etag}, json.loads(done.stdout))

    assert converse(send, workspace.sid, name) == EXPECTED


@pytest.mark.parametrize("way", ["host header", "path"])
def test_a_base_address_is_enough(
    emulator: RunningEmulator, workspace: WorkspaceClient, name: str, way: str
) -> None:
    """Without the proxy the host is told in the Host header or as the first part of the path."""

    def send(
        method: str,
        url: str,
        data: Mapping[str, str] | None = None,
        if_match: str | None = None,
        file: str | None = None,
    ) -> Answer:
        host, _, rest = url.removeprefix("https://").partition("/")
        in_path = way == "path"
        answer = client.request(
            method,
            f"/{host}/{rest}" if in_path else f"/{rest}",
            data=data,
            files={"Content": ("hello.js", file, "application/javascript")} if file else None,
            headers=({"If-Match": if_match} if if_match else {})
            | ({} if in_path else {"Host": host}),
        )
        return Answer(answer.status_code, answer.headers, answer.json())

    with httpx.Client(
        base_url=emulator.base_url, auth=emulator.credentials, trust_env=False
    ) as client:
        assert converse(send, workspace.sid, name) == EXPECTED


@pytest.mark.parametrize(
    ("edge", "region", "status"),
    [("ashburn", "us1", 200), (None, "us1", 200), ("dublin", "ie1", 404)],
)
def test_edges_of_the_default_region_answer(
    shell: None, edge: str | None, region: str, status: int
) -> None:
    """A library told an edge of us1 reaches the same account; other regions are refused by name."""
    client = Client(edge=edge, region=region)
    url = f"{TASKROUTER}?PageSize=1"

    answer = client.request("GET", url)

    assert answer.status_code == status
    if status == 404:
        assert "taskrouter.dublin.ie1.twilio.com" in answer.text


def test_wrong_credentials_are_refused_as_twilio_does(shell: None) -> None:
    """The library reports 401 and Twilio's code."""
    with pytest.raises(TwilioRestException) as refused:
        Client(password="wrong").sync.v1.services("default").fetch()

    assert (refused.value.status, refused.value.code) == (401, 20003)


def test_a_browser_goes_through_the_proxy(variables: dict[str, str], tmp_path: Path) -> None:
    """Chromium shows what a functions domain of the emulator answers."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("there is no `chromium` on PATH")
    command = [browser, "--headless", "--no-sandbox", "--ignore-certificate-errors"]
    command += [f"--proxy-server={variables['HTTPS_PROXY']}", f"--user-data-dir={tmp_path}"]
    command += ["--dump-dom", "https://nobody-1234-dev.twil.io/hello"]

    assert "Could not find requested resource" in run(command, {})
