"""`taskrouter doctor` and the examination behind it: what runs, what is skipped, how it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskrouter_ops import queue_sync
from taskrouter_ops.doctor import Deployment, Finding, examine, worst
from tests.ops.conftest import ROOT, Centre, parsed
from tests.ops.terminal import on_terminal
from twilio_client import Credentials, RetryPolicy, TwilioClient, urls

ALL = [
    "credentials",
    "clock",
    "workspace",
    "activities",
    "callback-settings",
    "queue-drift",
    "queues",
    "workflows",
    "functions-environment",
    "event-handler",
    "batch-endpoint",
    "front-end-endpoints",
    "sync-service",
    "newest-batch",
    "release",
]
AT_TWILIO = [name for name in ALL if not name.endswith(("endpoint", "endpoints", "handler"))]


def deployment(centre: Centre) -> Deployment:
    """Return all that is known of the centre."""
    target = centre.target
    return Deployment(
        target.workspace_sid, target.sync_service_sid, target.functions_url, centre.settings
    )


def found(centre: Centre, known: Deployment | None = None, **options: Any) -> dict[str, Finding]:
    """Examine the centre; return the findings by name."""
    findings = examine(centre.client, known or deployment(centre), **options)
    assert [finding.name for finding in findings] == ALL
    return {finding.name: finding for finding in findings}


@contextmanager
def client_of(centre: Centre, credentials: Credentials) -> Iterator[TwilioClient]:
    """Lend a client with other credentials."""
    client = TwilioClient(
        credentials, centre.emulator.base_url, retry=RetryPolicy(attempts=2, first_seconds=0.01)
    )
    yield client
    client.transport.session.close()


def test_a_deployed_centre_is_well_and_left_as_it_was(centre: Centre) -> None:
    """Every check runs, none fails, and nothing but the functions is written to."""
    queue_sync.run(centre.client, centre.target)
    centre.callbacks_settled()
    centre.emulator.clear_journal()

    findings = found(centre)

    assert {f.outcome for f in findings.values()} <= {"ok", "warning"}
    for name in ("credentials", "workspace", "callback-settings", "queue-drift", "event-handler"):
        assert findings[name].outcome == "ok", findings[name]
    written = [r for r in centre.emulator.journal(kind="api") if r["method"] != "GET"]
    assert written == []


def test_few_requests_are_made(centre: Centre) -> None:
    """One for each queue and each page, a few more for the rest; the command says how many."""
    queue_sync.run(centre.client, centre.target)
    centre.callbacks_settled()
    centre.emulator.clear_journal()

    told = parsed(centre.command("doctor", "--json"))["requests"]

    made = [r for r in centre.emulator.journal() if r["kind"] in ("api", "function")]
    assert told == len(made)
    assert told <= 20 + len(centre.queue_names())


def test_what_is_not_given_is_skipped_with_how_to_give_it(centre: Centre) -> None:
    """A workspace alone is examined as far as it goes; nothing at all shows the account."""
    partly = found(centre, Deployment(centre.target.workspace_sid))
    nothing = found(centre, Deployment())

    skipped = {name for name, finding in partly.items() if finding.outcome == "skipped"}
    assert skipped == {"callback-settings", *ALL[8:]}
    assert "--functions-url" in partly["event-handler"].found
    assert "--sync-service-sid" in partly["release"].found
    assert {n for n, f in nothing.items() if f.outcome != "skipped"} == {"credentials", "clock"}
    assert "--workspace-sid" in nothing["workflows"].found


def test_refused_credentials_stop_only_what_needs_them(centre: Centre) -> None:
    """What Twilio's APIs would have to answer is skipped; the functions are called all the same."""
    wrong = Credentials(centre.emulator.account_sid, auth_token="f" * 32)
    with client_of(centre, wrong) as client:
        findings = {f.name: f for f in examine(client, deployment(centre))}

    assert findings["credentials"].outcome == "failed"
    assert "auth token" in findings["credentials"].advice
    assert {findings[name].outcome for name in AT_TWILIO[1:]} == {"skipped"}
    assert "another auth token" in findings["event-handler"].advice
    assert findings["batch-endpoint"].outcome == "ok"


def test_a_twilio_that_does_not_answer_is_a_finding(centre: Centre) -> None:
    """No exception, whichever request it is that fails."""
    with centre.emulator.fault(kind="api", status=500):
        findings = found(centre)

    assert findings["credentials"].outcome == "failed"
    assert "500" in findings["credentials"].found


@pytest.mark.parametrize(
    ("path", "failing", "skipped"),
    [
        ("/Activities", {"activities"}, set()),
        ("/TaskQueues", {"queue-drift"}, {"queues", "workflows"}),
        ("/Workflows", {"workflows"}, set()),
        ("/Variables", {"functions-environment"}, set()),
        ("/Documents/", {"newest-batch", "release"}, set()),
    ],
)
def test_one_check_that_fails_leaves_the_others(
    centre: Centre, path: str, failing: set[str], skipped: set[str]
) -> None:
    """Only what needs its answer is skipped."""
    with centre.emulator.fault(kind="api", path=path, status=500):
        findings = found(centre)

    assert {n for n, f in findings.items() if f.outcome == "failed"} == failing
    assert {n for n, f in findings.items() if f.outcome == "skipped"} == skipped


def test_a_standard_key_may_not_read_the_account(centre: Centre) -> None:
    """Its refusal there does not mean that it is wrong."""
    keys = urls.api("Accounts", centre.emulator.account_sid, "Keys.json")
    key = centre.client.post(keys, {"FriendlyName": "doctor"}).body
    credentials = Credentials(
        centre.emulator.account_sid, api_key_sid=key["sid"], api_key_secret=key["secret"]
    )
    with (
        client_of(centre, credentials) as client,
        centre.emulator.fault(kind="api", host="api.twilio.com", status=401),
    ):
        findings = {f.name: f for f in examine(client, deployment(centre))}

    assert findings["credentials"].outcome == "ok"
    assert "standard key" in findings["credentials"].found
    assert findings["workspace"].outcome == "ok"


def test_exit_codes_follow_the_worst_finding(centre: Centre) -> None:
    """A warning is 0, or 1 with --strict; a failure is 1; missing credentials are 2."""
    queue_sync.run(centre.client, centre.target)
    wrong = {"TWILIO_FLEX_WORKSPACE_SID": "WS" + "0" * 32}

    assert centre.command("doctor").returncode == 0
    assert centre.command("doctor", "--strict").returncode == 1
    assert centre.command("doctor", **wrong).returncode == 1
    assert centre.command("doctor", TWILIO_AUTH_TOKEN="", TWILIO_ACCOUNT_SID="").returncode == 2


@pytest.mark.parametrize("columns", [80, 120])
def test_the_table_reads_without_colour(centre: Centre, columns: int) -> None:
    """Marks come with words, nothing is wider than the terminal, the last line counts."""
    command = [sys.executable, "-m", "taskrouter_ops", "doctor"]
    plain = {"PATH": os.environ["PATH"], "TERM": "xterm", "PYTHONPATH": str(ROOT)}
    environ = {**plain, **centre.variables(), "NO_COLOR": "1"}

    shown = on_terminal(command, environ, columns=columns)
    lines = [line for line in shown.screen if line]

    assert max(map(len, lines)) <= columns
    assert any(line.startswith("✔ ok") for line in lines)
    assert any(line.startswith("! warning  queues") for line in lines)
    assert "requests" in lines[-1]
    assert not shown.is_coloured


def test_lines_that_somebody_searches_stay_whole(centre: Centre) -> None:
    """Where there is no terminal a check is one line, however long."""
    lines = centre.command("doctor", COLUMNS="40").stdout.splitlines()

    assert any(centre.settings.url in line for line in lines)
    assert sum(line.startswith(("ok ", "warning ")) for line in lines) == 15


def test_what_could_not_be_checked_is_no_good_news_for_a_job(centre: Centre) -> None:
    """A scheduled job that lost its settings must not stay green."""
    lost = {"TWILIO_FLEX_WORKSPACE_SID": "", "TWILIO_FLEX_SYNC_SID": ""}
    unknown = {**lost, "TASKROUTER_FUNCTIONS_URL": ""}

    assert centre.command("doctor", **unknown).returncode == 0
    assert centre.command("doctor", "--strict", **unknown).returncode == 1


OUTCOMES = st.sampled_from(["ok", "warning", "failed", "skipped"])


@given(st.lists(OUTCOMES), st.lists(OUTCOMES))
def test_the_worst_of_all_is_the_worst_of_the_parts(first: list[Any], second: list[Any]) -> None:
    """Neither order nor what was skipped makes a difference."""
    findings = [Finding("x", outcome, "") for outcome in first]
    others = [Finding("x", outcome, "") for outcome in second]
    together = worst([*findings, *others])

    assert together == worst([*others, *findings])
    assert together in (worst(findings), worst(others))
    assert together == worst([f for f in (*findings, *others) if f.outcome != "skipped"])


@pytest.mark.parametrize(("status", "outcome"), [(404, "warning"), (500, "failed")])
def test_endpoints_that_fail_are_not_taken_for_missing(
    centre: Centre, status: int, outcome: str
) -> None:
    """A build may lack them; one that has them and fails is no choice of anybody's."""
    rule = {"kind": "function", "function": "/complete-task", "status": status, "body": "{}"}
    with centre.emulator.fault(**rule):
        finding = found(centre)["front-end-endpoints"]

    assert finding.outcome == outcome
    assert ("not there" in finding.found) == (status == 404)
