"""Attribute changes under races."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client.conftest import DROP, ScriptedServer, answer
from twilio_client import (
    AttributesInvalid,
    AttributesTooLong,
    AttributesUnreadable,
    PreconditionFailed,
    RateLimited,
    ServerFault,
    TwilioClient,
    TwilioError,
    UpdateUncertain,
    update_attributes,
    urls,
)
from twilio_client.attribute_json import attributes_text, parse_attributes, read_attributes, same
from twilio_client.attributes import AttributeCopy

WORKER = urls.taskrouter("Workspaces", "WS1", "Workers", "WK1")


def worker(version: int, **attributes: object) -> tuple[int, object, dict[str, str]]:
    """Script a worker at a version."""
    return answer(200, {"attributes": json.dumps(attributes)}, ETag=f'"{version}"')


def add_team(attributes: dict[str, Any]) -> dict[str, Any]:
    """Change one key."""
    return {**attributes, "team": "blue"}


def test_lost_race_is_run_again_on_the_fresh_copy(
    server: ScriptedServer, client: TwilioClient
) -> None:
    """After 412 the change is computed anew from what is there now, so nothing is lost."""
    server.answers = [worker(3, a=1), answer(412), worker(4, a=1, b=2), answer(200)]

    result = update_attributes(client, WORKER, add_team)

    assert result.outcome == "updated"
    assert json.loads(server.asked[-1].form["Attributes"][0]) == {"a": 1, "b": 2, "team": "blue"}
    assert server.asked[-1].headers["If-Match"] == "4"


def test_equal_attributes_are_not_written(server: ScriptedServer, client: TwilioClient) -> None:
    """A change that changes nothing costs one read and no write."""
    server.answers = [worker(3, team="blue")]

    assert update_attributes(client, WORKER, add_team).outcome == "unchanged"
    assert [asked.method for asked in server.asked] == ["GET"]


@pytest.mark.parametrize("script", [[answer(404)], [worker(1), answer(404)]], ids=["read", "write"])
def test_gone_is_a_value(
    server: ScriptedServer, client: TwilioClient, script: list[object]
) -> None:
    """A resource that disappears, before or during, is an outcome and no error."""
    server.answers = script

    assert update_attributes(client, WORKER, add_team).outcome == "gone"


def test_too_long_is_not_sent(server: ScriptedServer, client: TwilioClient) -> None:
    """Attributes over 4096 characters are refused before anything is written."""
    server.answers = [worker(1, note="x" * 4080)]

    with pytest.raises(AttributesTooLong, match="would be 4105 characters, Twilio's limit is 4096"):
        update_attributes(client, WORKER, add_team, what="update Worker WK1")

    assert [asked.method for asked in server.asked] == ["GET"]


def test_endless_races_end(
    server: ScriptedServer, client: TwilioClient, waits: list[float]
) -> None:
    """Races lost until the deadline end in an error that says a repeat is safe."""
    server.answers = [worker(1), answer(412)] * 3

    def slow(attributes: dict[str, Any]) -> dict[str, Any]:
        waits.append(20)
        return add_team(attributes)

    with pytest.raises(PreconditionFailed) as caught:
        update_attributes(client, WORKER, slow, deadline_seconds=30)

    assert caught.value.retry_safe
    assert [asked.method for asked in server.asked] == ["GET", "POST", "GET"]


def add_note(attributes: dict[str, Any]) -> dict[str, Any]:
    """Append: what must not happen twice."""
    return {**attributes, "notes": [*attributes.get("notes", []), "x"]}


def nobody_knows(_before: object, _now: object) -> None:
    """Tell nothing."""


LOST = pytest.mark.parametrize("lost", [answer(500), answer(503), DROP], ids=["500", "503", "drop"])


@LOST
def test_a_write_that_happened_is_recognised_by_what_is_there(
    server: ScriptedServer, client: TwilioClient, lost: Any
) -> None:
    """One version further, with the attributes written: it is not written again."""
    server.answers = [worker(1), lost, worker(2, notes=["x"])]

    done = update_attributes(client, WORKER, add_note, was_applied=nobody_knows)

    assert (done.outcome, done.attributes) == ("updated", {"notes": ["x"]})
    assert [asked.method for asked in server.asked] == ["GET", "POST", "GET"]


@LOST
def test_a_write_that_did_not_happen_is_repeated_as_it_was(
    server: ScriptedServer, client: TwilioClient, lost: Any, waits: list[float]
) -> None:
    """The version has not moved: the same text goes out under the same If-Match."""
    server.answers = [worker(1), lost, worker(1), answer(200)]

    done = update_attributes(client, WORKER, add_note, was_applied=nobody_knows)

    first, second = (asked for asked in server.asked if asked.method == "POST")
    assert (first.form, first.headers["If-Match"]) == (second.form, second.headers["If-Match"])
    assert done.outcome == "updated"
    assert waits == [0.2]


@LOST
def test_a_lost_race_behind_a_lost_answer_is_seen(
    server: ScriptedServer, client: TwilioClient, lost: Any
) -> None:
    """One version further with somebody else's attributes: ours was refused, and goes again."""
    server.answers = [worker(1), lost, worker(2, b=1), answer(200)]

    update_attributes(client, WORKER, add_note, was_applied=nobody_knows)

    assert json.loads(server.asked[-1].form["Attributes"][0]) == {"b": 1, "notes": ["x"]}
    assert server.asked[-1].headers["If-Match"] == "2"


@pytest.mark.parametrize(("known", "posts"), [(True, 1), (False, 2)])
def test_further_on_the_caller_is_asked(
    server: ScriptedServer, client: TwilioClient, known: bool, posts: int
) -> None:
    """Two versions further others wrote too: only the caller's mark can tell."""
    server.answers = [worker(1), DROP, worker(3, b=1), answer(200)]
    asked: list[tuple[object, object]] = []

    def tell(before: object, now: object) -> bool:
        asked.append((before, now))
        return known

    update_attributes(client, WORKER, add_note, was_applied=tell)

    assert asked == [({}, {"b": 1})]
    assert sum(one.method == "POST" for one in server.asked) == posts


def test_further_on_with_nobody_to_ask_a_merge_goes_again(
    server: ScriptedServer, client: TwilioClient
) -> None:
    """A change that may be applied twice ends in the same attributes."""
    server.answers = [worker(1), answer(500), worker(3, b=1), answer(200)]

    update_attributes(client, WORKER, add_team)

    assert json.loads(server.asked[-1].form["Attributes"][0]) == {"b": 1, "team": "blue"}


def test_what_nobody_can_tell_is_an_error_that_is_not_to_be_repeated(
    server: ScriptedServer, client: TwilioClient
) -> None:
    """The text names what was attempted and what to do."""
    server.answers = [worker(1), answer(502), worker(9, b=1)]

    with pytest.raises(UpdateUncertain, match="update Task WT1: Twilio answered 502") as caught:
        update_attributes(
            client, WORKER, add_note, was_applied=nobody_knows, what="update Task WT1"
        )

    assert not caught.value.retry_safe
    assert "look at the attributes" in str(caught.value)


def test_412_behind_a_lost_answer_may_be_ones_own_late_write(
    server: ScriptedServer, client: TwilioClient
) -> None:
    """A write that seemed not to happen lands after all: its repeat's 412 is understood."""
    server.answers = [worker(1), DROP, worker(1), answer(412), worker(2, notes=["x"])]

    done = update_attributes(client, WORKER, add_note, was_applied=nobody_knows)

    assert done.outcome == "updated"
    assert [asked.method for asked in server.asked] == ["GET", "POST", "GET", "POST", "GET"]


@pytest.mark.parametrize(
    ("lost", "error", "safe"),
    [(answer(503), ServerFault, True), (DROP, UpdateUncertain, False)],
    ids=["answered", "unanswered"],
)
def test_failures_until_the_deadline_end(
    server: ScriptedServer, client: TwilioClient, lost: Any, error: type[TwilioError], safe: bool
) -> None:
    """A fault that was answered does nothing later; a request nobody answered still may."""
    server.answers = [worker(1), *([lost, worker(1)] * 40)]

    with pytest.raises(error) as caught:
        update_attributes(client, WORKER, add_note, was_applied=nobody_knows, deadline_seconds=20)

    assert caught.value.retry_safe is safe


def test_a_reading_that_fails_after_a_lost_answer_leaves_it_uncertain(
    server: ScriptedServer, client: TwilioClient
) -> None:
    """Nothing was seen of the task since."""
    server.answers = [worker(1), DROP, answer(500)]

    with pytest.raises(UpdateUncertain, match="could not be read again"):
        update_attributes(client, WORKER, add_note, was_applied=nobody_knows, deadline_seconds=3)


def test_gone_after_a_lost_answer_is_gone(server: ScriptedServer, client: TwilioClient) -> None:
    """Whatever became of the write, its resource is not there any more."""
    server.answers = [worker(1), DROP, answer(404)]

    assert update_attributes(client, WORKER, add_note, was_applied=nobody_knows).outcome == "gone"


def test_throttling_is_waited_for_until_the_deadline(
    server: ScriptedServer, client: TwilioClient, waits: list[float]
) -> None:
    """More 429 than the policy has attempts are waited out; in the end there is an error."""
    server.answers = [worker(1), *([answer(429)] * 6), answer(200), answer(429)]

    assert update_attributes(client, WORKER, add_team).outcome == "updated"
    with pytest.raises(RateLimited) as caught:
        update_attributes(client, WORKER, add_team, deadline_seconds=10)

    assert caught.value.retry_safe
    assert 5 < sum(waits[6:]) < 10


def test_a_copy_saves_the_read_and_is_not_trusted_to_be_new(
    server: ScriptedServer, client: TwilioClient
) -> None:
    """A write begins with it; that nothing is to be done is looked up first."""
    team = AttributeCopy('{"team":"blue"}', "1")
    server.answers = [answer(200), worker(5, team="red"), answer(200)]

    update_attributes(client, WORKER, add_team, copy=AttributeCopy("{}", "1"))
    done = update_attributes(client, WORKER, add_team, copy=team)

    assert done.outcome == "updated"
    assert [asked.method for asked in server.asked] == ["POST", "GET", "POST"]
    assert server.asked[-1].headers["If-Match"] == "5"


def test_what_an_answer_shows_is_the_next_copy(
    server: ScriptedServer, client: TwilioClient
) -> None:
    """Twilio answers a write with the attributes and their version."""
    server.answers = [worker(1), worker(2, team="blue", more=1)]

    done = update_attributes(client, WORKER, add_team)

    assert done.attributes == {"team": "blue", "more": 1}
    assert done.copy is not None
    assert done.copy.version == "2"


UNTOUCHED = '"n":12345678901234567890,"f":0.12345678901234567891,"e":1e400,"z":"ü\U0001f600"'


def test_what_a_change_does_not_touch_keeps_its_value(
    server: ScriptedServer, client: TwilioClient
) -> None:
    """Integers of any size, numbers beyond a float, and text in any script."""
    server.answers = [answer(200, {"attributes": "{" + UNTOUCHED + "}"}, ETag="1"), answer(200)]

    update_attributes(client, WORKER, add_team)

    assert server.asked[-1].form["Attributes"] == ["{" + UNTOUCHED + ',"team":"blue"}']


@pytest.mark.parametrize("text", ["[1]", '"text"', "null", "{", "not JSON", "NaN", "[" * 4000])
def test_attributes_that_are_no_object_are_never_overwritten(
    server: ScriptedServer, client: TwilioClient, text: str
) -> None:
    """Merging into them would destroy them; the error does not quote them."""
    server.answers = [answer(200, {"attributes": text}, ETag="1")]

    with pytest.raises(AttributesUnreadable, match="nothing was written") as caught:
        update_attributes(client, WORKER, add_team, what="update Worker WK1")

    assert "not JSON" not in str(caught.value)
    assert [asked.method for asked in server.asked] == ["GET"]
    assert parse_attributes(text) == {}


@pytest.mark.parametrize(
    "after", [{"a": float("nan")}, {"a": {1, 2}}, {1: 2}, ["list"]], ids=["nan", "set", "key", "[]"]
)
def test_what_json_has_no_value_for_is_not_sent(
    server: ScriptedServer, client: TwilioClient, after: Any
) -> None:
    """A function's mistake is an error by name."""
    server.answers = [worker(1)]

    with pytest.raises(AttributesInvalid):
        update_attributes(client, WORKER, lambda _: after)

    assert [asked.method for asked in server.asked] == ["GET"]


def test_true_is_not_1(server: ScriptedServer, client: TwilioClient) -> None:
    """Python finds them equal, JSON does not: the change is written."""
    server.answers = [worker(1, a=1), answer(200), worker(1, a=1)]

    assert update_attributes(client, WORKER, lambda _: {"a": True}).outcome == "updated"
    assert update_attributes(client, WORKER, lambda _: {"a": 1.0}).outcome == "unchanged"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec=None), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)  # fmt: skip


@given(attributes=st.dictionaries(st.text(max_size=3), JSON, max_size=3))
def test_text_and_attributes_are_each_others_inverse(attributes: dict[str, Any]) -> None:
    """What is written reads as what it was, halves of surrogate pairs included, and can be sent."""
    text = attributes_text(attributes)

    text.encode()
    assert same(read_attributes(text), attributes)


@given(number=st.decimals(allow_nan=False, allow_infinity=False))
def test_no_number_changes_by_being_read_and_written(number: Decimal) -> None:
    """However many digits it has."""
    text = attributes_text(read_attributes(f'{{"n":{number}}}'))

    assert json.loads(text, parse_float=Decimal, parse_int=Decimal) == {"n": number}
