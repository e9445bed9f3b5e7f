"""Who may call the endpoints of front ends, and with which bodies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.functions.contact_centre import ContactCentre
from tests.functions.front_end import ORIGIN, FrontEnd, error_of

PATHS = ["update-task-attributes", "complete-task", "accept-reservation"]
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def desk(centre: ContactCentre) -> FrontEnd:
    """A desk with one task."""
    return FrontEnd.opened(centre, customer="c1")


def body_for(desk: FrontEnd, path: str) -> dict[str, Any]:
    """A body the endpoint takes."""
    body: dict[str, Any] = {"Token": desk.token, "taskSid": desk.task_sid}
    own: dict[str, Any] = {
        "update-task-attributes": {"attributes": {"a": 1}},
        "complete-task": {},
        "accept-reservation": {"reservationSid": "WR" + "0" * 32},
    }[path]
    return body | own


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("token", [None, "", 7, ["x"], "forged", "expired"], ids=str)
def test_without_a_valid_token_nothing_is_read(desk: FrontEnd, path: str, token: object) -> None:
    """No token, another type, a forged one and an expired one are refused alike."""
    if token == "expired":
        token = desk.centre.emulator.flex_token(worker_sid=desk.worker_sid, expires_in=0.001)
    body = body_for(desk, path) | {"Token": token}
    desk.centre.emulator.clear_journal()

    answer = desk.send(path, {key: value for key, value in body.items() if value is not None})

    assert error_of(answer) == (401, "unauthenticated", False)
    assert desk.requests(desk.task_sid) == []


def test_a_role_that_may_not_is_refused(desk: FrontEnd) -> None:
    """A valid token needs one of ALLOWED_ROLES."""
    token = desk.centre.emulator.flex_token(worker_sid=desk.worker_sid, roles=["reporter"])

    assert error_of(desk.update({"a": 1}, Token=token)) == (403, "forbidden", False)
    assert desk.attributes() == {"customer": "c1"}


@pytest.mark.parametrize("centre", [{"ALLOWED_ROLES": "reporter, wfo"}], indirect=True)
def test_the_roles_are_configured(desk: FrontEnd) -> None:
    """Other roles may be named, and then the usual ones do not do."""
    token = desk.centre.emulator.flex_token(worker_sid=desk.worker_sid, roles=["wfo"])

    assert desk.update({"a": 1}, Token=token).status_code == 200
    assert error_of(desk.update({"a": 2}))[0] == 403


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://flex.twilio.com", f"{ORIGIN}.evil.example"]
)
def test_another_origin_is_refused_and_not_echoed(desk: FrontEnd, path: str, origin: str) -> None:
    """A page of another origin gets no header that lets it read the answer."""
    answer = desk.send(path, body_for(desk, path), headers={"Origin": origin})

    assert error_of(answer) == (403, "forbidden", False)
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["vary"] == "Origin"
    assert desk.attributes() == {"customer": "c1"}


def test_an_allowed_origin_is_echoed_also_with_an_error(desk: FrontEnd) -> None:
    """A page of Flex can read what went wrong."""
    for answer in (desk.update({"a": 1}), desk.update({"a": 1}, Token="forged")):
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert answer.headers["vary"] == "Origin"


def test_what_is_no_browser_needs_only_the_token(desk: FrontEnd) -> None:
    """A request without Origin is answered without the header."""
    url = desk.url("update-task-attributes")

    body = body_for(desk, "update-task-attributes")
    answer = desk.centre.emulator.request("POST", url, json=body)

    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "centre", [{"ALLOWED_ORIGINS": "https://a.example/, https://b.example"}], indirect=True
)
def test_the_origins_are_configured(desk: FrontEnd) -> None:
    """Several can be named; the usual one is not among them unless it is named."""
    for origin, status in [
        ("https://a.example", 200),
        ("https://b.example", 200),
        (ORIGIN, 403),
    ]:
        body = body_for(desk, "update-task-attributes")
        answer = desk.send("update-task-attributes", body, headers={"Origin": origin})
        assert answer.status_code == status


def test_a_body_over_16_kib_is_refused(desk: FrontEnd) -> None:
    """Before anything else is done with it."""
    desk.centre.emulator.clear_journal()

    answer = desk.update({"text": "x" * 17_000})

    assert error_of(answer) == (413, "too-large", False)
    assert desk.requests("/Tokens/validate") == desk.requests(desk.task_sid) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"taskSid": "WT1"}, "taskSid: must be a SID"),
        ({"taskSid": "WT" + "0" * 31 + "/"}, "taskSid: must be a SID"),
        ({"taskSid": ["WT" + "0" * 32]}, "taskSid: must be a SID"),
        ({"attributes": []}, "attributes: must be an object"),
        ({"attributes": "{}"}, "attributes: must be an object"),
        ({"changes": [{"merge": {}}]}, "only one of them may be given"),
        ({"deferred": "true"}, "deferred: must be true or false"),
        ({"id": "a b"}, "id: must be 1 to 36 of"),
        ({"id": "x" * 37}, "id: must be 1 to 36 of"),
        ({"defered": True}, '"defered": is not known here'),
        ({"request": "x"}, "request: is not a member of this body"),
        ({"attributes": {"n": 2**60}}, "attributes.n: is beyond 2^53"),
        ({"attributes": {"t": "\ud800"}}, "attributes.t: is no valid Unicode text"),
    ],
    ids=lambda value: None if isinstance(value, str) else "-".join(value),
)
def test_a_malformed_body_is_refused_by_name(
    desk: FrontEnd, change: dict[str, Any], problem: str
) -> None:
    """Every member is checked before the token is sent anywhere."""
    desk.centre.emulator.clear_journal()
    body = json.dumps(body_for(desk, PATHS[0]) | change)

    answer = desk.centre.emulator.request(
        "POST", desk.url(PATHS[0]), content=body, headers={"Content-Type": "application/json"}
    )

    assert error_of(answer) == (400, "invalid", False)
    assert problem in answer.json()["error"]["message"]
    assert desk.requests("/Tokens/validate") == desk.requests(desk.task_sid) == []


def test_all_problems_are_named_at_once(desk: FrontEnd) -> None:
    """One answer says everything that has to be mended."""
    message = desk.send(PATHS[0], {"Token": "x", "deferred": 1, "more": 1}).json()["error"][
        "message"
    ]

    for problem in ("taskSid: is missing", "attributes, changes: one", "deferred: ", '"more": '):
        assert problem in message


@pytest.mark.parametrize(
    "text",
    ['{"__proto__":{"admin":true}}', '{"constructor":{"prototype":{"admin":true}}}'],
    ids=["proto", "constructor"],
)
def test_a_prototype_cannot_be_reached(desk: FrontEnd, text: str) -> None:
    """Such keys within attributes are keys as any other; beside them they are not known."""
    body = json.dumps(body_for(desk, PATHS[0])).replace('{"a": 1}', text)
    headers = {"Content-Type": "application/json"}
    within = desk.centre.emulator.request("POST", desk.url(PATHS[0]), content=body, headers=headers)
    beside = desk.centre.emulator.request(
        "POST", desk.url(PATHS[0]), content=body[:-1] + "," + text[1:], headers=headers
    )

    assert within.status_code == 200
    assert desk.attributes() == {"customer": "c1"} | json.loads(text)
    assert error_of(beside) == (400, "invalid", False)
    assert desk.update({"after": 1}).json()["attributes"] == {
        "customer": "c1",
        "after": 1,
    } | json.loads(text)


def test_a_body_cannot_say_where_it_comes_from(desk: FrontEnd) -> None:
    """A member `request` of a body opens nothing to another origin's page."""
    forged = {"request": {"headers": {"origin": ORIGIN, "content-type": "application/json"}}}

    answer = desk.send(
        PATHS[0], body_for(desk, PATHS[0]) | forged, headers={"Origin": "https://evil.example"}
    )

    assert answer.headers.get("access-control-allow-origin") in (None, ORIGIN)


@pytest.mark.parametrize("centre", [{"TOKEN_VALIDATOR": "../settings"}], indirect=True)
def test_a_validator_that_is_not_there_opens_nothing(desk: FrontEnd) -> None:
    """A wrong name in TOKEN_VALIDATOR is said, and nobody is let in."""
    answer = desk.update({"a": 1})

    assert error_of(answer) == (500, "internal", False)
    assert "TOKEN_VALIDATOR" in answer.json()["error"]["message"]
    assert desk.attributes() == {"customer": "c1"}


def test_twilio_failing_to_check_a_token_is_no_refusal(desk: FrontEnd) -> None:
    """A person with a valid token is not told to sign in again when Twilio is down."""
    with desk.centre.emulator.fault(kind="api", path="/Tokens/validate$", status=503):
        answer = desk.update({"a": 1})

    assert error_of(answer) == (502, "twilio", True)
