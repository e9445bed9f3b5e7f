"""Who may set a lane going, and what a hop answers."""

from __future__ import annotations

import json
import time

import httpx
import pytest

from tests.functions.contact_centre import ContactCentre, sign

BATCH = "abcdefghij0123456789"


def test_an_unsigned_message_is_refused(centre: ContactCentre) -> None:
    """Without a signature nothing is read or written."""
    centre.write_batch(BATCH, [])
    centre.emulator.clear_journal()

    answer = centre.send({"payload": json.dumps({"batch": BATCH, "lane": 0, "generation": 1})})

    assert answer.status_code == 401
    assert centre.calls() == []


@pytest.mark.parametrize(
    "change",
    [
        {"payload": '{"batch":"abcdefghij0123456789","lane":0,"generation":2}'},
        {"timestamp": "1000000000"},
        {"signature": "0" * 64},
        {"signature": "not hexadecimal"},
        {"signature": None},
        {"payload": {"batch": BATCH}},
    ],
    ids=["payload", "timestamp", "signature", "no-hex", "none", "object"],
)
def test_a_forged_message_is_refused(centre: ContactCentre, change: dict[str, object]) -> None:
    """A message of which anything was changed is refused."""
    centre.write_batch(BATCH, [])

    assert centre.send({**centre.message(BATCH), **change}).status_code == 401
    assert (centre.document(f"batch-{BATCH}") or {})["status"] == "queued"


@pytest.mark.parametrize("seconds", [-400, 400])
def test_a_message_outside_of_the_window_is_refused(centre: ContactCentre, seconds: int) -> None:
    """A genuine signature does not outlive 5 minutes, nor does it come from the future."""
    payload = centre.message(BATCH)["payload"]
    timestamp = str(int(time.time()) + seconds)
    message = {"payload": payload, "timestamp": timestamp, "signature": sign(timestamp, payload)}

    assert centre.send(message).status_code == 401


def test_a_secret_that_is_not_set_opens_nothing(centre: ContactCentre) -> None:
    """A signature made with an empty secret is refused."""
    timestamp = str(int(time.time()))
    payload = centre.message(BATCH)["payload"]
    signature = sign(timestamp, payload, secret="")

    answer = centre.send({"payload": payload, "timestamp": timestamp, "signature": signature})

    assert answer.status_code == 401


def test_a_signed_payload_of_another_shape_is_refused(centre: ContactCentre) -> None:
    """A signature does not make nonsense a message."""
    timestamp = str(int(time.time()))
    payload = '{"batch":"../../x"}'
    signature = sign(timestamp, payload)

    answer = centre.send({"payload": payload, "timestamp": timestamp, "signature": signature})

    assert answer.status_code == 400


def test_an_unknown_batch_is_not_found(centre: ContactCentre) -> None:
    """A message for a batch whose documents are gone says so."""
    assert centre.send(centre.message(BATCH)).status_code == 404


def test_a_batch_without_items_is_completed(centre: ContactCentre) -> None:
    """Zero items reach the terminal status, with nothing counted."""
    centre.write_batch(BATCH, [])

    answer = centre.send(centre.message(BATCH))

    assert answer.status_code == 202
    assert answer.json() == {"accepted": True, "ended": True}
    record = centre.document(f"batch-{BATCH}") or {}
    assert record["status"] == "completed"
    assert (record["total"], record["done"], record["failed"]) == (0, 0, 0)
    assert record["finished_at"]


def test_a_replayed_message_is_refused(centre: ContactCentre) -> None:
    """A generation is used once, and the batch's end closes it for good."""
    centre.write_batch(BATCH, [])
    message = centre.message(BATCH)
    centre.send(message)

    assert centre.send(message).status_code == 409
    assert centre.send(centre.message(BATCH, generation=2)).status_code == 409


def test_only_the_next_generation_is_accepted(centre: ContactCentre) -> None:
    """A message that skips a generation is refused, the lane stays as it was."""
    centre.write_batch(BATCH, [])

    answer = centre.send(centre.message(BATCH, generation=2))

    assert answer.status_code == 409
    assert (centre.document(f"batch-{BATCH}-lane-0") or {})["generation"] == 0


def test_a_held_lane_is_refused_until_its_lease_has_run_out(centre: ContactCentre) -> None:
    """Two chains never run the same lane; a dead one is taken up."""
    lease = int((time.time() + 60) * 1000)
    centre.write_batch(BATCH, [], generation=3, holder="another", lease_expires_at=lease)
    assert centre.send(centre.message(BATCH, generation=4)).status_code == 409

    lane = centre.document(f"batch-{BATCH}-lane-0") or {}
    centre.put(f"batch-{BATCH}-lane-0", {**lane, "lease_expires_at": 1})

    assert centre.send(centre.message(BATCH, generation=4)).status_code == 202


def test_a_batch_whose_shard_is_gone_ends_as_failed(centre: ContactCentre) -> None:
    """What cannot be done at all reaches a terminal status with its reason."""
    centre.write_batch(BATCH, [{"queues": [], "items": [["WK" + "0" * 32, [], []]]}])
    centre.delete(f"{centre.documents_url}/batch-{BATCH}-shard-0")

    assert centre.send(centre.message(BATCH)).status_code == 500

    record = centre.document(f"batch-{BATCH}") or {}
    assert record["status"] == "failed"
    assert record["error"] == "shard 0 is gone"


def test_a_cancelled_batch_is_not_touched(centre: ContactCentre) -> None:
    """A batch an operator cancelled stays cancelled."""
    centre.write_batch(BATCH, [])
    record = centre.document(f"batch-{BATCH}") or {}
    centre.put(f"batch-{BATCH}", {**record, "status": "cancelled"})

    assert centre.send(centre.message(BATCH)).status_code == 409
    assert (centre.document(f"batch-{BATCH}") or {})["status"] == "cancelled"


def test_the_event_handler_is_protected(centre: ContactCentre) -> None:
    """An event that Twilio did not sign never reaches the event handler."""
    event = {"EventType": "worker.created"}

    answer = centre.emulator.request("POST", centre.deployment.event_handler, data=event)

    assert answer.status_code in (400, 403)
    assert "outcome" not in answer.text


def test_private_functions_are_not_served(centre: ContactCentre) -> None:
    """The modules below lib cannot be called from outside."""
    url = f"https://{centre.deployment.domain}/lib/settings"

    answer: httpx.Response = centre.emulator.request("GET", url)

    assert answer.status_code in (403, 404)
