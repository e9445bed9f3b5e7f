"""Each check of `taskrouter doctor`, where something is not as it should be."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskrouter_ops import CallbackSettings, queue_sync
from taskrouter_ops.batches.progress import WORKER_QUEUE_SYNC, latest_name, progress_name
from taskrouter_ops.doctor.routing import named_queues
from taskrouter_ops.sync_documents import SyncDocuments
from taskrouter_ops.waiting import Waiting
from tests.ops.conftest import Centre, set_callback
from tests.ops.test_doctor import deployment, found
from twilio_client import urls


@pytest.mark.parametrize(
    ("status", "kind", "outcome"),
    [("suspended", "Full", "failed"), ("active", "Trial", "warning")],
)
def test_an_account_that_is_not_at_work_is_told(
    centre: Centre, status: str, kind: str, outcome: str
) -> None:
    """A suspended account fails and ends it there; a trial account is a warning."""
    account = {"sid": centre.emulator.account_sid, "friendly_name": "Ops", "status": status}
    body = json.dumps({**account, "type": kind})
    with centre.emulator.fault(kind="api", host="api.twilio.com", status=200, body=body):
        findings = found(centre)

    assert findings["credentials"].outcome == outcome
    assert findings["credentials"].advice
    assert (findings["workspace"].outcome == "skipped") == (outcome == "failed")


@pytest.mark.parametrize(
    ("off", "outcome"), [(0, "ok"), (60, "warning"), (-60, "warning"), (400, "failed")]
)
def test_a_clock_that_is_off_is_measured(centre: Centre, off: float, outcome: str) -> None:
    """Batch messages signed with a clock over 5 minutes off are refused."""
    finding = found(centre, waiting=Waiting(now=lambda: time.time() + off))["clock"]

    assert finding.outcome == outcome
    assert outcome == "ok" or ("ahead" if off > 0 else "behind") in finding.found


def test_an_unknown_workspace_skips_what_is_in_it(centre: Centre) -> None:
    """The SID is named; Sync and the functions are examined all the same."""
    findings = found(centre, replace(deployment(centre), workspace_sid="WS" + "0" * 32))

    assert findings["workspace"].outcome == "failed"
    assert "WS" + "0" * 32 in findings["workspace"].found
    assert findings["queues"].outcome == "skipped"
    assert findings["sync-service"].outcome == "ok"


def test_an_available_timeout_activity_is_a_warning(centre: Centre) -> None:
    """Whoever misses an offer would be offered the next one at once."""
    url = urls.taskrouter("Workspaces", centre.target.workspace_sid)
    before = centre.client.get(url).body["timeout_activity_sid"]
    available = next(a for a in centre.client.list(centre.url("Activities")) if a["available"])
    centre.client.post(url, {"TimeoutActivitySid": available["sid"]})
    try:
        finding = found(centre)["activities"]
    finally:
        centre.client.post(url, {"TimeoutActivitySid": before})

    assert finding.outcome == "warning"
    assert available["friendly_name"] in finding.found


@pytest.mark.parametrize(
    ("settings", "outcome", "told"),
    [
        (lambda s: CallbackSettings(s.url, s.events[1:]), "failed", "does not send"),
        (lambda s: CallbackSettings(s.url, (*s.events, "task.created")), "warning", "task.created"),
        (lambda s: CallbackSettings("https://example.com/x", s.events), "failed", "example.com"),
        (lambda s: CallbackSettings(s.url, ()), "warning", "every event"),
    ],
    ids=["an event is missing", "one too many", "another address", "no filter"],
)
def test_a_changed_callback_is_told(centre: Centre, settings: Any, outcome: str, told: str) -> None:
    """By name, with what to run next."""
    set_callback(centre.client, centre.target, settings(centre.settings))
    try:
        finding = found(centre)["callback-settings"]
    finally:
        set_callback(centre.client, centre.target, centre.settings)

    assert finding.outcome == outcome
    assert told in finding.found
    assert "pulumi up" in finding.advice


def test_stale_workers_are_counted_and_some_named(centre: Centre) -> None:
    """Twenty-five stale ones are five names and a count."""
    queue_sync.run(centre.client, centre.target)
    centre.disturb_all()

    finding = found(centre)["queue-drift"]

    assert finding.outcome == "warning"
    assert "25 of 25" in finding.found
    assert finding.found.count("WK") == 5
    assert "and 20 more" in finding.found
    assert "taskrouter sync" in finding.advice


def test_queues_of_several_and_of_nobody_are_named(centre: Centre) -> None:
    """Multi-reservation is told, and a queue nobody is eligible for is a warning."""
    queue = centre.url("TaskQueues", centre.queues["Billing Ops"])
    centre.client.post(queue, {"MaxReservedWorkers": 5})
    try:
        finding = found(centre)["queues"]
    finally:
        centre.client.post(queue, {"MaxReservedWorkers": 1})

    assert finding.outcome == "warning"
    assert "Billing Ops (5)" in finding.found
    assert "Nobody Ops" in finding.found


def test_a_workflow_that_names_a_queue_that_is_gone_fails(centre: Centre) -> None:
    """A page as Twilio would send it, with a configuration of yesterday."""
    gone = "WQ" + "0" * 32
    configuration = {"task_routing": {"filters": [], "default_filter": {"queue": gone}}}
    page = {
        "workflows": [
            {"sid": "WW1", "friendly_name": "Old", "configuration": json.dumps(configuration)},
            {"sid": "WW2", "friendly_name": "Garbled", "configuration": "{"},
        ],
        "meta": {"key": "workflows", "next_page_url": None},
    }
    with centre.emulator.fault(kind="api", path="/Workflows", status=200, body=json.dumps(page)):
        finding = found(centre)["workflows"]

    assert finding.outcome == "failed"
    assert f"Old (WW1) names {gone}" in finding.found
    assert "Garbled (WW2)" in finding.found


SIDS = st.from_regex(r"WQ[0-9a-f]{4}", fullmatch=True)


@given(st.lists(st.lists(SIDS, max_size=3), max_size=4), st.none() | SIDS)
def test_every_queue_of_a_configuration_is_found(
    filters: list[list[str]], default: str | None
) -> None:
    """In the targets of all filters and in the default filter, each once."""
    routing = {
        "filters": [{"expression": "1==1", "targets": [{"queue": s} for s in f]} for f in filters],
        **({"default_filter": {"queue": default}} if default else {}),
    }

    expected = {sid for targets in filters for sid in targets} | ({default} if default else set())
    assert named_queues({"task_routing": routing}) == expected


def test_functions_of_nobody_fail_with_what_to_check(centre: Centre) -> None:
    """A domain that no environment of this account serves."""
    findings = found(centre, replace(deployment(centre), functions_url="https://x-1-y.twil.io"))

    assert findings["functions-environment"].outcome == "failed"
    assert "no environment of this account" in findings["functions-environment"].found
    assert findings["batch-endpoint"].outcome == "failed"


@pytest.mark.parametrize(
    ("function", "name"),
    [("/event-handler", "event-handler"), ("/batch/process", "batch-endpoint")],
)
def test_an_endpoint_open_to_strangers_fails(centre: Centre, function: str, name: str) -> None:
    """Anybody could forge what it takes."""
    with centre.emulator.fault(kind="function", function=function, status=200, body="ok"):
        finding = found(centre)[name]

    assert finding.outcome == "failed"
    assert "200" in finding.found


def test_endpoints_for_front_ends_are_closed_to_strangers(centre: Centre) -> None:
    """One that answers without a token is a failure."""
    rule = {"kind": "function", "function": "/complete-task", "status": 200, "body": "{}"}
    with centre.emulator.fault(**rule):
        finding = found(centre)["front-end-endpoints"]

    assert finding.outcome == "failed"
    assert "/complete-task (200)" in finding.found


@pytest.mark.parametrize(
    ("changes", "outcome", "told"),
    [
        ({"status": "failed", "error": "lane 0 stands still"}, "failed", "lane 0 stands still"),
        ({"status": "running"}, "ok", "running"),
        ({"status": "running", "updated_at": "2026-01-01T00:00:00Z"}, "warning", "stands still"),
        (
            {
                "status": "completed_with_failures",
                "failures": [{"worker_sid": "WK1", "reason": "too long"}],
            },
            "warning",
            "WK1: too long",
        ),
    ],
    ids=["failed", "running", "stopped", "with failures"],
)
def test_the_newest_batch_is_told(
    centre: Centre, changes: dict[str, Any], outcome: str, told: str
) -> None:
    """How it ended, or that nobody works on it any more, and the command that takes it up."""
    queue_sync.run(centre.client, centre.target)
    documents = SyncDocuments(centre.client, centre.target.sync_service_sid)
    pointer = documents.read(latest_name(WORKER_QUEUE_SYNC))
    assert pointer is not None
    name = progress_name(pointer.data["batch"])
    record = documents.read(name)
    assert record is not None
    documents.update(name, {**record.data, **changes})
    try:
        finding = found(centre)["newest-batch"]
    finally:
        documents.update(name, record.data)

    assert finding.outcome == outcome
    assert told in finding.found
    assert (finding.advice == "") == (outcome == "ok")


def test_the_release_is_told(centre: Centre) -> None:
    """Verified with its time, or unverified with what failed."""
    documents = SyncDocuments(centre.client, centre.target.sync_service_sid)
    documents.put("release", {"status": "verified", "verified_at": "2026-11-21T00:00:00Z"})
    verified = found(centre)["release"]
    check = {"name": "event-round-trip", "outcome": "failed", "detail": "did not arrive"}
    documents.put("release", {"status": "unverified", "checks": [check]})
    unverified = found(centre)["release"]
    documents.delete("release")

    assert (verified.outcome, unverified.outcome) == ("ok", "warning")
    assert "did not arrive" in unverified.found


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TWILIO_FLEX_WORKSPACE_SID", "WS" + "0" * 32),
        ("TWILIO_FLEX_SYNC_SID", "IS" + "0" * 32),
        ("BATCH_SECRET", ""),
    ],
)
def test_functions_of_another_deployment_are_told(
    centre: Centre, variable: str, value: str
) -> None:
    """They answer as they should, and write where nobody looks."""
    url, before = _variable(centre, variable)
    centre.client.post(url, {"Value": value})
    try:
        finding = found(centre)["functions-environment"]
    finally:
        centre.client.post(url, {"Value": before})

    assert finding.outcome == "failed"
    assert variable in finding.found
    assert found(centre)["functions-environment"].outcome == "ok"


def _variable(centre: Centre, name: str) -> tuple[str, str]:
    """Return a function variable's address and value."""
    services = urls.serverless("Services")
    (service,) = (s["sid"] for s in centre.client.list(services, page_size=100))
    environments = urls.serverless("Services", service, "Environments")
    (environment,) = (e["sid"] for e in centre.client.list(environments, page_size=100))
    listed = f"{environments}/{environment}/Variables"
    (each,) = (v for v in centre.client.list(listed, page_size=100) if v["key"] == name)
    return f"{listed}/{each['sid']}", str(each["value"])


@pytest.mark.parametrize("data", [{}, {"batch": 5}], ids=str)
def test_a_record_nobody_can_read_stops_nobody(centre: Centre, data: dict[str, Any]) -> None:
    """The other checks are made all the same, and the next sync begins a record anew."""
    queue_sync.run(centre.client, centre.target)
    documents = urls.sync("Services", centre.target.sync_service_sid, "Documents")
    url = f"{documents}/{latest_name(WORKER_QUEUE_SYNC)}"
    before = centre.client.get(url).body["data"]
    centre.client.post(url, {"Data": data})
    try:
        findings = found(centre)
        status = centre.command("batch", "status")
        sync = centre.command("sync")
    finally:
        centre.client.post(url, {"Data": before})

    assert (status.returncode, status.stderr.count("\n")) == (1, 1)
    assert "is no record of a batch" in status.stderr
    assert sync.returncode == 0, sync.stderr
    assert findings["newest-batch"].outcome == "failed"
    assert findings["release"].outcome != "skipped"
