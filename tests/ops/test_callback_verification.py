"""The three checks of the callbacks, and what each says when it does not hold."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from taskrouter_ops import CallbackSettings, Target, VerificationFailed
from taskrouter_ops.callback_verification import Check, verify
from taskrouter_ops.probe import MATCHES_NOBODY, PROBE_PREFIX, ProbeTimes
from taskrouter_ops.sync_documents import SyncDocuments
from taskrouter_ops.target import SYNC_EVENTS
from taskrouter_ops.waiting import Waiting
from tests.ops.conftest import Centre, set_callback
from twilio_client import Credentials, TwilioClient, urls

QUICK = ProbeTimes(arrival=3.0, poll=0.1)


def check(centre: Centre, **options: Any) -> list[Check]:
    """Verify with short times."""
    given: dict[str, Any] = {
        "auth_token": centre.emulator.auth_token,
        "fresh_domain_seconds": 2.0,
        "probe_times": QUICK,
        **options,
    }
    return verify(centre.client, centre.target, centre.settings, **given)


def probes(centre: Centre) -> list[str]:
    """List the probe queues there are."""
    return [name for name in centre.queue_names() if name.startswith(PROBE_PREFIX)]


def test_a_good_deployment_passes_all_checks_and_leaves_nothing_behind(centre: Centre) -> None:
    """Settings, signatures and a real event; the probe and its receipts are removed."""
    checks = check(centre)

    assert [(c.name, c.outcome) for c in checks] == [
        ("callback-settings", "passed"),
        ("callback-signature", "passed"),
        ("signed-request", "passed"),
        ("event-round-trip", "passed"),
    ]
    assert probes(centre) == []
    url = urls.sync("Services", centre.target.sync_service_sid, "Documents")
    names = [d["unique_name"] for d in centre.client.list(url, page_size=100)]
    assert [name for name in names if name.startswith("probe-")] == []


def test_with_an_api_key_alone_the_signed_check_is_skipped_and_says_why(centre: Centre) -> None:
    """An API key cannot sign; the round trip still proves Twilio's own signature."""
    emulator = centre.emulator
    key = Credentials(
        emulator.account_sid,
        api_key_sid=emulator.api_key_sid,
        api_key_secret=emulator.api_key_secret,
    )
    client = TwilioClient(key, emulator.base_url)

    checks = verify(client, centre.target, centre.settings, auth_token=None, probe_times=QUICK)

    client.transport.session.close()
    assert [c.outcome for c in checks] == ["passed", "passed", "skipped", "passed"]
    assert "API key" in checks[2].detail


def test_another_callback_url_is_named(centre: Centre) -> None:
    """Who changed the URL by hand is told which one is there and which should be."""
    other = replace(centre.settings, url="https://example.com/other")
    set_callback(centre.client, centre.target, other)

    with pytest.raises(VerificationFailed, match=r"example\.com/other") as failure:
        check(centre)

    set_callback(centre.client, centre.target, centre.settings)
    assert failure.value.check == "callback-settings"
    assert "pulumi" in str(failure.value)


def test_missing_and_extra_events_are_named(centre: Centre) -> None:
    """The events compare as a set; what is missing and what is too much are both said."""
    events = [*SYNC_EVENTS[1:], "worker.deleted"]
    set_callback(centre.client, centre.target, replace(centre.settings, events=events))

    with pytest.raises(VerificationFailed) as failure:
        check(centre)

    set_callback(centre.client, centre.target, centre.settings)
    assert f"does not send {SYNC_EVENTS[0]}" in str(failure.value)
    assert "also sends worker.deleted" in str(failure.value)


def test_the_order_of_events_does_not_matter(centre: Centre) -> None:
    """Twilio keeps the list as it was given."""
    settings = replace(centre.settings, events=tuple(reversed(SYNC_EVENTS)))

    checks = verify(centre.client, centre.target, settings, auth_token=None, probe_times=QUICK)

    assert checks[0].outcome == "passed"


def test_an_unreachable_callback_is_named(centre: Centre) -> None:
    """No answer at all, for as long as a fresh domain may take."""
    with (
        centre.emulator.fault(kind="function", function="/event-handler", drop=True),
        pytest.raises(VerificationFailed, match="cannot be reached") as failure,
    ):
        check(centre, fresh_domain_seconds=1.0)

    assert failure.value.check == "callback-signature"
    assert centre.settings.url.partition("#")[0] in str(failure.value)


def test_an_unsigned_request_that_is_accepted_fails(centre: Centre) -> None:
    """Anybody could forge events."""
    with (
        centre.emulator.fault(kind="function", function="/event-handler", status=200, body="ok"),
        pytest.raises(VerificationFailed, match="unsigned request with 200") as failure,
    ):
        check(centre)

    assert "protected" in failure.value.advice


def test_another_accounts_token_is_told_apart(centre: Centre) -> None:
    """A signature with another token is refused at once, with what to do."""
    with pytest.raises(VerificationFailed, match="primary auth token"):
        check(centre, auth_token="0" * 32, fresh_domain_seconds=60.0)


def test_a_fresh_domain_may_take_a_while(centre: Centre) -> None:
    """404 and 503 are repeated within bounds; the waits grow."""
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        time.sleep(min(seconds, 0.05))

    waiting = Waiting(sleep=wait)
    centre.emulator.add_fault(kind="function", function="/event-handler", status=404, count=2)

    checks = check(centre, waiting=waiting, fresh_domain_seconds=30.0)

    assert all(c.outcome == "passed" for c in checks)
    assert waits[:2] == [0.5, 1.0]


def test_an_event_that_never_arrives_is_named_and_the_probe_removed(centre: Centre) -> None:
    """The receipt has a stated time; nothing is left behind."""
    rule = {"kind": "callback", "event_type": "task-queue.created", "drop": True}

    with (
        centre.emulator.fault(**rule),
        pytest.raises(
            VerificationFailed, match=r"task-queue\.created .* did not arrive"
        ) as failure,
    ):
        check(centre, probe_times=ProbeTimes(arrival=1.0, poll=0.1))

    assert failure.value.check == "event-round-trip"
    assert "within 1 s" in str(failure.value)
    assert probes(centre) == []


def test_leftover_probes_of_a_crashed_run_are_removed(centre: Centre) -> None:
    """A run that was killed left its queue; the next one tidies up."""
    form = {"FriendlyName": PROBE_PREFIX + "crashed", "TargetWorkers": MATCHES_NOBODY}
    centre.client.post(centre.url("TaskQueues"), form)

    check(centre)

    assert probes(centre) == []


def test_without_queue_events_the_round_trip_is_skipped(centre: Centre) -> None:
    """Nothing to wait for when the callback does not carry the probe's events."""
    settings = CallbackSettings(centre.settings.url, ("worker.created",))
    set_callback(centre.client, centre.target, settings)

    checks = verify(centre.client, centre.target, settings, auth_token=None)

    set_callback(centre.client, centre.target, centre.settings)
    assert checks[-1].outcome == "skipped"


def test_documents_are_read_written_and_absent(centre: Centre) -> None:
    """The Sync documents the record is kept in: absent is None, put works both ways."""
    documents = SyncDocuments(centre.client, centre.target.sync_service_sid)

    assert documents.read("nothing-here") is None
    documents.put("kept", {"a": 1})
    documents.put("kept", {"a": 2})
    found = documents.read("kept")
    documents.delete("kept")
    documents.delete("kept")

    assert found is not None
    assert found.data == {"a": 2}
    assert documents.read("kept") is None


def test_a_target_knows_its_addresses() -> None:
    """A trailing slash makes no difference."""
    target = Target("WS", "IS", "https://ops-1234-test.twil.io/")

    assert target.functions_domain == "ops-1234-test.twil.io"
    assert target.function("/event-handler") == "https://ops-1234-test.twil.io/event-handler"
