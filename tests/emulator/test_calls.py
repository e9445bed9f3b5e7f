"""Calls, queues of calls and conferences of the 2010 API."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from twilio_emulator.calls.calls import formatted
from twilio_emulator.calls.planting import plant_call, plant_conference
from twilio_emulator.emulator import Emulator
from twilio_emulator.sample_account import ACCOUNT_SID
from twilio_emulator.settings import Settings
from twilio_emulator.testing import RunningEmulator

ROOT = f"/2010-04-01/Accounts/{ACCOUNT_SID}"
API = "https://api.twilio.com"


def send(emulator: RunningEmulator, method: str, path: str, **options: Any) -> Any:
    """Send a request below the sample account."""
    return emulator.request(method, f"{API}{ROOT}{path}", **options)


def make(emulator: RunningEmulator, **data: Any) -> dict[str, Any]:
    """Create a call."""
    given = {"To": "+13051416799", "From": "+13051913581", "Url": "https://example.com/a", **data}
    answer = send(emulator, "POST", "/Calls.json", data=given)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def fetch(emulator: RunningEmulator, call: dict[str, Any]) -> dict[str, Any]:
    """Fetch a call by its own address."""
    return dict(emulator.request("GET", API + call["uri"]).json())


def update(emulator: RunningEmulator, call: dict[str, Any], **data: Any) -> Any:
    """Update a call by its own address."""
    return emulator.request("POST", API + call["uri"], data=data)


def listed(emulator: RunningEmulator, **params: str) -> list[str]:
    """List the SIDs of calls."""
    answer = send(emulator, "GET", "/Calls.json", params=params)
    assert answer.status_code == 200, answer.text
    return [call["sid"] for call in answer.json()["calls"]]


def test_a_call_is_queued_then_answered_then_ended(emulator: RunningEmulator) -> None:
    """Times and the duration fill as the call goes on; the duration is text."""
    made = make(emulator)
    going = fetch(emulator, made)
    emulator.advance(75)
    ended = update(emulator, made, Status="completed").json()

    assert (made["status"], made["start_time"], made["duration"]) == ("queued", None, None)
    assert made["to_formatted"] == "(305) 141-6799"
    assert (going["status"], going["end_time"], going["duration"]) == ("in-progress", None, None)
    assert ended["status"] == "completed"
    length = parsedate_to_datetime(ended["end_time"]) - parsedate_to_datetime(ended["start_time"])
    assert ended["duration"] == "75"
    assert 75 <= length.total_seconds() <= 76
    assert ended["subresource_uris"]["recordings"] == (
        f"{ROOT}/Calls/{made['sid']}/Recordings.json"
    )


def test_canceling_leaves_a_call_in_progress_alone(emulator: RunningEmulator) -> None:
    """Only calls that were not answered are canceled."""
    made = make(emulator)

    assert update(emulator, made, Status="canceled").json()["status"] == "in-progress"


def test_an_ended_call_takes_no_more_changes_and_can_be_deleted(
    emulator: RunningEmulator,
) -> None:
    """A call is deleted after its end only, and is gone then."""
    made = make(emulator)
    early = emulator.request("DELETE", API + made["uri"])
    update(emulator, made, Status="completed")
    late = update(emulator, made, Url="https://example.com/b")

    assert (early.status_code, early.json()["code"]) == (409, 20009)
    assert (late.status_code, late.json()["code"]) == (400, 21220)
    assert emulator.request("DELETE", API + made["uri"]).status_code == 204
    assert emulator.request("GET", API + made["uri"]).status_code == 404


def test_a_call_needs_instructions_and_addresses(emulator: RunningEmulator) -> None:
    """What is missing or unknown is named."""
    nothing = send(emulator, "POST", "/Calls.json", data={"To": "+1", "From": "+2"})
    no_one = send(emulator, "POST", "/Calls.json", data={"From": "+2", "Twiml": "<Response/>"})
    unknown = send(emulator, "POST", "/Calls.json", data={"To": "+1", "From": "+2", "Colour": "x"})

    assert (nothing.status_code, nothing.json()["code"]) == (400, 21205)
    assert no_one.status_code == 400
    assert "To" in no_one.json()["message"]
    assert "Colour" in unknown.json()["message"]


def test_calls_are_filtered(emulator: RunningEmulator) -> None:
    """Addresses, status, parent and times narrow the list, the newest call is first."""
    emulator.reset()
    first = make(emulator, To="client:ada")
    emulator.advance(3600)
    second = make(emulator, To="client:bob")
    update(emulator, first, Status="completed")

    assert listed(emulator) == [second["sid"], first["sid"]]
    assert listed(emulator, To="client:ada") == [first["sid"]]
    assert listed(emulator, From="client:nobody") == []
    assert listed(emulator, Status="completed") == [first["sid"]]
    assert listed(emulator, ParentCallSid=first["sid"]) == []
    started = parsedate_to_datetime(fetch(emulator, second)["start_time"]).isoformat()
    assert listed(emulator, **{"StartTime>": started}) == [second["sid"]]
    assert listed(emulator, **{"EndTime>": "2000-01-01"}) == [first["sid"]]
    assert listed(emulator, **{"EndTime<": "2000-01-01"}) == []
    assert listed(emulator, StartTime="2000-01-01") == []


def test_a_bare_date_stands_for_the_whole_day(emulator: RunningEmulator) -> None:
    """StartTime without a sign keeps the calls that started on that day."""
    emulator.reset()
    made = fetch(emulator, make(emulator))
    day = parsedate_to_datetime(made["start_time"]).date().isoformat()

    assert listed(emulator, StartTime=day) == [made["sid"]]
    assert listed(emulator, StartTime="9999-12-31") == []
    assert listed(emulator, StartTime="0001-01-01T00:00:00+14:00") == []


def test_calls_are_paged(emulator: RunningEmulator) -> None:
    """Every call is on one page, and a call deleted in between shifts nothing."""
    emulator.reset()
    made = [make(emulator) for _ in range(5)]
    page = send(emulator, "GET", "/Calls.json", params={"PageSize": 2}).json()
    seen = [call["sid"] for call in page["calls"]]
    last = made[3]
    update(emulator, last, Status="completed")
    emulator.request("DELETE", API + last["uri"])
    while page["next_page_uri"]:
        page = emulator.request("GET", API + page["next_page_uri"]).json()
        seen += [call["sid"] for call in page["calls"]]

    assert seen == [call["sid"] for call in reversed(made)]


def test_calls_of_a_suspended_account_are_refused(emulator: RunningEmulator) -> None:
    """Its owner still lists its calls but makes none."""
    accounts = f"{API}/2010-04-01/Accounts"
    sid = emulator.request("POST", f"{accounts}.json").json()["sid"]
    emulator.request("POST", f"{accounts}/{sid}.json", data={"Status": "suspended"})
    data = {"To": "+1", "From": "+2", "Twiml": "<Response/>"}
    refused = emulator.request("POST", f"{accounts}/{sid}/Calls.json", data=data)

    assert (refused.status_code, refused.json()["code"]) == (400, 10001)
    assert emulator.request("GET", f"{accounts}/{sid}/Calls.json").json()["calls"] == []


def test_queues_are_made_changed_and_deleted(emulator: RunningEmulator) -> None:
    """A queue has a name of its own and a size within limits."""
    emulator.reset()
    made = send(emulator, "POST", "/Queues.json", data={"FriendlyName": "waiting"})
    queue = made.json()
    path = f"/Queues/{queue['sid']}.json"
    again = send(emulator, "POST", "/Queues.json", data={"FriendlyName": "waiting"})
    changed = send(emulator, "POST", path, data={"MaxSize": 5000, "FriendlyName": "waiting"})
    too_large = send(emulator, "POST", path, data={"MaxSize": 5001})

    assert made.status_code == 201
    assert (queue["max_size"], queue["current_size"], queue["average_wait_time"]) == (1000, 0, 0)
    assert (again.status_code, again.json()["code"]) == (400, 22003)
    assert queue["sid"] in again.json()["message"]
    assert changed.json()["max_size"] == 5000
    assert too_large.status_code == 400
    assert send(emulator, "GET", "/Queues.json").json()["queues"] == [changed.json()]
    assert send(emulator, "DELETE", path).status_code == 204
    assert send(emulator, "GET", path).status_code == 404


def test_planted_conferences_show_who_takes_part(emulator: RunningEmulator) -> None:
    """Participants are found by call and by label, and leave when their call ends."""
    emulator.reset()
    emulator.seed(
        {
            "conferences": [
                {"friendly_name": "room", "participants": [{"label": "agent"}, {"muted": True}]}
            ]
        }
    )
    (conference,) = send(emulator, "GET", "/Conferences.json").json()["conferences"]
    below = f"/Conferences/{conference['sid']}/Participants"
    muted, agent = send(emulator, "GET", f"{below}.json").json()["participants"]
    only_muted = send(emulator, "GET", f"{below}.json", params={"Muted": "true"}).json()

    assert (conference["friendly_name"], conference["status"]) == ("room", "in-progress")
    assert only_muted["participants"] == [muted]
    assert send(emulator, "GET", f"{below}/agent.json").json() == agent
    assert send(emulator, "GET", f"{below}/{muted['call_sid']}.json").json() == muted
    call = send(emulator, "GET", f"/Calls/{agent['call_sid']}.json").json()
    assert call["status"] == "in-progress"
    update(emulator, call, Status="completed")
    assert send(emulator, "GET", f"{below}.json").json()["participants"] == [muted]
    assert send(emulator, "GET", f"{below}/agent.json").status_code == 404


def test_planting_names_what_it_does_not_know() -> None:
    """Fields are those of the API's answers; a finished conference has no participants."""
    store = Emulator(Settings(workers=0)).store
    call = plant_call(
        store,
        ACCOUNT_SID,
        **{"from": "client:ada", "status": "busy", "start_time": "2026-01-05T09:00:00Z"},
    )
    conference = plant_conference(
        store, ACCOUNT_SID, status="completed", participants=[{"call_sid": call.sid}]
    )

    assert (call.from_, call.status, call.has_ended) == ("client:ada", "busy", True)
    assert conference.status == "completed"
    with pytest.raises(ValueError, match="a call has no colour"):
        plant_call(store, ACCOUNT_SID, colour="blue")
    with pytest.raises(ValueError, match="a call is never asleep"):
        plant_call(store, ACCOUNT_SID, status="asleep")
    with pytest.raises(ValueError, match=f"{call.sid} already"):
        plant_call(store, ACCOUNT_SID, sid=call.sid)
    with pytest.raises(ValueError, match="a participant has no colour"):
        plant_conference(store, ACCOUNT_SID, participants=[{"colour": "blue"}])


@pytest.mark.parametrize(
    ("address", "shown"),
    [("+13051416799", "(305) 141-6799"), ("+4930123456", "+4930123456"), ("client:a", "client:a")],
)
def test_only_north_american_numbers_are_formatted(address: str, shown: str) -> None:
    """Anything else is shown as it was given."""
    assert formatted(address) == shown
