"""What the worker-queue sync wrote goes with the stack, and nothing else does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_twilio.declarations.worker_queue_attributes import (
    SYNCED_ATTRIBUTES,
    may_have_queues,
    without_queues,
)
from tests.provider.plugin import Failed, Resource
from tests.provider.stage import WORKSPACES, Stage, as_json, running_stage

TYPE = "twilio:taskrouter:WorkerQueueAttributes"
WORKERS = 30

attributes = st.dictionaries(
    st.sampled_from([*SYNCED_ATTRIBUTES, "routing", "languages", "queues2"]),
    st.one_of(st.text(max_size=5), st.lists(st.integers(), max_size=3)),
)


@pytest.fixture
def stage() -> Iterator[Stage]:
    """An emulated account of this test's own."""
    with running_stage(workers=WORKERS) as running:
        yield running


def workers(stage: Stage) -> list[dict[str, Any]]:
    """List the workers, in one order."""
    url = f"{WORKSPACES}/{stage.workspace_sid()}/Workers?PageSize=1000"
    return sorted(stage.get(url)["workers"], key=lambda worker: str(worker["sid"]))


def all_attributes(stage: Stage) -> list[Any]:
    """Return every worker's attributes."""
    return [json.loads(worker["attributes"]) for worker in workers(stage)]


def sync_by_hand(stage: Stage, count: int) -> None:
    """Write what a sync would, on the first `count` workers."""
    for worker in workers(stage)[:count]:
        wanted = {**json.loads(worker["attributes"]), "queues": ["WQ1"], "queues_digest": "0af1"}
        stage.post(worker["url"], {"Attributes": as_json(wanted)})


def created(stage: Stage) -> Resource:
    """Create the resource."""
    return stage.plugin.create(TYPE, {"workspaceSid": stage.workspace_sid()})


@given(attributes)
def test_only_the_syncs_attributes_go(before: dict[str, Any]) -> None:
    """Everything else stays as it was, and a worker without them needs no write."""
    after = without_queues(before)

    assert after == {name: before[name] for name in before if name not in SYNCED_ATTRIBUTES}
    assert may_have_queues({"attributes": json.dumps(before)}) == (after != before)


def test_a_worker_listed_without_attributes_is_looked_at() -> None:
    """A list that leaves attributes out tells nothing about them."""
    assert may_have_queues({"attributes": None})
    assert not may_have_queues({"attributes": "{}"})


def test_creating_writes_nothing(stage: Stage) -> None:
    """The resource stands for what the sync will write; making it costs no request."""
    stage.emulator.clear_journal()

    made = created(stage)

    assert stage.requests("POST") == []
    refreshed = stage.plugin.read(made)
    assert refreshed is not None
    assert not stage.plugin.diff(refreshed, made.inputs).changed
    imported = stage.plugin.import_(TYPE, made.id)
    assert imported is not None
    assert not stage.plugin.diff(imported, made.inputs).changed


def test_deleting_leaves_the_workers_as_they_were(stage: Stage) -> None:
    """After a sync and a delete every worker has the attributes it began with."""
    before = all_attributes(stage)
    made = created(stage)
    sync_by_hand(stage, 20)
    stage.emulator.clear_journal()

    stage.plugin.delete(made)

    assert all_attributes(stage) == before
    assert len(stage.requests("POST")) == 20
    stage.plugin.delete(made)


def test_every_page_is_read(stage: Stage) -> None:
    """Workers beyond the first page of a list are cleaned too."""
    before = all_attributes(stage)
    sync_by_hand(stage, WORKERS)
    listing = f"{WORKSPACES}/{stage.workspace_sid()}/Workers"
    first = stage.get(f"{listing}?PageSize=10")

    with stage.emulator.fault(method="GET", path="/Workers$", status=200, body=first, count=1):
        stage.plugin.delete(Resource(TYPE, stage.workspace_sid(), {}, {}))

    assert all_attributes(stage) == before


def test_somebody_elses_change_meanwhile_survives(stage: Stage) -> None:
    """A write refused because the worker changed is repeated on the fresh copy."""
    sync_by_hand(stage, 1)
    worker = workers(stage)[0]
    lost = {"code": 20412, "message": "Precondition Failed", "status": 412}

    with stage.emulator.fault(
        method="POST", path=f"{worker['sid']}$", status=412, body=lost, count=2
    ):
        stage.plugin.delete(created(stage))

    writes = [entry for entry in stage.requests("POST") if worker["sid"] in entry]
    assert len(writes) == 1 + 2 + 1
    assert "queues" not in json.loads(stage.get(worker["url"])["attributes"])


def test_a_worker_gone_meanwhile_is_fine(stage: Stage) -> None:
    """A worker deleted between the list and its turn needs nothing any more."""
    sync_by_hand(stage, 3)
    worker = workers(stage)[0]
    gone = {"code": 20404, "message": "not found", "status": 404}

    with stage.emulator.fault(method="GET", path=f"{worker['sid']}$", status=404, body=gone):
        stage.plugin.delete(created(stage))

    left = [each["sid"] for each in workers(stage) if "queues" in json.loads(each["attributes"])]
    assert left == [worker["sid"]]


def test_workers_left_over_are_named_and_the_others_are_clean(stage: Stage) -> None:
    """One worker that cannot be written stops no other; running it again finishes."""
    before = all_attributes(stage)
    made = created(stage)
    sync_by_hand(stage, 5)
    worker = workers(stage)[2]

    with (
        stage.emulator.fault(method="POST", path=f"{worker['sid']}$", status=403),
        pytest.raises(Failed, match=rf"1 of 5 workers .*{worker['sid']}.*Run it again"),
    ):
        stage.plugin.delete(made)

    left = [each["sid"] for each in workers(stage) if "queues" in json.loads(each["attributes"])]
    assert left == [worker["sid"]]
    stage.plugin.delete(made)
    assert all_attributes(stage) == before


def test_a_listing_that_fails_is_an_error(stage: Stage) -> None:
    """A list that cannot be read never passes for an empty one."""
    sync_by_hand(stage, 1)

    with (
        stage.emulator.fault(method="GET", path="/Workers$", status=403),
        pytest.raises(Failed, match="list the workers of"),
    ):
        stage.plugin.delete(created(stage))


def test_a_workspace_that_is_gone_needs_nothing(stage: Stage) -> None:
    """Refresh drops it and deleting it is done."""
    sid = stage.post(WORKSPACES, {"FriendlyName": "short-lived"})["sid"]
    made = stage.plugin.create(TYPE, {"workspaceSid": sid})
    stage.delete(f"{WORKSPACES}/{sid}")

    assert stage.plugin.read(made) is None
    stage.plugin.delete(made)
