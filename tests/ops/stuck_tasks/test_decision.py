"""What makes a task stuck: every condition alone, and all of them over anything Twilio may say."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.bench_stuck_tasks_floor import sid
from taskrouter_ops.stuck_tasks import Reason, Rules, rules_from
from taskrouter_ops.stuck_tasks.decision import Close, Skip, Suspect, inspect, judge
from taskrouter_ops.stuck_tasks.facts import Call, Task, call_from, task_from
from twilio_client import TwilioError

CALL, CONFERENCE = sid("CA", 1), sid("CF", 1)
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
RULES = rules_from(exclude=["kind == 'custom'"], exclude_attributes=["hold.open"])


def task(status: str = "pending", channel: str = "voice", age: timedelta | None = HOUR) -> Task:
    """Make a task as it was read."""
    read_at = NOW if age is not None else None
    return Task(sid("WT", 1), status, channel, age, read_at, None, None, None)


def call(status: str = "completed", ended_ago: timedelta | None = HOUR) -> Call:
    """Make a call."""
    return Call(CALL, status, NOW - ended_ago if ended_ago is not None else None)


@pytest.mark.parametrize(
    ("given_task", "attributes", "reason"),
    [
        (task(status="wrapping"), {"call_sid": CALL}, Reason.NOT_OPEN),
        (task(status="canceled"), {"call_sid": CALL}, Reason.NOT_OPEN),
        (task(channel="chat"), {"call_sid": CALL}, Reason.NOT_VOICE),
        (task(channel="Voice"), {"call_sid": CALL}, Reason.NOT_VOICE),
        (task(), "{", Reason.BROKEN_ATTRIBUTES),
        (task(), "[" * 4096, Reason.BROKEN_ATTRIBUTES),
        (task(), [CALL], Reason.BROKEN_ATTRIBUTES),
        (task(), None, Reason.BROKEN_ATTRIBUTES),
        (
            task(),
            f'{{"kind": "custom", "call_sid": "{CALL}", "kind": "plain"}}',
            Reason.BROKEN_ATTRIBUTES,
        ),
        (task(), {}, Reason.NO_CALL_SID),
        (task(), {"call_sid": None}, Reason.ODD_CALL_SID),
        (task(), {"call_sid": 5}, Reason.ODD_CALL_SID),
        (task(), {"call_sid": CALL + "0"}, Reason.ODD_CALL_SID),
        (task(), {"call_sid": f"{CALL}\n"}, Reason.ODD_CALL_SID),
        (task(), {"call_sid": f"../{CALL}"}, Reason.ODD_CALL_SID),
        (task(), {"call_sid": sid("CF", 1)}, Reason.ODD_CALL_SID),
        (task(), {"call_sid": CALL, "kind": "custom"}, Reason.EXCLUDED),
        (task(), {"call_sid": CALL, "kind": "Custom"}, Reason.UNDECIDED),
        (task(), {"call_sid": CALL, "hold": {"open": 0}}, Reason.EXCLUDED_ATTRIBUTE),
        (task(), {"call_sid": CALL, "hold.open": "yes"}, Reason.EXCLUDED_ATTRIBUTE),
        (task(age=None), {"call_sid": CALL}, Reason.NO_AGE),
        (task(age=timedelta(seconds=599)), {"call_sid": CALL}, Reason.TOO_YOUNG),
        (task(), {"call_sid": CALL, "conference": {"participants": {}}}, Reason.ODD_CONFERENCE),
        (task(), {"call_sid": CALL, "conference": {"sid": "CF1"}}, Reason.ODD_CONFERENCE),
        (task(), {"call_sid": CALL, "conference_sid": ["CF"]}, Reason.ODD_CONFERENCE),
    ],
)
def test_a_task_is_left_alone_for_one_reason(
    given_task: Task, attributes: Any, reason: Reason
) -> None:
    """Each condition of the recipe, and each beyond it, has its own reason."""
    text = attributes if attributes is None or isinstance(attributes, str) else None
    found = inspect(given_task, text or (attributes and json.dumps(attributes)) or "{}", RULES)

    if attributes is None:
        found = inspect(given_task, None, RULES)
    assert isinstance(found, Skip)
    assert found.reason is reason


@pytest.mark.parametrize(
    ("attributes", "conferences"),
    [
        ({}, ()),
        ({"conference": None, "conference_sid": ""}, ()),
        ({"hold": {"open": False}}, ()),
        ({"hold": {"open": None}}, ()),
        ({"hold": True}, ()),
        ({"conference": {"sid": CONFERENCE, "participants": {"worker": CALL}}}, (CONFERENCE,)),
        ({"conference": CONFERENCE}, (CONFERENCE,)),
        ({"conference": {"sid": CONFERENCE}, "conference_sid": CONFERENCE}, (CONFERENCE,)),
        (
            {"conference": {"sid": CONFERENCE}, "conference_sid": sid("CF", 2)},
            (CONFERENCE, sid("CF", 2)),
        ),
        ({"conferenceSid": CONFERENCE}, (CONFERENCE,)),
        ({"transfer": {"legs": [{"conference": {"sid": CONFERENCE}}]}}, (CONFERENCE,)),
        ({"events": f"https://example.com/Conferences/{CONFERENCE}.json"}, (CONFERENCE,)),
        ({"digest": f"a{CONFERENCE}", "longer": f"{CONFERENCE}0"}, ()),
    ],
)
def test_a_suspect_names_its_call_and_conferences(
    attributes: dict[str, Any], conferences: tuple[str, ...]
) -> None:
    """Flex writes `conference: {sid, participants}`, others any name of their own."""
    text = json.dumps({"call_sid": CALL, **attributes})

    assert inspect(task(), text, RULES) == Suspect(CALL, conferences)


@pytest.mark.parametrize(
    ("given_call", "live", "reason"),
    [
        (call("queued"), (), Reason.CALL_LIVE),
        (call("ringing"), (), Reason.CALL_LIVE),
        (call("in-progress"), (), Reason.CALL_LIVE),
        (call("something new"), (), Reason.CALL_LIVE),
        (call("canceled"), (), Reason.CALL_STATUS),
        (call(ended_ago=None), (), Reason.CALL_END_UNKNOWN),
        (call(ended_ago=timedelta(seconds=599)), (), Reason.CALL_JUST_ENDED),
        (call(ended_ago=timedelta(seconds=-5)), (), Reason.CALL_JUST_ENDED),
        (call(), (CONFERENCE,), Reason.CONFERENCE_LIVE),
    ],
)
def test_a_call_keeps_its_task_open(
    given_call: Call, live: tuple[str, ...], reason: Reason
) -> None:
    """Not ended, not asked for, ended just now, or its conference goes on."""
    found = judge(task(), Suspect(CALL, (CONFERENCE,)), given_call, live, RULES)

    assert isinstance(found, Skip)
    assert found.reason is reason


@pytest.mark.parametrize("status", ["completed", "failed", "busy", "no-answer"])
def test_what_was_assigned_is_completed_and_the_rest_canceled(status: str) -> None:
    """For every status a call of the recipe ends with, at the minimum age to the second."""
    edge = call(status, ended_ago=timedelta(minutes=10))
    closes = {
        state: judge(task(state), Suspect(CALL), edge, (), RULES)
        for state in ("pending", "reserved", "assigned")
    }

    assert closes == {
        "pending": Close("canceled"),
        "reserved": Close("canceled"),
        "assigned": Close("completed"),
    }


def test_a_canceled_call_counts_when_named() -> None:
    """It is a status a call ends with, but none of the recipe's."""
    rules = rules_from(call_statuses="canceled")

    assert judge(task(), Suspect(CALL), call("canceled"), (), rules) == Close("canceled")


def test_a_key_that_says_the_same_twice_is_clear() -> None:
    """Whichever of the two is read."""
    text = f'{{"call_sid": "{CALL}", "call_sid": "{CALL}"}}'

    assert inspect(task(), text, RULES) == Suspect(CALL)


def test_a_clear_exclusion_is_named_before_a_doubtful_one() -> None:
    """The reason that is shown is the one an operator can act upon."""
    rules = rules_from(exclude=["kind == 1", "kind == 'custom'"])
    text = json.dumps({"call_sid": CALL, "kind": "custom"})

    assert inspect(task(), text, rules) == Skip(Reason.EXCLUDED, "expression 2")


anything = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.text(max_size=5),
        st.sampled_from([CALL, 10**9, 10**300, -1, "9999-12-31T00:00:00Z", "2026-01-01T00:00:00"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)
conferences = st.one_of(
    anything, st.just({"sid": CONFERENCE}), st.builds(lambda sid: {"sid": sid}, anything)
)
maps = st.fixed_dictionaries(
    {},
    optional={
        "call_sid": st.one_of(st.just(CALL), anything),
        "kind": st.one_of(st.just("custom"), anything),
        "hold": st.one_of(st.builds(lambda v: {"open": v}, anything), anything),
        "conference": conferences,
        "conference_sid": st.one_of(st.just(CONFERENCE), anything),
    },
)
texts = st.one_of(maps.map(json.dumps), anything.map(json.dumps), st.text(max_size=8), st.none())
ages = st.one_of(st.none(), st.integers(0, 2000).map(lambda s: timedelta(seconds=s)))
tasks = st.builds(
    task,
    st.sampled_from(["pending", "reserved", "assigned", "wrapping", "completed", "canceled", "?"]),
    st.sampled_from(["voice", "voice", "chat", "None"]),
    ages,
)
calls = st.builds(
    call,
    st.sampled_from(["completed", "failed", "busy", "no-answer", "canceled", "in-progress", "?"]),
    ages,
)


@settings(max_examples=1500, deadline=None)
@given(tasks, texts, calls, st.booleans())
def test_nothing_is_closed_but_what_the_recipe_closes(
    given_task: Task, text: str | None, given_call: Call, is_live: bool
) -> None:
    """Whatever Twilio and the attributes say, a closed task meets every condition."""
    found: Any = inspect(given_task, text, RULES)
    if isinstance(found, Suspect):
        live = (CONFERENCE,) if is_live else ()
        found = judge(given_task, found, given_call, live, RULES)
    if isinstance(found, Skip):
        return

    assert text is not None
    attributes = json.loads(text)
    assert given_task.status in ("pending", "reserved", "assigned")
    assert given_task.channel == "voice"
    assert attributes["call_sid"] == CALL
    assert given_call.status in ("completed", "failed", "busy", "no-answer")
    assert given_call.ended is not None
    assert given_task.age is not None
    assert given_task.age >= RULES.min_age
    assert NOW - given_call.ended >= RULES.min_age
    assert attributes.get("kind") != "custom"
    assert not (is_live and CONFERENCE in json.dumps(attributes))
    assert found == Close("completed" if given_task.status == "assigned" else "canceled")


@settings(max_examples=500, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["sid", "assignment_status", "age", "date_created", "reason", "x"]),
        anything,
    ),
    st.dictionaries(st.sampled_from(["sid", "status", "end_time", "date_updated"]), anything),
)
def test_odd_answers_are_read_or_refused(task_body: dict[str, Any], call_body: Any) -> None:
    """An answer of any shape is a task or a TwilioError, never another failure."""
    for read, body, kind in ((task_from, task_body, Task), (call_from, call_body, Call)):
        try:
            found: object = read(body, "read it")
        except TwilioError as error:
            found = error
        assert isinstance(found, kind | TwilioError)


def test_ages_go_by_the_clock_of_the_answer() -> None:
    """Creation plus age is when Twilio answered, whatever this machine's clock says."""
    body = {
        "sid": sid("WT", 1),
        "assignment_status": "pending",
        "age": 3600,
        "date_created": "2026-01-01T11:00:00Z",
    }

    assert task_from(body, "").read_at == NOW


def test_a_call_that_never_connected_ended_when_it_last_changed() -> None:
    """Twilio leaves end_time empty where a call did not complete successfully."""
    moved = "Thu, 01 Jan 2026 10:00:00 +0000"
    body = {"sid": CALL, "status": "no-answer", "end_time": None, "date_updated": moved}

    assert call_from(body, "").ended == NOW - timedelta(hours=2)


def test_the_defaults_are_the_published_recipe() -> None:
    """Four statuses, one reason; ten minutes are ours."""
    assert Rules() == rules_from()
    assert rules_from().reason == "Orchestration issue: closed stuck voice Task."
