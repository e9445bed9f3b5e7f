"""Accounts, sub-accounts and API keys, and how accounts are kept apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from twilio_emulator.testing import RunningEmulator, start_emulator

from .conftest import TASKROUTER

API = "https://api.twilio.com"
ACCOUNTS = f"{API}/2010-04-01/Accounts"


@dataclass
class SubAccount:
    """A sub-account with its own credentials."""

    emulator: RunningEmulator
    sid: str
    auth_token: str

    def send(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Send a request with the sub-account's credentials."""
        return self.emulator.request(method, url, auth=(self.sid, self.auth_token), **options)

    def become(self, status: str) -> httpx.Response:
        """Set its status by the main account's credentials."""
        url = f"{ACCOUNTS}/{self.sid}.json"
        return self.emulator.request("POST", url, data={"Status": status})


@pytest.fixture
def sub(emulator: RunningEmulator) -> Iterator[SubAccount]:
    """Create a sub-account for one test."""
    made = emulator.request("POST", f"{ACCOUNTS}.json", data={"FriendlyName": "North"})
    assert made.status_code == 201, made.text
    body = made.json()
    account = SubAccount(emulator, body["sid"], body["auth_token"])
    yield account
    account.become("closed")


def test_a_sub_account_is_created_with_its_own_credentials(
    emulator: RunningEmulator, sub: SubAccount
) -> None:
    """It has an owner, a token, and shows the same to its owner and to itself."""
    by_owner = emulator.request("GET", f"{ACCOUNTS}/{sub.sid}.json").json()
    by_itself = sub.send("GET", f"{ACCOUNTS}/{sub.sid}.json").json()

    assert by_owner == by_itself
    assert by_owner["owner_account_sid"] == emulator.account_sid
    assert (by_owner["friendly_name"], by_owner["status"], by_owner["type"]) == (
        "North",
        "active",
        "Full",
    )
    assert by_owner["auth_token"] == sub.auth_token != emulator.auth_token
    uri = f"/2010-04-01/Accounts/{sub.sid}"
    assert by_owner["uri"] == f"{uri}.json"
    assert by_owner["subresource_uris"]["calls"] == f"{uri}/Calls.json"


def test_a_sub_account_without_a_name_gets_one(emulator: RunningEmulator) -> None:
    """The name says when it was created."""
    made = emulator.request("POST", f"{ACCOUNTS}.json").json()

    assert made["friendly_name"].startswith("SubAccount Created at 20")


def test_accounts_are_listed_in_flat_pages(emulator: RunningEmulator) -> None:
    """Pages follow each other by relative addresses and hold every account once."""
    emulator.reset()
    made = [
        emulator.request("POST", f"{ACCOUNTS}.json", data={"FriendlyName": name}).json()["sid"]
        for name in ("a", "b", "c")
    ]
    pages = [emulator.request("GET", f"{ACCOUNTS}.json", params={"PageSize": 3}).json()]
    pages.append(emulator.request("GET", API + pages[0]["next_page_uri"]).json())
    back = emulator.request("GET", API + pages[1]["previous_page_uri"]).json()

    shown = [account["sid"] for page in pages for account in page["accounts"]]
    assert shown == [*reversed(made), emulator.account_sid]
    assert (pages[0]["start"], pages[0]["end"], pages[0]["page"]) == (0, 2, 0)
    assert (pages[1]["start"], pages[1]["end"], pages[1]["page"]) == (3, 3, 1)
    assert pages[1]["next_page_uri"] is None
    assert pages[0]["first_page_uri"] == "/2010-04-01/Accounts.json?PageSize=3&Page=0"
    assert [account["sid"] for account in back["accounts"]] == shown[:3]


def test_accounts_are_filtered(emulator: RunningEmulator, sub: SubAccount) -> None:
    """Name and status each narrow the list."""
    sub.become("suspended")

    def listed(**params: str) -> list[str]:
        answer = emulator.request("GET", f"{ACCOUNTS}.json", params=params)
        return [account["sid"] for account in answer.json()["accounts"]]

    assert sub.sid in listed(Status="suspended")
    assert sub.sid not in listed(Status="active")
    assert listed(FriendlyName="Sample contact centre") == [emulator.account_sid]
    refused = emulator.request("GET", f"{ACCOUNTS}.json", params={"Status": "asleep"})
    assert (refused.status_code, refused.json()["code"]) == (400, 20001)


def test_a_suspended_account_is_refused_until_it_is_active_again(sub: SubAccount) -> None:
    """Its credentials open nothing while it is suspended, in any product."""
    assert sub.become("suspended").json()["status"] == "suspended"
    for url in (f"{ACCOUNTS}/{sub.sid}.json", TASKROUTER):
        refused = sub.send("GET", url)
        assert (refused.status_code, refused.json()["code"]) == (401, 20003)
        assert sub.sid in refused.json()["message"]

    assert sub.become("active").status_code == 200
    assert sub.send("GET", TASKROUTER).status_code == 200


def test_a_closed_account_stays_closed_and_stays_listed(
    emulator: RunningEmulator, sub: SubAccount
) -> None:
    """Its owner still sees it and cannot open it again."""
    assert sub.become("closed").status_code == 200
    refused = sub.become("active")

    assert (refused.status_code, refused.json()["code"]) == (400, 20001)
    assert sub.sid in refused.json()["message"]
    shown = emulator.request("GET", f"{ACCOUNTS}/{sub.sid}.json").json()
    assert shown["status"] == "closed"


def test_only_the_main_account_decides_about_statuses(
    emulator: RunningEmulator, sub: SubAccount
) -> None:
    """A sub-account cannot suspend itself or have sub-accounts, a main account stays active."""
    own = sub.send("POST", f"{ACCOUNTS}/{sub.sid}.json", data={"Status": "suspended"})
    main = f"{ACCOUNTS}/{emulator.account_sid}.json"
    closed = emulator.request("POST", main, data={"Status": "closed"})
    below = sub.send("POST", f"{ACCOUNTS}.json")
    renamed = sub.send("POST", f"{ACCOUNTS}/{sub.sid}.json", data={"FriendlyName": "South"})

    assert [answer.status_code for answer in (own, closed, below)] == [400, 400, 400]
    assert renamed.json()["friendly_name"] == "South"


def test_an_owner_acts_for_its_sub_account_in_the_2010_api_only(
    emulator: RunningEmulator, sub: SubAccount
) -> None:
    """The owner reads the sub-account's calls, and not its workspaces; never the other way."""
    made = sub.send("POST", TASKROUTER, data={"FriendlyName": "Theirs"}).json()

    assert emulator.request("GET", f"{ACCOUNTS}/{sub.sid}/Calls.json").status_code == 200
    assert emulator.request("GET", f"{TASKROUTER}/{made['sid']}").status_code == 404
    upwards = sub.send("GET", f"{ACCOUNTS}/{emulator.account_sid}/Calls.json")
    assert (upwards.status_code, upwards.json()["code"]) == (404, 20404)
    assert sub.send("GET", f"{ACCOUNTS}/{emulator.account_sid}.json").status_code == 404


PRODUCTS = (
    (TASKROUTER, {"FriendlyName": "Kept apart"}, "workspaces"),
    ("https://sync.twilio.com/v1/Services", {"FriendlyName": "Kept apart"}, "services"),
    (
        "https://serverless.twilio.com/v1/Services",
        {"UniqueName": "kept-apart", "FriendlyName": "Kept apart"},
        "services",
    ),
)


@pytest.mark.parametrize(("url", "data", "key"), PRODUCTS)
def test_accounts_do_not_see_each_other(
    emulator: RunningEmulator, sub: SubAccount, url: str, data: dict[str, str], key: str
) -> None:
    """What one account made is listed for it alone and answered 404 to the other, both ways."""
    ours = emulator.request("POST", url, data=data).json()
    theirs = sub.send("POST", url, data=data).json()

    assert ours["account_sid"] == emulator.account_sid
    assert theirs["account_sid"] == sub.sid
    our_sids = {item["sid"] for item in emulator.request("GET", url).json()[key]}
    their_sids = {item["sid"] for item in sub.send("GET", url).json()[key]}
    assert ours["sid"] in our_sids
    assert theirs["sid"] in their_sids
    assert our_sids.isdisjoint(their_sids)
    for answer in (
        sub.send("GET", f"{url}/{ours['sid']}"),
        sub.send("DELETE", f"{url}/{ours['sid']}"),
        emulator.request("GET", f"{url}/{theirs['sid']}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, 20404)
    assert emulator.request("DELETE", f"{url}/{ours['sid']}").status_code == 204


def test_a_sub_account_has_no_flex(sub: SubAccount) -> None:
    """The configuration belongs to the main account."""
    assert sub.send("GET", "https://flex-api.twilio.com/v1/Configuration").status_code == 404


def test_rates_count_per_account() -> None:
    """One account's requests use up nothing of another's three a second."""
    query = {"TargetWorkersExpression": "1==1"}
    with start_emulator(sample=False, start="2026-01-05T09:00:00Z") as still:
        made = still.request("POST", f"{ACCOUNTS}.json").json()
        other = SubAccount(still, made["sid"], made["auth_token"])
        own = still.request("POST", TASKROUTER, data={"FriendlyName": "Rates"}).json()["sid"]
        theirs = other.send("POST", TASKROUTER, data={"FriendlyName": "Rates"}).json()["sid"]
        statuses = [
            still.request("GET", f"{TASKROUTER}/{own}/Workers", params=query).status_code
            for _ in range(4)
        ]
        answer = other.send("GET", f"{TASKROUTER}/{theirs}/Workers", params=query)

    assert statuses == [200, 200, 200, 429]
    assert answer.status_code == 200


def test_a_key_shows_its_secret_once_and_opens_its_account(
    emulator: RunningEmulator, sub: SubAccount
) -> None:
    """A key is good for all products of its account until it is deleted."""
    keys = f"{ACCOUNTS}/{sub.sid}/Keys"
    made = emulator.request("POST", f"{keys}.json", data={"FriendlyName": "deploys"})
    key = made.json()
    shown = sub.send("GET", f"{keys}/{key['sid']}.json").json()
    renamed = sub.send("POST", f"{keys}/{key['sid']}.json", data={"FriendlyName": "tests"}).json()
    listed = sub.send("GET", f"{keys}.json").json()["keys"]

    assert made.status_code == 201
    assert {**shown, "secret": key["secret"]} == key
    assert renamed["friendly_name"] == "tests"
    assert listed == [renamed]
    auth = (key["sid"], key["secret"])
    assert emulator.request("GET", TASKROUTER, auth=auth).json()["workspaces"] == []
    assert sub.send("DELETE", f"{keys}/{key['sid']}.json").status_code == 204
    assert emulator.request("GET", TASKROUTER, auth=auth).status_code == 401
    assert sub.send("GET", f"{keys}/{key['sid']}.json").status_code == 404


def test_keys_of_other_accounts_are_not_found(emulator: RunningEmulator, sub: SubAccount) -> None:
    """A key is addressed below its own account only, and only by it or its owner."""
    own = f"{ACCOUNTS}/{emulator.account_sid}/Keys/{emulator.api_key_sid}.json"

    assert emulator.request("GET", own).json()["sid"] == emulator.api_key_sid
    assert sub.send("GET", own).status_code == 404
    below = f"{ACCOUNTS}/{sub.sid}/Keys/{emulator.api_key_sid}.json"
    assert emulator.request("GET", below).status_code == 404


@pytest.mark.parametrize("path", ["Messages", "IncomingPhoneNumbers/PN1", "SMS/ShortCodes"])
def test_other_parts_of_the_2010_api_are_refused_by_name(
    emulator: RunningEmulator, path: str
) -> None:
    """What Twilio has and the emulator has not is answered 501."""
    answer = emulator.request("GET", f"{ACCOUNTS}/{emulator.account_sid}/{path}.json")

    assert (answer.status_code, answer.json()["code"]) == (501, 20501)
