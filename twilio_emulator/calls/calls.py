"""Calls: list, create, fetch, end, delete.  Nothing is dialled and no instructions are run.

Source: API 2010 OpenAPI document; call page (statuses, what may be canceled, ended, deleted).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from twilio_emulator import assumptions
from twilio_emulator.accounts.addressed import (
    ACCOUNTS,
    HOST,
    VERSION,
    account_of,
    common,
    record_of,
    records_of,
    rfc2822,
    uri_of,
)
from twilio_emulator.accounts.listing import PAGE_SIZE, flat_page, is_within, moment_filters
from twilio_emulator.store import new_record
from twilio_emulator.wire import ApiError, Parameter, Route
from twilio_emulator.wire import Call as Request

from .records import STATUSES, Call

if TYPE_CHECKING:
    from twilio_emulator.store import Store

_NORTH_AMERICAN = re.compile(r"\+1(\d{3})(\d{3})(\d{4})")
_INSTRUCTIONS = ("Url", "Twiml", "ApplicationSid")
_SUBRESOURCES = {
    "events": "Events",
    "notifications": "Notifications",
    "payments": "Payments",
    "recordings": "Recordings",
    "siprec": "Siprec",
    "streams": "Streams",
    "transcriptions": "Transcriptions",
    "user_defined_message_subscriptions": "UserDefinedMessageSubscriptions",
    "user_defined_messages": "UserDefinedMessages",
}


def list_calls(request: Request) -> dict[str, Any]:
    """List calls by any of the filters, newest first."""
    params = request.params
    found = [
        call
        for call in records_of(request.store, Call, account_of(request).sid)
        if params.get("To", call.to) == call.to
        and params.get("From", call.from_) == call.from_
        and params.get("ParentCallSid", call.parent_call_sid) == call.parent_call_sid
        and params.get("Status", call.status) == call.status
        and is_within(request, "StartTime", call.start_time)
        and is_within(request, "EndTime", call.end_time)
    ]
    return flat_page(request, "calls", found, call_body)


def create_call(request: Request) -> dict[str, Any]:
    """Create a call: queued in the answer, answered right after it.

    Raises: ApiError for a suspended or closed account, and without instructions.
    """
    account, params, store = account_of(request), request.params, request.store
    if account.status != "active":
        status, code = assumptions.CALL_OF_INACTIVE_ACCOUNT
        raise ApiError(status, code, f"Account not active: {account.sid} is {account.status}")
    if not any(params.get(name) for name in _INSTRUCTIONS):
        status, code = assumptions.CALL_WITHOUT_INSTRUCTIONS
        raise ApiError(status, code, f"Give one of {', '.join(_INSTRUCTIONS)} for the call")
    fields = new_record(store, account.sid, "CA")
    call = store.put(Call(**fields, to=params["To"], from_=params["From"]))
    store.after_commit(lambda: _answer(store, call.sid))
    return call_body(call)


def fetch_call(request: Request) -> dict[str, Any]:
    """Show a call."""
    return call_body(record_of(request, Call))


def update_call(request: Request) -> dict[str, Any]:
    """End a call, cancel one that was not answered, or give it new instructions.

    Raises: ApiError for a call that has ended.
    """
    call, params, store = record_of(request, Call), request.params, request.store
    if call.has_ended and params:
        status, code = assumptions.CALL_NOT_IN_PROGRESS
        raise ApiError(
            status, code, f"Call is not in-progress. Cannot redirect. {call.sid} is {call.status}"
        )
    wanted = params.get("Status")
    # Source: call page: canceled has no effect on calls that are in progress.
    if wanted == "completed" or (wanted == "canceled" and call.status != "in-progress"):
        return call_body(store.change(call, status=wanted, end_time=store.clock.now()))
    return call_body(store.change(call))


def delete_call(request: Request) -> None:
    """Delete a call that has ended.

    Raises: ApiError for one that has not.
    """
    call = record_of(request, Call)
    if not call.has_ended:
        status, code = assumptions.CALL_NOT_ENDED
        raise ApiError(
            status, code, f"Call {call.sid} is {call.status} and cannot be deleted before it ends"
        )
    request.store.remove(call)


def call_body(call: Call) -> dict[str, Any]:
    """Write a call."""
    uri = uri_of(call, "Calls")
    return {
        **common(call, uri),
        "account_sid": call.account_sid,
        "answered_by": call.answered_by,
        "api_version": VERSION,
        "caller_name": call.caller_name,
        "direction": call.direction,
        "duration": call.duration,
        "end_time": rfc2822(call.end_time),
        "forwarded_from": call.forwarded_from,
        "from": call.from_,
        "from_formatted": formatted(call.from_),
        "group_sid": call.group_sid,
        "parent_call_sid": call.parent_call_sid,
        "phone_number_sid": call.phone_number_sid,
        "price": call.price,
        "price_unit": call.price_unit,
        "queue_time": call.queue_time,
        "start_time": rfc2822(call.start_time),
        "status": call.status,
        "subresource_uris": {name: f"{uri}/{path}.json" for name, path in _SUBRESOURCES.items()},
        "to": call.to,
        "to_formatted": formatted(call.to),
        "trunk_sid": call.trunk_sid,
    }


def formatted(address: str) -> str:
    """Write a North American number for people; anything else stays as it is."""
    return _NORTH_AMERICAN.sub(r"(\1) \2-\3", address, count=1)


def _answer(store: Store, sid: str) -> None:
    call = store[Call].get(sid)
    if call is not None and call.status == "queued":
        store.change(call, status="in-progress", start_time=store.clock.now())


def _methods(*names: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, "enum", choices=("GET", "POST")) for name in names)


def _urls(*names: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, "url") for name in names)


def _strings(names: Sequence[str], *, secret: bool = False) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, secret=secret) for name in names)


def _integers(*names: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, "integer", minimum=0) for name in names)


_GIVEN_TWICE = (
    *_urls("FallbackUrl", "StatusCallback", "Url"),
    *_methods("FallbackMethod", "Method", "StatusCallbackMethod"),
    *_integers("TimeLimit"),
    Parameter("Twiml"),
)
_CREATE = (
    Parameter("To", required=True, blank=False),
    Parameter("From", required=True, blank=False),
    *_GIVEN_TWICE,
    *_urls("AsyncAmdStatusCallback", "ClientNotificationUrl"),
    *_methods("AsyncAmdStatusCallbackMethod", "RecordingStatusCallbackMethod"),
    *_integers(
        "MachineDetectionSilenceTimeout",
        "MachineDetectionSpeechEndThreshold",
        "MachineDetectionSpeechThreshold",
        "MachineDetectionTimeout",
        "Timeout",
    ),
    *_strings(
        (
            "AsyncAmd",
            "CallReason",
            "CallerId",
            "MachineDetection",
            "RecordingChannels",
            "RecordingStatusCallback",
            "RecordingTrack",
            "SendDigits",
            "SipAuthUsername",
            "Trim",
        )
    ),
    *_strings(("CallToken", "SipAuthPassword"), secret=True),
    Parameter("ApplicationSid", "sid", sid_prefix="AP"),
    Parameter("Byoc", "sid", sid_prefix="BY"),
    Parameter("Record", "boolean"),
    Parameter("RecordingStatusCallbackEvent", repeated=True),
    Parameter("StatusCallbackEvent", repeated=True),
)
_LIST = f"{ACCOUNTS}/{{AccountSid}}/Calls.json"
_ONE = f"{ACCOUNTS}/{{AccountSid}}/Calls/{{Sid}}.json"

ROUTES = (
    Route(
        "GET",
        HOST,
        _LIST,
        list_calls,
        parameters=(
            Parameter("To", blank=False),
            Parameter("From", blank=False),
            Parameter("ParentCallSid", "sid", sid_prefix="CA", blank=False),
            Parameter("Status", "enum", choices=STATUSES),
            *moment_filters("StartTime"),
            *moment_filters("EndTime"),
        ),
        page_size=PAGE_SIZE,
    ),
    Route("POST", HOST, _LIST, create_call, parameters=_CREATE, status=201),
    Route("GET", HOST, _ONE, fetch_call),
    Route(
        "POST",
        HOST,
        _ONE,
        update_call,
        parameters=(Parameter("Status", "enum", choices=("canceled", "completed")), *_GIVEN_TWICE),
    ),
    Route("DELETE", HOST, _ONE, delete_call, status=204),
)
