"""The parameters of reservations: 54 for an update from the task's side, 52 from the worker's.

Source: taskrouter_v1 OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twilio_emulator.wire import Parameter

STATUSES = (
    "pending",
    "accepted",
    "rejected",
    "timeout",
    "canceled",
    "rescinded",
    "wrapping",
    "completed",
)
CALL_EVENTS = ("initiated", "ringing", "answered", "completed")
CONFERENCE_EVENTS = ("start", "end", "join", "leave", "mute", "hold", "speaker")
METHODS = ("GET", "POST")
LONGEST_RINGING = 999  # seconds

_STATUS = Parameter("ReservationStatus", "enum", choices=STATUSES)


def _method(name: str) -> Parameter:
    return Parameter(name, "enum", choices=METHODS)


def _activity(name: str) -> Parameter:
    return Parameter(name, "sid", sid_prefix="WA")


def _timeout(name: str) -> Parameter:
    return Parameter(name, "integer", minimum=1, maximum=LONGEST_RINGING)


LIST_OF_WORKER = (_STATUS,)
LIST_OF_TASK = (_STATUS, Parameter("WorkerSid", "sid", sid_prefix="WK", blank=False))

FOR_WORKERS = (
    _STATUS,
    _activity("WorkerActivitySid"),
    Parameter("Instruction", blank=False),
    _activity("DequeuePostWorkActivitySid"),
    Parameter("DequeueFrom"),
    Parameter("DequeueRecord"),
    _timeout("DequeueTimeout"),
    Parameter("DequeueTo"),
    Parameter("DequeueStatusCallbackUrl", "url"),
    Parameter("DequeueStatusCallbackEvent", repeated=True),
    Parameter("CallFrom"),
    Parameter("CallRecord"),
    _timeout("CallTimeout"),
    Parameter("CallTo"),
    Parameter("CallUrl", "url"),
    Parameter("CallStatusCallbackUrl", "url"),
    Parameter("CallAccept", "boolean"),
    Parameter("RedirectCallSid", "sid", sid_prefix="CA"),
    Parameter("RedirectAccept", "boolean"),
    Parameter("RedirectUrl", "url"),
    Parameter("To"),
    Parameter("From"),
    Parameter("StatusCallback", "url"),
    _method("StatusCallbackMethod"),
    Parameter("StatusCallbackEvent", "enum", choices=CALL_EVENTS, repeated=True),
    _timeout("Timeout"),
    Parameter("Record", "boolean"),
    Parameter("Muted", "boolean"),
    Parameter("Beep"),
    Parameter("StartConferenceOnEnter", "boolean"),
    Parameter("EndConferenceOnExit", "boolean"),
    Parameter("WaitUrl", "url"),
    _method("WaitMethod"),
    Parameter("EarlyMedia", "boolean"),
    Parameter("MaxParticipants", "integer", minimum=2, maximum=250),
    Parameter("ConferenceStatusCallback", "url"),
    _method("ConferenceStatusCallbackMethod"),
    Parameter("ConferenceStatusCallbackEvent", "enum", choices=CONFERENCE_EVENTS, repeated=True),
    Parameter("ConferenceRecord"),
    Parameter("ConferenceTrim"),
    Parameter("RecordingChannels"),
    Parameter("RecordingStatusCallback", "url"),
    _method("RecordingStatusCallbackMethod"),
    Parameter("ConferenceRecordingStatusCallback", "url"),
    _method("ConferenceRecordingStatusCallbackMethod"),
    Parameter("Region"),
    Parameter("SipAuthUsername"),
    Parameter("SipAuthPassword", secret=True),
    _activity("PostWorkActivitySid"),
    Parameter("EndConferenceOnCustomerExit", "boolean"),
    Parameter("BeepOnCustomerEntrance", "boolean"),
    Parameter("JitterBufferSize"),
)
FOR_TASKS = (
    *FOR_WORKERS,
    Parameter("SupervisorMode", "enum", choices=("monitor", "whisper", "barge")),
    Parameter("Supervisor"),
)

_NAMES: dict[str, dict[str, str]] = {
    "reject": {"WorkerActivitySid": "activity_sid"},
    "dequeue": {"DequeueTo": "to", "DequeuePostWorkActivitySid": "post_work_activity_sid"},
    "call": {"CallFrom": "from", "CallUrl": "url", "CallTo": "to", "CallAccept": "accept"},
    "redirect": {
        "RedirectCallSid": "call_sid",
        "RedirectUrl": "url",
        "RedirectAccept": "accept",
    },
    "conference": {"To": "to", "PostWorkActivitySid": "post_work_activity_sid"},
    "supervise": {"Supervisor": "supervisor"},
}


def values_of(instruction: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Pick what an instruction goes by, under the names assignment callbacks use."""
    names = _NAMES.get(instruction.lower(), {})
    return {names[name]: value for name, value in params.items() if name in names}
