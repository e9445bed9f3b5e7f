"""Deferred changes in Sync documents: what Twilio's failures and other writers do to them."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

import pytest

from taskrouter_ops.errors import DeferredBusy, DeferredUnreadable
from taskrouter_ops.sync_documents import SyncDocuments
from taskrouter_ops.task_attributes import SyncDeferredChanges
from taskrouter_ops.waiting import Waiting
from tests.ops.task_attributes.conftest import OTHER_TASK, TASK
from tests.ops.task_attributes.test_deferred import adding, flush, written
from twilio_client import (
    NotFound,
    RateLimited,
    RetryPolicy,
    ServerFault,
    TwilioClient,
    TwilioError,
    Unreachable,
)
from twilio_emulator.testing import RunningEmulator

FAULTS: dict[str, dict[str, Any]] = {
    "429": {"status": 429},
    "500 before": {"status": 500},
    "503 after": {"status": 503, "after": True},
    "dropped before": {"drop": True},
    "dropped after": {"drop": True, "after": True},
}
faults = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)

NAME = f"deferred-{TASK}"
DOCUMENTS = "/Documents(/.*)?$"


@pytest.fixture
def store(client: TwilioClient, sync_service_sid: str) -> SyncDeferredChanges:
    """Keep changes in a service of the test's own."""
    return SyncDeferredChanges(client, sync_service_sid)


@pytest.fixture
def documents(client: TwilioClient, sync_service_sid: str) -> SyncDocuments:
    """Look at that service from outside."""
    return SyncDocuments(client, sync_service_sid)


def impatient(client: TwilioClient, sync_service_sid: str) -> SyncDeferredChanges:
    """Make a store whose time is over after the first attempt."""
    client.transport.retry = RetryPolicy(attempts=2, first_seconds=0.01)
    return SyncDeferredChanges(
        client, sync_service_sid, deadline_seconds=0.0, waiting=Waiting(lambda: 0.0)
    )


def test_the_document_is_where_the_functions_look_for_it(
    store: SyncDeferredChanges, twilio: RunningEmulator, sync_service_sid: str
) -> None:
    """Name, data and time to live are those of the agreement."""
    store.defer(TASK, adding(1), "x1")

    url = f"https://sync.twilio.com/v1/Services/{sync_service_sid}/Documents/{NAME}"
    found = twilio.request("GET", url).json()
    created, expires = (
        datetime.fromisoformat(found[name]) for name in ("date_created", "date_expires")
    )
    assert (expires - created).total_seconds() == 1_209_600
    (batch,) = found["data"].pop("batches")
    assert found["data"] == {"task_sid": TASK, "done": []}
    assert {name: batch[name] for name in ("sealed", "changes", "operations")} == {
        "sealed": False,
        "changes": ["x1"],
        "operations": [{"append": {"path": ["n"], "values": [1]}}],
    }


@pytest.mark.parametrize("skip", [0, 1], ids=["first document", "later write"])
@faults
def test_a_failure_while_deferring_loses_and_doubles_nothing(
    store: SyncDeferredChanges, twilio: RunningEmulator, fault: dict[str, Any], skip: int
) -> None:
    """Whatever Twilio does to one write, each change is kept exactly once."""
    with twilio.fault(method="POST", path=DOCUMENTS, skip=skip, count=1, **fault) as fault_id:
        store.defer(TASK, adding(1))
        store.defer(TASK, adding(2))
        assert [rule["hits"] for rule in twilio.faults() if rule["id"] == fault_id] == [1]

    assert store.kept(TASK) == 2
    assert written(store.take(TASK)) == [1, 2]


@faults
def test_a_failure_while_flushing_loses_and_doubles_nothing(
    store: SyncDeferredChanges, twilio: RunningEmulator, fault: dict[str, Any]
) -> None:
    """Taking, dropping and discarding end as if nothing had happened."""
    store.defer(TASK, adding(1))
    with twilio.fault(method="POST", path=DOCUMENTS, count=1, **fault):
        batches = store.take(TASK)
    store.defer(TASK, adding(2))
    with twilio.fault(method="POST", path=DOCUMENTS, count=1, **fault):
        store.drop(TASK, [batch.id for batch in batches])

    assert written(batches) == [1]
    with twilio.fault(method="POST", path=DOCUMENTS, count=1, **fault):
        assert store.discard(TASK) == 1
    assert store.kept(TASK) == 0


@pytest.mark.parametrize("other", ["the same change", "another change"])
def test_a_lost_answer_is_settled_by_what_is_there(
    store: SyncDeferredChanges,
    twilio: RunningEmulator,
    client: TwilioClient,
    sync_service_sid: str,
    other: str,
) -> None:
    """After a dropped connection others come first: the change is there once all the same."""
    store.defer(TASK, adding(0))
    rival = SyncDeferredChanges(client, sync_service_sid)

    def meanwhile(seconds: float) -> None:
        rival.defer(TASK, adding(2), "mine" if other == "the same change" else None)

    waiting = Waiting(sleep=meanwhile)
    interrupted = SyncDeferredChanges(client, sync_service_sid, waiting=waiting)
    with twilio.fault(method="POST", path=DOCUMENTS, count=1, drop=True, after=True):
        interrupted.defer(TASK, adding(1), "mine")

    assert written(store.take(TASK)) == ([0, 1] if other == "the same change" else [0, 1, 2])


def test_an_outage_is_an_error_that_says_whether_to_repeat(
    client: TwilioClient, twilio: RunningEmulator, sync_service_sid: str
) -> None:
    """With an id of the caller's own a repeat is safe; without one it may double the change."""
    store = impatient(client, sync_service_sid)
    with twilio.fault(method="POST", path=DOCUMENTS, status=503, after=True):
        with pytest.raises(ServerFault) as own:
            store.defer(TASK, adding(1), "request-1")
        with pytest.raises(ServerFault) as none:
            store.defer(OTHER_TASK, adding(2))

    assert own.value.retry_safe
    assert not none.value.retry_safe
    assert NAME in str(own.value)
    store.defer(TASK, adding(1), "request-1")
    assert written(store.take(TASK)) == [1]


def test_an_uncertain_write_stays_uncertain_when_the_next_request_is_refused(
    client: TwilioClient, twilio: RunningEmulator, sync_service_sid: str
) -> None:
    """A 429 after a lost answer does not turn "it may have happened" into "repeat it"."""
    client.transport.retry = RetryPolicy(attempts=2, first_seconds=0.01)
    moments = count(0, 20)
    waiting = Waiting(now=lambda: next(moments), sleep=lambda _: None)
    store = SyncDeferredChanges(client, sync_service_sid, waiting=waiting)
    with (
        twilio.fault(method="POST", path=DOCUMENTS, count=1, drop=True, after=True),
        twilio.fault(method="GET", path=DOCUMENTS, skip=1, status=429),
        pytest.raises(TwilioError) as caught,
    ):
        store.defer(TASK, adding(1))

    assert not caught.value.retry_safe
    assert isinstance(caught.value.__cause__, RateLimited)
    assert flush(store) == [1]


@pytest.mark.parametrize("overtaken", [False, True], ids=["same version", "overtaken"])
def test_a_lost_write_stays_possible_until_the_document_has_moved_on(
    client: TwilioClient, twilio: RunningEmulator, sync_service_sid: str, overtaken: bool
) -> None:
    """Under the same version it may still arrive; once somebody else wrote it no longer can."""
    rival = SyncDeferredChanges(client, sync_service_sid)
    rival.defer(TASK, adding(0))
    client.transport.retry = RetryPolicy(attempts=2, first_seconds=0.01)
    moments = count(0, 10)

    def meanwhile(_: float) -> None:
        if not twilio.journal(method="POST", path=DOCUMENTS, status=429):
            if overtaken:
                rival.defer(TASK, adding(2))
            twilio.add_fault(method="POST", path=DOCUMENTS, status=429)

    waiting = Waiting(now=lambda: next(moments), sleep=meanwhile)
    store = SyncDeferredChanges(client, sync_service_sid, waiting=waiting)
    with (
        twilio.fault(method="POST", path=DOCUMENTS, count=1, drop=True),
        pytest.raises(RateLimited if overtaken else Unreachable) as caught,
    ):
        store.defer(TASK, adding(1))

    assert caught.value.retry_safe is overtaken


def test_a_document_somebody_else_made_first_is_read(
    store: SyncDeferredChanges, twilio: RunningEmulator
) -> None:
    """A 409 on making the document is a lost race, not a failure."""
    with twilio.fault(method="POST", path="/Documents$", status=409, count=1):
        store.defer(TASK, adding(1))

    assert written(store.take(TASK)) == [1]


def test_throttling_to_the_end_kept_nothing_and_may_be_repeated(
    client: TwilioClient, twilio: RunningEmulator, sync_service_sid: str
) -> None:
    """429 was never processed: the error says a repeat is safe, with any id."""
    store = impatient(client, sync_service_sid)
    with (
        twilio.fault(method="POST", path=DOCUMENTS, status=429),
        pytest.raises(RateLimited) as caught,
    ):
        store.defer(TASK, adding(1))

    assert caught.value.retry_safe
    assert store.kept(TASK) == 0


def test_an_outage_of_reading_alone_kept_nothing_and_may_be_repeated(
    client: TwilioClient, twilio: RunningEmulator, sync_service_sid: str
) -> None:
    """Where nothing was written a 5xx is no doubt about the change."""
    store = impatient(client, sync_service_sid)
    with twilio.fault(method="GET", path=DOCUMENTS, status=503):
        with pytest.raises(ServerFault) as deferring:
            store.defer(TASK, adding(1))
        with pytest.raises(ServerFault):
            store.kept(TASK)

    assert deferring.value.retry_safe
    assert store.kept(TASK) == 0


def test_throttling_that_outlasts_the_clients_patience_is_waited_out(
    client: TwilioClient, store: SyncDeferredChanges, twilio: RunningEmulator
) -> None:
    """The store goes on until its own deadline, so a busy document loses nobody's change."""
    client.transport.retry = RetryPolicy(attempts=2, first_seconds=0.01)
    store.defer(TASK, adding(1))

    with (
        twilio.fault(method="GET", path=DOCUMENTS, status=429, count=5),
        twilio.fault(method="POST", path=DOCUMENTS, status=429, count=5),
    ):
        store.defer(TASK, adding(2))

    assert written(store.take(TASK)) == [1, 2]


def test_races_lost_to_the_end_are_named(
    client: TwilioClient, twilio: RunningEmulator, sync_service_sid: str
) -> None:
    """Nothing was kept of the call, the error says so and that a repeat is safe."""
    SyncDeferredChanges(client, sync_service_sid).defer(TASK, adding(1))
    store = impatient(client, sync_service_sid)
    with (
        twilio.fault(method="POST", path=DOCUMENTS, status=412),
        pytest.raises(DeferredBusy, match=f"deferred changes of {TASK}") as caught,
    ):
        store.defer(TASK, adding(2))

    assert caught.value.retry_safe
    assert written(store.take(TASK)) == [1]


def test_a_document_that_expired_meanwhile_is_made_again(
    client: TwilioClient, documents: SyncDocuments, sync_service_sid: str
) -> None:
    """Between reading and writing it may go away; the change is kept in a new one."""
    first = SyncDeferredChanges(client, sync_service_sid)
    first.defer(TASK, adding(1))
    expiring = getattr(documents.read(NAME), "sid", None)

    class Expiring(SyncDocuments):
        """Documents of which one goes away right after it is read for the first time."""

        def read(self, name: str) -> Any:
            found = super().read(name)
            if found and found.sid == expiring:
                self.delete(name)
            return found

    store = SyncDeferredChanges(client, sync_service_sid)
    store._documents = Expiring(client, sync_service_sid)
    store.defer(TASK, adding(2))

    assert written(first.take(TASK)) == [2]


def test_a_wrong_service_is_named(client: TwilioClient) -> None:
    """Deferring into a service that is not there fails at once, with its SID."""
    missing = "IS" + "0" * 32

    with pytest.raises(NotFound, match=missing):
        SyncDeferredChanges(client, missing).defer(TASK, adding(1))


def test_tasks_are_found_on_every_page(
    store: SyncDeferredChanges, documents: SyncDocuments, twilio: RunningEmulator
) -> None:
    """Over a hundred documents, others among them: the tasks with changes are listed, sorted."""
    sids = [f"WT{number:032x}" for number in range(103)]
    for sid in reversed(sids):
        store.defer(sid, adding(1))
    documents.create("progress", {"total": 1})
    flush(store, sids[50])
    twilio.clear_journal()

    assert store.tasks() == [sid for sid in sids if sid != sids[50]]
    assert len(twilio.journal(method="GET", path="/Documents$")) == 2


def test_what_cannot_be_read_is_left_until_it_is_discarded(
    store: SyncDeferredChanges, documents: SyncDocuments
) -> None:
    """Somebody else's data under that name is named, kept, and gone only on request."""
    documents.create(NAME, {"phone": "+15550001"})

    with pytest.raises(DeferredUnreadable, match="batches: must be a list") as caught:
        store.defer(TASK, adding(1))

    assert "+1555" not in str(caught.value)
    read = documents.read(NAME)
    assert read is not None
    assert read.data == {"phone": "+15550001"}
    assert store.tasks() == [TASK]
    assert store.discard(TASK) == 0
    store.defer(TASK, adding(1))
    assert written(store.take(TASK)) == [1]
