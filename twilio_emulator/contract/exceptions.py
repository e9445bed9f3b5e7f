"""Where Twilio's documents and what is known of its service differ, each with the reason."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .report import Violation


@dataclass(frozen=True)
class Departure:
    """A violation that is meant.

    Shape: `route` ("POST /v1/Workspaces/{Sid}"; without the host), `where` and `what` are
    regular expressions that have to match whole.
    """

    route: str
    where: str
    what: str
    reason: str

    def covers(self, violation: Violation) -> bool:
        """Tell whether this is the violation meant."""
        return (
            re.fullmatch(self.route, f"{violation.method} {violation.route}") is not None
            and re.fullmatch(self.where, violation.where) is not None
            and re.fullmatch(self.what, violation.what) is not None
        )


_CALLBACKS = "event_callback_url|(fallback_)?assignment_callback_url"

DEPARTURES = (
    Departure(
        "POST .*",
        "parameter .*",
        "'' (is not a 'uri'|does not match .*|is too short|is not of type .*|is not one of .*)",
        "an empty value clears a property: recorded by a Terraform provider's tests",
    ),
    Departure(
        "(GET|POST) /v1/Workspaces.*",
        rf"answer(\.\w+\[\])?\.({_CALLBACKS})",
        "'' is not a 'uri'",
        "an address that is not set reads back empty: recorded by a Terraform provider's tests",
    ),
    Departure(
        r"POST /v1/Workspaces/\{WorkspaceSid\}/Activities/\{Sid\}",
        "parameter Available",
        "not declared, and yet accepted",
        "Twilio's own notes say that it is accepted and ignored",
    ),
    Departure(
        r"(GET|POST) /v1/Workspaces/\{WorkspaceSid\}/TaskQueues.*",
        r"answer.*\.links\.(assignment|reservation)_activity",
        "missing in comparison with the examples",
        "assumed: there is no address of an activity that is not set",
    ),
    Departure(
        r"(GET|POST) /v1/Workspaces/\{WorkspaceSid\}/Tasks.*",
        r"answer.*\.links\.(task_queue|workflow)",
        "missing in comparison with the examples",
        "assumed: there is no address of a queue or workflow that the task is not in",
    ),
    Departure(
        r"(GET|POST) .*/Workers/\{WorkerSid\}/Reservations/\{Sid\}",
        "header etag",
        "sent, not declared",
        "assumed: If-Match is declared here, and the version comes from somewhere",
    ),
    Departure(
        r"(GET|POST|DELETE) /2010-04-01/Accounts/\{Sid\}/(Queues|Keys|Conferences|Participants).*",
        "operation",
        "api.twilio.com declares no such operation",
        "declared by the whole 2010 document, not by one cut to accounts and calls",
    ),
    Departure(
        r"POST /v1/Services/[^/]+/(Functions|Assets)/\{Sid\}/Versions",
        "operation",
        "serverless-upload.twilio.com declares no such operation",
        "the upload host has no OpenAPI document: taken from Twilio's deployment tool",
    ),
    Departure(
        r"POST /v1/Accounts/\{Sid\}/Tokens/validate",
        "operation",
        "iam.twilio.com declares no such operation",
        "in no OpenAPI document: taken from Twilio's package twilio-flex-token-validator",
    ),
)


def is_meant(violation: Violation) -> bool:
    """Tell whether the emulator departs from the documents on purpose here."""
    return any(departure.covers(violation) for departure in DEPARTURES)
