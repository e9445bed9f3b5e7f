"""Flex tokens: issued by the emulator's own route, checked at iam.twilio.com."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from twilio_emulator.control import ControlError
from twilio_emulator.sample_account import API_KEY_SECRET, API_KEY_SID
from twilio_emulator.testing import RunningEmulator, start_emulator

from .conftest import TASKROUTER, WorkspaceClient
from .running import Running

START = "2026-01-01T00:00:00Z"
ACCOUNTS = "https://api.twilio.com/2010-04-01/Accounts.json"
FIELDS = {
    "valid",
    "code",
    "message",
    "expiration",
    "identity",
    "realm_user_id",
    "worker_sid",
    "roles",
    "flex_instance_sid",
}
ASK = """exports.handler = async (context, event, callback) => {
  const url = `https://iam.twilio.com/v1/Accounts/${context.ACCOUNT_SID}/Tokens/validate`;
  const basic = Buffer.from(`${context.ACCOUNT_SID}:${context.AUTH_TOKEN}`).toString('base64');
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/json' },
    body: JSON.stringify({ token: event.Token }),
  });
  callback(null, await answer.json());
};"""


def url_of(account_sid: str) -> str:
    """Return where an account's tokens are checked."""
    return f"https://iam.twilio.com/v1/Accounts/{account_sid}/Tokens/validate"


def checked(emulator: RunningEmulator, token: Any, **options: Any) -> httpx.Response:
    """Check a token with the sample account's credentials, unless told otherwise."""
    return emulator.request("POST", url_of(emulator.account_sid), json={"token": token}, **options)


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    """Run an emulator whose clock stands still."""
    with start_emulator(workers=2, start=START) as running:
        yield running


def test_a_workers_token_tells_who_the_worker_is(
    emulator: RunningEmulator, flex: WorkspaceClient
) -> None:
    """Name and roles are the worker's, and the answer has the fields of the published package."""
    attributes = '{"roles": ["agent", "supervisor"]}'
    worker = flex.make("Workers", FriendlyName="ann_40example_2Ecom", Attributes=attributes)

    answer = checked(emulator, emulator.flex_token(worker_sid=worker["sid"]))

    assert answer.status_code == 200
    assert set(answer.json()) == FIELDS
    assert answer.json() == {
        "valid": True,
        "code": 0,
        "message": None,
        "expiration": "2026-01-01T01:00:00.000Z",
        "identity": "ann_40example_2Ecom",
        "realm_user_id": "ann@example.com",
        "worker_sid": worker["sid"],
        "roles": ["agent", "supervisor"],
        "flex_instance_sid": answer.json()["flex_instance_sid"],
    }
    assert answer.json()["flex_instance_sid"].startswith("GO")


def test_what_is_asked_for_wins_over_the_workers(
    emulator: RunningEmulator, flex: WorkspaceClient
) -> None:
    """Identity, roles and time are as given; no roles at all is a choice as well."""
    worker = flex.get("/Workers")["workers"][0]["sid"]
    token = emulator.flex_token(worker_sid=worker, identity="bo", roles=[], expires_in=90)

    shown = checked(emulator, token).json()

    assert (shown["identity"], shown["roles"]) == ("bo", [])
    assert shown["expiration"] == "2026-01-01T00:01:30.000Z"


def test_a_token_expires_by_the_emulators_clock(emulator: RunningEmulator) -> None:
    """It is good until its time is over, and then told apart from one that never was."""
    emulator.reset()
    token = emulator.flex_token(expires_in=60)

    emulator.advance(59)
    assert checked(emulator, token).json()["valid"] is True
    emulator.advance(1)
    expired, unknown = checked(emulator, token), checked(emulator, token + "x")

    assert {answer.status_code for answer in (expired, unknown)} == {200}
    assert expired.json() == {**dict.fromkeys(FIELDS), **_refused(20104, expired)}
    assert unknown.json() == {**dict.fromkeys(FIELDS), **_refused(20101, unknown)}
    assert expired.json()["message"] != unknown.json()["message"]


def _refused(code: int, answer: httpx.Response) -> dict[str, Any]:
    message = answer.json()["message"]
    assert message
    return {"valid": False, "code": code, "message": message}


def test_tokens_are_opaque_and_every_one_another(emulator: RunningEmulator) -> None:
    """Nothing of the person can be read from a token, and the same request gives another."""
    tokens = {emulator.flex_token(identity="somebody", roles=["agent"]) for _ in range(20)}

    assert len(tokens) == 20
    assert all(len(token) > 60 and "somebody" not in token for token in tokens)


def test_a_token_is_good_for_its_account_alone(emulator: RunningEmulator) -> None:
    """Another account's credentials do not prove it, at either account's address."""
    other = emulator.request("POST", ACCOUNTS, data={"FriendlyName": "Other"}).json()
    auth = (other["sid"], other["auth_token"])
    ours, theirs = emulator.flex_token(), emulator.flex_token(account_sid=other["sid"])

    def asked(account: str, token: str) -> httpx.Response:
        return emulator.request("POST", url_of(account), json={"token": token}, auth=auth)

    assert asked(other["sid"], theirs).json()["valid"] is True
    assert asked(other["sid"], theirs).json()["flex_instance_sid"] is None
    assert asked(other["sid"], ours).json()["code"] == 20101
    assert asked(emulator.account_sid, ours).status_code == 404
    assert checked(emulator, theirs).json()["valid"] is False


def test_an_api_key_checks_tokens_as_well(emulator: RunningEmulator) -> None:
    """Key and secret are as good as the auth token; nothing and something wrong are refused."""
    token = emulator.flex_token()

    assert checked(emulator, token, auth=(API_KEY_SID, API_KEY_SECRET)).json()["valid"] is True
    refused = checked(emulator, token, auth=(API_KEY_SID, "wrong"))
    assert (refused.status_code, refused.json()["code"]) == (401, 20003)


@pytest.mark.parametrize(
    "body", [{}, {"token": ""}, {"token": 7}, {"token": None}, [], "token", {"Token": "x"}, None]
)
def test_a_body_without_a_token_is_refused(emulator: RunningEmulator, body: Any) -> None:
    """Anything but an object with a token is 400/20001, and says what is expected."""
    answer = emulator.request("POST", url_of(emulator.account_sid), json=body)

    assert (answer.status_code, answer.json()["code"]) == (400, 20001)
    assert '{"token": "…"}' in answer.json()["message"]


def test_text_that_is_no_token_is_invalid_and_nothing_else(emulator: RunningEmulator) -> None:
    """Half a surrogate pair, a long text and other scripts are answered like any other."""
    for text in ('"\\ud800"', '"' + "x" * 100_000 + '"', '"✓"'):
        body = f'{{"token": {text}}}'
        headers = {"Content-Type": "application/json"}
        answer = emulator.request(
            "POST", url_of(emulator.account_sid), content=body, headers=headers
        )
        assert answer.status_code in (200, 400), answer.text
        assert answer.json().get("valid", False) is False


def test_an_unknown_property_is_refused_by_name(emulator: RunningEmulator) -> None:
    """What Twilio may do with it is not known, so nobody comes to rely on it."""
    body = {"token": emulator.flex_token(), "realm": "us1"}
    answer = emulator.request("POST", url_of(emulator.account_sid), json=body)

    assert answer.status_code == 400
    assert "realm" in answer.json()["message"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"worker_sid": "WK1"}, "worker_sid: 'WK1' does not match"),
        ({"worker_sid": "WK" + "0" * 32}, "has no worker WK000"),
        ({"account_sid": "AC" + "0" * 32}, "there is no account AC000"),
        ({"roles": "agent"}, "roles: 'agent' is not of type 'array'"),
        ({"roles": ["agent", 7]}, "roles[1]: 7 is not of type 'string'"),
        ({"expires_in": 0}, "expires_in: 0 is less than or equal to the minimum of 0"),
        ({"expires_in": True}, "expires_in: True is not of type 'number'"),
        ({"expires_in": 1e12}, "expires_in"),
        ({"identity": ""}, "identity"),
        ({"worker": "WK1"}, "unknown worker (known: account_sid, expires_in"),
    ],
)
def test_a_token_that_cannot_be_is_refused(
    emulator: RunningEmulator, asked: dict[str, Any], said: str
) -> None:
    """The own route says what is wrong, and issues nothing."""
    before = emulator.status()["counts"]["iam.flex_token"]
    with pytest.raises(ControlError) as refused:
        emulator.issue_flex_token(**asked)

    assert said in str(refused.value)
    assert emulator.status()["counts"]["iam.flex_token"] == before


def test_all_mistakes_are_told_at_once(emulator: RunningEmulator) -> None:
    """Two things wrong are two things said."""
    with pytest.raises(ControlError, match=r"expires_in.*; .*worker_sid"):
        emulator.issue_flex_token(worker_sid="me", expires_in="soon")


def test_a_worker_of_another_account_gets_no_token(
    emulator: RunningEmulator, flex: WorkspaceClient
) -> None:
    """Tokens of one account never name another one's worker."""
    other = emulator.request("POST", ACCOUNTS, data={"FriendlyName": "Other"}).json()["sid"]
    worker = flex.get("/Workers")["workers"][0]["sid"]

    with pytest.raises(ControlError, match=f"{other} has no worker {worker}"):
        emulator.flex_token(account_sid=other, worker_sid=worker)


def test_tokens_survive_a_restart_and_are_not_on_disk(tmp_path: Path) -> None:
    """A killed emulator still knows its tokens; their text stands in no file."""
    with start_emulator(workers=1, data=tmp_path, start=START) as first:
        token = first.flex_token()
        first.kill()
    found = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert found
    assert not any(token.encode() in file.read_bytes() for file in found)

    with start_emulator(workers=1, data=tmp_path, start=START) as second:
        assert checked(second, token).json()["valid"] is True


def test_old_tokens_do_not_pile_up(emulator: RunningEmulator) -> None:
    """A day after it expired a token is forgotten, with the next one issued."""
    emulator.reset()
    for _ in range(5):
        emulator.flex_token(expires_in=1)
    emulator.advance(86_400 + 2)
    emulator.flex_token()

    assert emulator.status()["counts"]["iam.flex_token"] == 1


def test_the_journal_never_shows_a_token(emulator: RunningEmulator) -> None:
    """A request to check one is there, its body is not."""
    emulator.clear_journal()
    token = emulator.flex_token()
    checked(emulator, token)

    (entry,) = emulator.journal(host="iam.twilio.com")
    assert entry["status"] == 200
    assert token not in str(emulator.journal())


def test_iam_is_reached_through_the_proxy(emulator: RunningEmulator) -> None:
    """A client that only knows the proxy checks a token, in the default region's name too."""
    trust = ssl.create_default_context(cadata=emulator.certificate())
    token = emulator.flex_token()
    with httpx.Client(
        proxy=emulator.base_url, verify=trust, auth=emulator.credentials, trust_env=False
    ) as client:
        for host in ("iam.twilio.com", "iam.us1.twilio.com"):
            url = url_of(emulator.account_sid).replace("iam.twilio.com", host)
            assert client.post(url, json={"token": token}).json()["valid"] is True


def test_iam_is_reached_from_functions(emulator: RunningEmulator) -> None:
    """A function checks the token of the browser that called it."""
    with httpx.Client(timeout=40, trust_env=False) as outsider:
        deployed = Running(emulator, outsider).deploy(
            "asks-iam", {"/ask": ASK}, IncludeCredentials="true"
        )
        good = deployed.call("/ask", "POST", data={"Token": emulator.flex_token(identity="bo")})
        bad = deployed.call("/ask", "POST", data={"Token": "nonsense"})

    assert (good.json()["valid"], good.json()["identity"]) == (True, "bo")
    assert (bad.json()["valid"], bad.json()["code"]) == (False, 20101)


def test_an_address_iam_has_not_is_named(emulator: RunningEmulator) -> None:
    """Other addresses of the host answer 404, other methods 405."""
    missing = emulator.request("GET", "https://iam.twilio.com/v1/Keys")
    wrong = emulator.request("GET", url_of(emulator.account_sid))

    assert (missing.status_code, wrong.status_code) == (404, 405)
    assert emulator.request("GET", TASKROUTER).status_code == 200
