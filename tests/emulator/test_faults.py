"""Failures on demand: which rules there can be, which requests they meet, what happens then."""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twilio_emulator.admin.faults import RULE_SCHEMA, Faults, WrongFault
from twilio_emulator.admin.latency import LONGEST_MS, draw
from twilio_emulator.admin.presets import PRESETS
from twilio_emulator.control import ControlError
from twilio_emulator.testing import RunningEmulator, wait_for

from .conftest import WorkspaceClient
from .running import Deployed, Running, running


@pytest.fixture(scope="module")
def functions() -> Iterator[Running]:
    """Run an emulator whose functions have two seconds."""
    with running(environ={"TWILIO_EMULATOR_FUNCTIONS_EXECUTION_LIMIT": "2"}) as started:
        yield started


@pytest.fixture(scope="module")
def deployed(functions: Running) -> Deployed:
    """Deploy a function that answers after half a second, and one that answers at once."""
    return functions.deploy(
        "faults",
        {
            "/slow": "exports.handler = (c, e, done) => {"
            " console.log('begun'); setTimeout(() => done(null, 'done'), 500); };",
            "/quick": "exports.handler = (c, e, done) => done(null, 'done');",
        },
    )


def test_everything_wrong_with_a_rule_is_said_at_once(emulator: RunningEmulator) -> None:
    """Wrong kinds of values, unknown words and bad patterns are one refusal naming each."""
    with pytest.raises(ControlError) as refused:
        emulator.add_fault(
            count="x", status=700, path="(", colour=1, latency_ms={"distribution": "normal"}
        )

    text = str(refused.value)
    assert "count: 'x' is not of type 'integer'" in text
    assert "status: 700 is greater than the maximum of 599" in text
    assert "path: '(' is not a regular expression" in text
    assert "rule: unknown colour (known: after, body, count" in text
    assert "latency_ms: 'mean' is missing" in text
    assert "latency_ms: 'deviation' is missing" in text
    assert emulator.faults() == []


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"status": 503, "drop": True}, "one of status, drop and process"),
        ({"latency_ms": 5, "after": True}, "after needs status or drop"),
        ({"latency_ms": 5, "retry_after": 1}, "retry_after and body need status"),
        ({"process": "kill", "kind": "api"}, "process is about functions"),
        ({"latency_ms": 5, "process_after_ms": 5}, "process_after_ms needs process"),
        ({"latency_ms": True}, "latency_ms: True is not of type"),
        ({"latency_ms": {"distribution": "pareto"}}, "latency_ms.distribution: 'pareto' is not"),
        ({"preset": "meteorite"}, "preset: 'meteorite' is not one of"),
        ({"probability": 2, "drop": True}, "probability: 2 is greater than the maximum of 1"),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(rule: dict[str, Any], reason: str) -> None:
    """What no request could follow is refused with the reason."""
    with pytest.raises(WrongFault, match=reason):
        Faults().add(rule)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 1000),
    st.floats(allow_nan=False),
    st.text(max_size=3),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["distribution", "low", "mean"]), st.text(max_size=3)),
    st.sampled_from(["api", "kill", "lognormal", "^/v1"]),
)
NAMES = st.sampled_from([*RULE_SCHEMA["properties"], "other"])


@settings(max_examples=300, deadline=None)
@given(rule=st.dictionaries(NAMES, VALUES, max_size=5))
def test_any_rule_is_followed_or_refused(rule: dict[str, Any]) -> None:
    """Whatever is sent as a rule is refused by name, or meets requests without an error."""
    faults = Faults()
    try:
        fault = faults.add(rule)
    except WrongFault:
        return
    met = faults.meet("function", "GET", "a.twil.io", "/v1/x")
    assert met is None or (met.rules == (fault,) and met.latency_ms >= 0)


@settings(max_examples=100, deadline=None)
@given(
    rules=st.lists(
        st.tuples(st.booleans(), st.integers(0, 3), st.one_of(st.none(), st.integers(0, 3))),
        max_size=4,
    ),
    requests=st.integers(0, 12),
)
def test_rules_combine_by_their_order(
    rules: list[tuple[bool, int, int | None]], requests: int
) -> None:
    """Delays add up to the first rule that fails; each rule skips and counts for itself."""
    faults = Faults()
    for fails, skip, count in rules:
        faults.add(
            {"status": 500, "skip": skip, "count": count, "latency_ms": 1}
            if fails
            else {"latency_ms": 1, "skip": skip, "count": count}
        )
    left = [[skip, count] for _, skip, count in rules]
    for _ in range(requests):
        expected = []
        for number, (fails, _, _) in enumerate(rules):
            skip, count = left[number]
            if skip:
                left[number][0] = skip - 1
            elif count != 0:
                left[number][1] = None if count is None else count - 1
                expected.append(f"fault-{number + 1}")
                if fails:
                    break
        met = faults.meet("api", "GET", "h", "/")
        assert ([] if met is None else met.ids.split(",")) == expected
        assert (0 if met is None else met.latency_ms) == len(expected)


def test_chances_come_from_the_seed() -> None:
    """The same seed meets the same requests, about as many as the rule says."""

    def hits(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.add({"status": 500, "probability": 0.3})
        return [faults.meet("api", "GET", "h", "/") is not None for _ in range(2000)]

    assert hits(4) == hits(4)
    assert hits(4) != hits(5)
    assert 500 < sum(hits(4)) < 700


@pytest.mark.parametrize(
    ("latency", "median"),
    [
        ({"distribution": "normal", "mean": 200, "deviation": 20}, 200),
        ({"distribution": "lognormal", "median": 300, "sigma": 0.8}, 300),
        ({"distribution": "uniform", "low": 100, "high": 200}, 150),
        (70, 70),
    ],
)
def test_latency_follows_its_distribution(latency: Any, median: float) -> None:
    """Drawn times lie around the median of their distribution."""
    chance = random.Random(1)  # noqa: S311 - a test's chances
    drawn = [draw(latency, chance) for _ in range(4000)]

    assert statistics.median(drawn) == pytest.approx(median, rel=0.1)
    assert len(set(drawn)) == 1 if latency == 70 else len(set(drawn)) > 3000


@given(deviation=st.floats(0, LONGEST_MS), seed=st.integers())
def test_latency_stays_in_its_bounds(deviation: float, seed: int) -> None:
    """No draw is below nothing or above ten minutes."""
    latency = {"distribution": "normal", "mean": 1, "deviation": deviation}

    assert 0 <= draw(latency, random.Random(seed)) <= LONGEST_MS  # noqa: S311


def test_a_delay_and_a_failure_meet_the_same_request(workspace: WorkspaceClient) -> None:
    """One request falls under both rules, and the journal names both."""
    emulator = workspace.emulator
    with (
        emulator.fault(latency_ms=1, path="Activities$") as slow,
        emulator.fault(status=500, path="Activities$", after=True, body={"code": 1}) as failing,
    ):
        answer = workspace.send("POST", "/Activities", data={"FriendlyName": "written"})
        used = {fault["id"]: fault["hits"] for fault in emulator.faults()}

    assert (answer.status_code, answer.json()) == (500, {"code": 1})
    assert emulator.journal(path="Activities$", status="5xx")[-1]["fault"] == f"{slow},{failing}"
    assert used == {slow: 1, failing: 1}
    assert "written" in [a["friendly_name"] for a in workspace.get("/Activities")["activities"]]


def test_a_throttle_may_come_without_retry_after(workspace: WorkspaceClient) -> None:
    """429 carries no Retry-After unless the rule names one."""
    with workspace.emulator.fault(status=429, count=1):
        answer = workspace.send("GET")

    assert answer.status_code == 429
    assert "Retry-After" not in answer.headers


@pytest.mark.parametrize("status", [204, 205, 304])
def test_a_status_without_a_body_leaves_the_connection_usable(
    workspace: WorkspaceClient, status: int
) -> None:
    """The request after such an answer, on the same connection, gets an answer of its own."""
    with workspace.emulator.fault(status=status, path="/Activities"):
        assert workspace.send("GET", "/Activities").status_code == status
        assert workspace.send("GET", "/Workers").status_code == 200


@pytest.mark.parametrize("status", [100, 101, 199])
def test_a_status_that_ends_no_request_is_refused(emulator: RunningEmulator, status: int) -> None:
    """A client would wait for ever for what follows an interim answer."""
    with pytest.raises(ControlError, match="status"):
        emulator.add_fault(status=status)


def test_every_preset_can_be_put_in_force(emulator: RunningEmulator) -> None:
    """Presets are listed with a summary, and each works, also with a field of one's own."""
    assert set(emulator.fault_presets()) == set(PRESETS)
    for name in PRESETS:
        with emulator.fault(preset=name, path="/nowhere$") as fault_id:
            rule = emulator.faults()[0]
            assert (rule["id"], rule["path"]) == (fault_id, "/nowhere$")
    assert emulator.faults() == []


def test_a_killed_function_is_an_error_and_the_next_call_works(deployed: Deployed) -> None:
    """A process killed mid-way answers 500 with what it had logged; another one takes over."""
    with deployed.running.emulator.fault(process="kill", process_after_ms=150, count=1):
        killed = deployed.call("/slow")
    after = deployed.call("/slow")

    assert (killed.status_code, killed.json()["code"]) == (500, 20500)
    assert (after.status_code, after.text) == (200, "done")


def test_a_frozen_function_runs_into_the_time_limit(deployed: Deployed) -> None:
    """A process that stands still is ended at the limit with Twilio's answer for that."""
    with deployed.running.emulator.fault(process="freeze", function="/quick"):
        frozen = deployed.call("/quick")
    after = deployed.call("/quick")

    assert (frozen.status_code, frozen.json()["code"]) == (504, 82002)
    assert after.status_code == 200


def test_a_kill_that_comes_too_late_meets_nobody(deployed: Deployed) -> None:
    """A function that has answered by then is not disturbed, nor is its next call."""
    with deployed.running.emulator.fault(process="kill", process_after_ms=60_000, count=1):
        assert deployed.call("/quick").status_code == 200
    assert deployed.call("/quick").status_code == 200


def test_without_the_time_limit_functions_may_take_longer(functions: Running) -> None:
    """With the switch off a function runs past the limit, and with it on again it does not."""
    code = "exports.handler = (c, e, done) => setTimeout(() => done(null, 'late'), 2600);"
    late = functions.deploy("late", {"/late": code})
    functions.emulator.switch_limits(functions_time=False)
    try:
        assert late.call("/late").text == "late"
    finally:
        functions.emulator.switch_limits(functions_time=True)
    assert late.call("/late").status_code == 504


def test_a_fault_on_a_function_drops_its_connection(deployed: Deployed) -> None:
    """A dropped call of a function is an error for its caller, like any other."""
    with (
        deployed.running.emulator.fault(kind="function", drop=True, count=1),
        pytest.raises(httpx.RemoteProtocolError),
    ):
        deployed.call("/quick")


def test_a_slow_callback_target_runs_into_the_time_limit(workspace: WorkspaceClient) -> None:
    """A target slower than Twilio waits brings no answer, however long the rule says."""
    emulator = workspace.emulator
    workspace.change("", EventCallbackUrl="http://127.0.0.1:9/events#rt=200&rc=0")
    with emulator.fault(kind="callback", event_type="activity.created", latency_ms=60_000) as slow:
        workspace.make("Activities", FriendlyName="slow")
        (entry,) = wait_for(
            lambda: [e for e in emulator.journal(kind="callback") if e["fault"] == slow]
        )

    assert entry["status"] is None
    assert entry["account"] == emulator.account_sid
    assert 150 < entry["duration_ms"] < 60_000


def test_the_journal_knows_whose_requests_they_were(deployed: Deployed) -> None:
    """Requests to the API and to functions carry their account, and are found by it."""
    emulator = deployed.running.emulator
    deployed.call("/quick")
    found = emulator.journal(account=emulator.account_sid)

    assert {entry["kind"] for entry in found} == {"api", "function"}
    assert emulator.journal(account="AC0") == []
