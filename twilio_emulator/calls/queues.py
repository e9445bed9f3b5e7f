"""Queues of calls; no call waits in one, for none is enqueued here.

Source: queue page (fields, sizes) and the SDKs.
"""

from __future__ import annotations

from typing import Any

from twilio_emulator import assumptions
from twilio_emulator.accounts.addressed import (
    ACCOUNTS,
    HOST,
    account_of,
    common,
    record_of,
    records_of,
    uri_of,
)
from twilio_emulator.accounts.listing import PAGE_SIZE, flat_page
from twilio_emulator.store import new_record
from twilio_emulator.wire import ApiError, Call, Parameter, Route

from .records import Queue

DEFAULT_SIZE = 1000
LARGEST_SIZE = 5000
FRIENDLY_NAME_LENGTH = 64


def list_queues(call: Call) -> dict[str, Any]:
    """List an account's queues, newest first."""
    return flat_page(
        call, "queues", records_of(call.store, Queue, account_of(call).sid), queue_body
    )


def create_queue(call: Call) -> dict[str, Any]:
    """Create a queue of a name the account does not have yet."""
    account, name = account_of(call), call.params["FriendlyName"]
    _check_name(call, account.sid, name, None)
    fields = new_record(call.store, account.sid, "QU")
    size = call.params.get("MaxSize", DEFAULT_SIZE)
    return queue_body(call.store.put(Queue(**fields, friendly_name=name, max_size=size)))


def fetch_queue(call: Call) -> dict[str, Any]:
    """Show a queue."""
    return queue_body(record_of(call, Queue))


def update_queue(call: Call) -> dict[str, Any]:
    """Change a queue's name or size."""
    queue = record_of(call, Queue)
    name = call.params.get("FriendlyName", queue.friendly_name)
    _check_name(call, queue.account_sid, name, queue)
    size = call.params.get("MaxSize", queue.max_size)
    return queue_body(call.store.change(queue, friendly_name=name, max_size=size))


def delete_queue(call: Call) -> None:
    """Delete a queue."""
    call.store.remove(record_of(call, Queue))


def queue_body(queue: Queue) -> dict[str, Any]:
    """Write a queue."""
    uri = uri_of(queue, "Queues")
    return {
        **common(queue, uri),
        "account_sid": queue.account_sid,
        "average_wait_time": 0,
        "current_size": 0,
        "friendly_name": queue.friendly_name,
        "max_size": queue.max_size,
        "subresource_uris": {"members": f"{uri}/Members.json"},
    }


def _check_name(call: Call, account_sid: str, name: str, own: Queue | None) -> None:
    named = call.store[Queue].index("name", lambda queue: (queue.account_sid, queue.friendly_name))
    taken = named.first((account_sid, name))
    if taken is not None and (own is None or taken.sid != own.sid):
        status, code = assumptions.QUEUE_NAME_TAKEN
        raise ApiError(status, code, f"Queue '{name}' exists already in {account_sid}: {taken.sid}")


_LIST = f"{ACCOUNTS}/{{AccountSid}}/Queues.json"
_ONE = f"{ACCOUNTS}/{{AccountSid}}/Queues/{{Sid}}.json"
_SIZE = Parameter("MaxSize", "integer", minimum=1, maximum=LARGEST_SIZE, source="doc")
_LENGTH = FRIENDLY_NAME_LENGTH
_NEW_NAME = Parameter("FriendlyName", required=True, blank=False, max_length=_LENGTH, source="doc")
_NAME = Parameter("FriendlyName", blank=False, max_length=_LENGTH, source="doc")

ROUTES = (
    Route("GET", HOST, _LIST, list_queues, page_size=PAGE_SIZE, source="doc"),
    Route(
        "POST", HOST, _LIST, create_queue, parameters=(_NEW_NAME, _SIZE), status=201, source="doc"
    ),
    Route("GET", HOST, _ONE, fetch_queue, source="doc"),
    Route("POST", HOST, _ONE, update_queue, parameters=(_NAME, _SIZE), source="doc"),
    Route("DELETE", HOST, _ONE, delete_queue, status=204, source="doc"),
)
