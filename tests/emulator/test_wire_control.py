"""The emulator's own routes and command: journal, faults, reset, clock, start and stop."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from typer.testing import CliRunner

from twilio_emulator.cli import app
from twilio_emulator.control import ControlError
from twilio_emulator.testing import RunningEmulator, start_emulator

from .conftest import TASKROUTER, WorkspaceClient

ROOT = Path(__file__).resolve().parents[2]


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the emulator's command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "twilio_emulator", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=60,
    )


def test_the_journal_shows_what_was_called(workspace: WorkspaceClient) -> None:
    """Each request stands in the journal with parameters and status, and can be found."""
    emulator = workspace.emulator
    emulator.clear_journal()
    workspace.make("Activities", FriendlyName="Lunch")
    workspace.refusal("GET", "/Activities/WA0", 404)

    assert [(e["method"], e["status"]) for e in emulator.journal()] == [("POST", 201), ("GET", 404)]
    posted = emulator.journal(method="post", host="^taskrouter", path="/Activities$")[0]
    assert posted["params"] == {"FriendlyName": "Lunch"}
    assert posted["kind"] == "api"
    assert posted["duration_ms"] > 0
    assert emulator.journal(since=posted["number"], kind="api")[0]["status"] == 404
    assert emulator.journal(host="^sync") == []


def test_a_status_on_demand_keeps_the_request_from_acting(workspace: WorkspaceClient) -> None:
    """A failure with count meets that many requests, which change nothing."""
    with workspace.emulator.fault(method="POST", path="Activities", status=503, count=2):
        answers = [
            workspace.send("POST", "/Activities", data={"FriendlyName": "x"}).status_code
            for _ in range(3)
        ]

    assert answers == [503, 503, 201]
    names = [item["friendly_name"] for item in workspace.get("/Activities")["activities"]]
    assert names.count("x") == 1


def test_a_failure_may_come_after_the_write(workspace: WorkspaceClient) -> None:
    """With `after` the write takes effect and its answer is lost."""
    with (
        workspace.emulator.fault(method="POST", drop=True, after=True),
        pytest.raises(httpx.RemoteProtocolError),
    ):
        workspace.send("POST", "/Activities", data={"FriendlyName": "kept"})

    assert "kept" in [a["friendly_name"] for a in workspace.get("/Activities")["activities"]]


def test_a_dropped_request_gets_no_answer(workspace: WorkspaceClient) -> None:
    """A dropped connection is an error for the client, and nothing but the journal knows."""
    emulator = workspace.emulator
    emulator.clear_journal()
    with emulator.fault(path="Activities", drop=True), pytest.raises(httpx.RemoteProtocolError):
        workspace.send("POST", "/Activities", data={"FriendlyName": "lost"})

    entry = emulator.journal(method="POST", path="Activities")[0]
    assert (entry["status"], bool(entry["fault"])) == (None, True)
    assert "lost" not in [a["friendly_name"] for a in workspace.get("/Activities")["activities"]]


def test_a_throttle_on_demand_carries_retry_after(workspace: WorkspaceClient) -> None:
    """429 comes with Retry-After and Twilio's envelope; skipping lets the first ones pass."""
    with workspace.emulator.fault(status=429, retry_after=7, skip=1):
        first, second = workspace.send("GET"), workspace.send("GET")

    assert first.status_code == 200
    assert second.status_code == 429
    assert second.headers["Retry-After"] == "7"
    assert second.json()["code"] == 20429


def test_latency_on_demand_delays_the_answer(workspace: WorkspaceClient) -> None:
    """A delayed request succeeds, and the journal shows the time it took."""
    with workspace.emulator.fault(latency_ms=60, path=f"{workspace.sid}$"):
        workspace.get()

    # Timers may fire a fraction of a millisecond early.
    assert workspace.emulator.journal(path=f"{workspace.sid}$")[-1]["duration_ms"] > 50


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"colour": "red"}, "unknown colour"),
        ({"path": "x"}, "does nothing"),
        ({"path": "(", "status": 500}, "not a regular expression"),
    ],
)
def test_a_failure_that_cannot_be_is_refused(
    emulator: RunningEmulator, rule: dict[str, Any], reason: str
) -> None:
    """A rule with a mistake is refused with the mistake."""
    with pytest.raises(ControlError, match=reason):
        emulator.add_fault(**rule)


def test_a_reset_brings_the_same_sample_back(emulator: RunningEmulator) -> None:
    """Two resets of one seed give the same workers with the same SIDs; another seed others."""

    def workers() -> list[dict[str, Any]]:
        url = emulator.request("GET", TASKROUTER).json()["workspaces"][0]["url"]
        found = emulator.request("GET", f"{url}/Workers").json()["workers"]
        return [{name: w[name] for name in ("sid", "attributes", "friendly_name")} for w in found]

    emulator.reset(seed=5, workers=3)
    first = workers()
    emulator.reset(seed=6, workers=3)
    second = workers()
    emulator.reset(seed=5, workers=3)

    assert workers() == first
    assert second != first
    assert len(first) == 3


def test_the_sample_has_realistic_workers(flex: WorkspaceClient) -> None:
    """Each sample worker has skills with levels, languages, a name and a contact address."""
    for worker in flex.get("/Workers", PageSize=1000)["workers"]:
        attributes = json.loads(worker["attributes"])
        routing = attributes["routing"]
        assert routing["skills"]
        assert set(routing["levels"]) == set(routing["skills"])
        assert set(routing["levels"].values()) <= {1, 2, 3, 4, 5}
        assert set(attributes["languages"]) <= {"en", "es", "fr", "de", "pt"}
        assert attributes["contact_uri"] == f"client:{worker['friendly_name']}"
        assert len(attributes["full_name"].split()) == 2


def test_the_clock_moves_on_demand(workspace: WorkspaceClient) -> None:
    """Advancing the clock dates what is made afterwards later."""
    before = workspace.make("Activities", FriendlyName="before")["date_created"]
    workspace.emulator.advance(7200)
    after = workspace.make("Activities", FriendlyName="after")["date_created"]

    assert before[:13] < after[:13]


def test_an_unmodified_client_works(emulator: RunningEmulator) -> None:
    """Twilio's own SDK creates, reads, lists and deletes with nothing but another address."""

    class ToEmulator(TwilioHttpClient):
        def request(self, method: str, url: str, *args: Any, **options: Any) -> Any:
            return super().request(
                method, url.replace("https://", f"{emulator.base_url}/"), *args, **options
            )

    http = ToEmulator()
    client = Client(emulator.account_sid, emulator.auth_token, http_client=http)
    workspace = client.taskrouter.v1.workspaces.create(friendly_name="From the SDK")
    queue = workspace.task_queues.create(friendly_name="Q", max_reserved_workers=3)
    for number in range(5):
        workspace.workers.create(friendly_name=f"worker {number}", attributes='{"n":1}')

    assert queue.fetch().max_reserved_workers == 3
    assert len(workspace.workers.list(page_size=2)) == 5
    assert len(workspace.workers.list(task_queue_sid=queue.sid, page_size=3)) == 5
    assert workspace.delete()
    http.session.close()


def test_a_port_in_use_is_one_clear_line() -> None:
    """Starting on a taken port says so in one line and ends with code 1."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = command("serve", "--memory", "--port", str(port))

    assert ended.returncode == 1
    assert ended.stderr == f"Cannot listen on 127.0.0.1:{port}: Address already in use\n"


def test_a_wrong_runtime_setting_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of the functions runtime with a wrong value stops the start by name."""
    monkeypatch.setenv("TWILIO_EMULATOR_FUNCTIONS_STRICT", "maybe")

    ended = command("serve", "--memory", "--port", "0")

    assert ended.returncode == 1
    assert ended.stderr == "TWILIO_EMULATOR_FUNCTIONS_STRICT='maybe' is not a bool\n"


def test_other_machines_are_not_served_by_accident() -> None:
    """An address other machines can reach needs --allow-remote."""
    ended = command("serve", "--memory", "--host", "0.0.0.0")

    assert ended.returncode == 1
    assert "--allow-remote" in ended.stderr


def test_sigterm_ends_the_emulator_cleanly(tmp_path: Path) -> None:
    """SIGTERM ends the process with code 0 and frees its state; meanwhile nobody else has it."""
    with start_emulator(workers=1, data=tmp_path) as emulator:
        second = command("serve", "--port", "0", "--data", str(tmp_path))
        emulator.process.terminate()
        assert emulator.process.wait(20) == 0

    assert second.returncode == 1
    assert "another emulator uses it" in second.stderr
    with start_emulator(data=tmp_path) as again:
        assert again.status()["counts"]["taskrouter.worker"] == 1


def test_the_command_shows_a_running_emulator(emulator: RunningEmulator) -> None:
    """status, journal, faults, reset and env work on a running emulator, and say when none is."""

    def run(*arguments: str, port: int = emulator.port) -> Any:
        return CliRunner().invoke(app, [*arguments, "--port", str(port)])

    added = run("faults", "add", '{"status": 503, "host": "nowhere"}')
    listed = json.loads(run("faults", "list", "--json").output)
    emulator.request("GET", TASKROUTER)

    assert json.loads(run("status", "--json").output)["port"] == emulator.port
    assert f"port {emulator.port}" in run("status").output
    assert (added.exit_code, listed["status"], listed["hits"]) == (0, 503, 0)
    assert run("faults", "lift", "--all").output == "No failures on demand\n"
    lines = run("journal", "--path", "Workspaces").output
    assert "200 GET taskrouter.twilio.com/v1/Workspaces" in lines
    assert run("faults", "add", "[]").output == "the rule must be a JSON object\n"
    assert "unknown colour" in run("faults", "add", '{"colour": 1}').output
    assert run("reset", "--workers", "2").exit_code == 0
    assert emulator.status()["counts"]["taskrouter.worker"] == 2
    assert f"TWILIO_BASE_URL={emulator.base_url}" in run("env").output
    absent = run("status", port=1)
    assert absent.exit_code == 3
    assert "twilio-emulator serve" in absent.output


def test_a_browser_at_the_bare_address_is_led_to_the_page(emulator: RunningEmulator) -> None:
    """The ready line's address opens the dashboard; one of Twilio's hosts answers for itself."""
    led = httpx.get(emulator.base_url + "/", trust_env=False)
    asked = emulator.request("GET", "https://taskrouter.twilio.com/")

    assert (led.status_code, led.headers["location"]) == (302, "/_emulator/")
    assert asked.status_code == 404
