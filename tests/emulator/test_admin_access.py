"""Who may use the emulator's own routes."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twilio_emulator.admin.access import refusal
from twilio_emulator.testing import RunningEmulator

LOCAL = "127.0.0.1"


@pytest.mark.parametrize(
    ("headers", "client"),
    [
        ({"Host": "127.0.0.1:4010"}, LOCAL),
        ({"host": "localhost"}, "::1"),
        ({"Host": "LOCALHOST:4010"}, "127.8.8.8"),
        ({"Host": "[::1]:4010"}, "::ffff:127.0.0.1"),
        ({"Host": "localhost:4010", "Origin": "http://localhost:4010"}, LOCAL),
        ({"Host": "localhost:4010", "Sec-Fetch-Site": "same-origin"}, LOCAL),
        ({"Host": "localhost:4010", "Sec-Fetch-Site": "none"}, LOCAL),
    ],
)
def test_this_machine_is_let_in(headers: dict[str, str], client: str) -> None:
    """Programs and pages of this machine may use the routes."""
    assert refusal(headers, client) is None


@pytest.mark.parametrize(
    ("headers", "client", "reason"),
    [
        ({"Host": "127.0.0.1"}, "192.168.1.7", "this machine only"),
        ({"Host": "127.0.0.1"}, "", "this machine only"),
        ({"Host": "evil.example:4010"}, LOCAL, "does not name this machine"),
        ({"Host": "127.0.0.1.evil.example"}, LOCAL, "does not name this machine"),
        ({"Host": "192.168.1.7"}, LOCAL, "does not name this machine"),
        ({"Host": "[::1"}, LOCAL, "does not name this machine"),
        ({}, LOCAL, "does not name this machine"),
        ({"Host": "localhost:4010", "Origin": "https://evil.example"}, LOCAL, "other sites"),
        ({"Host": "localhost:4010", "Origin": "http://localhost:3000"}, LOCAL, "other sites"),
        ({"Host": "localhost:4010", "Origin": "null"}, LOCAL, "other sites"),
        ({"Host": "localhost:4010", "Origin": "http://[bad"}, LOCAL, "other sites"),
        ({"Host": "localhost:4010", "Sec-Fetch-Site": "cross-site"}, LOCAL, "other sites"),
        ({"Host": "localhost:4010", "Sec-Fetch-Site": "same-site"}, LOCAL, "other sites"),
    ],
)
def test_anybody_else_is_refused(headers: dict[str, str], client: str, reason: str) -> None:
    """Other machines, other names and other sites' pages are refused with the reason."""
    assert reason in (refusal(headers, client) or "")


@given(host=st.text(max_size=20), origin=st.text(max_size=20), client=st.text(max_size=20))
def test_no_header_is_an_error(host: str, origin: str, client: str) -> None:
    """Whatever stands in the headers, the answer is yes or a reason."""
    for address in (client, LOCAL):
        assert refusal([("host", host), ("origin", origin)], address) != ""


@pytest.mark.parametrize("route", ["status", "faults", "journal", "snapshots", "limits", "clock"])
def test_every_own_route_is_guarded(emulator: RunningEmulator, route: str) -> None:
    """A page of another site and a rebound name get nothing from any own route."""
    url = f"{emulator.base_url}/_emulator/{route}"
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        answer = httpx.get(url, headers=headers, trust_env=False)
        assert answer.status_code == 403
        assert set(answer.json()) == {"error"}
    assert httpx.get(url, trust_env=False).status_code == 200


@pytest.mark.parametrize(
    ("method", "route", "content", "status", "reason"),
    [
        ("GET", "nothing", "", 404, "known: GET /_emulator/status"),
        ("POST", "reset", "{", 400, "not JSON"),
        ("POST", "reset", "[]", 400, "must be a JSON object"),
        ("POST", "reset", '{"workers": "x"}', 400, "workers must be a number"),
        ("POST", "reset", '{"workers": true}', 400, "workers must be a number"),
        ("POST", "reset", '{"clock": "noon"}', 400, "no moment like"),
        ("POST", "reset", '{"colour": 1}', 400, "unknown colour"),
        ("POST", "clock/advance", "{}", 400, "give seconds"),
        ("POST", "clock/advance", '{"seconds": -1}', 400, "not below 0"),
        ("POST", "clock/advance", '{"seconds": NaN}', 400, "not JSON"),
        ("POST", "clock/advance", '{"to": "9999-12-31T00:00:00Z"}', 400, "years 1970 to"),
        ("POST", "reset", '{"clock": "0001-01-01T00:00:00+14:00"}', 400, "years 1970 to"),
        ("POST", "reset", '{"clock": "\\ud800"}', 400, "not JSON"),
        ("POST", "seed", '{"workers": [{"friendly_name": "\\ud800"}]}', 400, "not JSON"),
        ("POST", "faults", '{"status": 500, "body": "\\ud800"}', 400, "not JSON"),
        ("GET", "journal?limit=99999999999999999999", "", 400, "is not a number"),
        ("GET", f"live/workers?start={'9' * 5000}", "", 404, "no such workers"),
        ("GET", f"live/requests/{'9' * 5000}", "", 404, "forgot this request"),
        ("POST", "clock/advance", '{"seconds": "x"}', 400, "must be a number"),
        ("POST", "clock/advance", '{"seconds": 1e300}', 400, "100 years"),
        ("POST", "limits", '{"filters": "no"}', 400, "filters must be true or false"),
        ("POST", "limits", '{"speed": true}', 400, "unknown speed"),
        ("POST", "snapshots", "{}", 400, "give name"),
        ("POST", "snapshots", '{"name": "a/b"}', 400, "cannot name a snapshot"),
        ("POST", "snapshots/none/restore", "", 404, "there is no snapshot 'none'"),
        ("DELETE", "faults?id=fault-99", "", 404, "there is no rule 'fault-99'"),
        ("GET", "journal?colour=1", "", 400, "unknown colour"),
        ("GET", "journal?since=x", "", 400, "since 'x' is not a number"),
        ("GET", "journal?path=(", "", 400, "not a regular expression"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_the_reason(
    emulator: RunningEmulator, method: str, route: str, content: str, status: int, reason: str
) -> None:
    """A mistake in a request is a 4xx with words, and the emulator goes on."""
    answer = httpx.request(
        method, f"{emulator.base_url}/_emulator/{route}", content=content, trust_env=False
    )

    assert answer.status_code == status
    assert reason in answer.json()["error"]
    assert emulator.status()["port"] == emulator.port
