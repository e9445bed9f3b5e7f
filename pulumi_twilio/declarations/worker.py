"""Worker: somebody (or something) tasks are given to.

A worker's attributes have many writers. The program's keys are the program's; `queues` and
`queues_digest` belong to the worker-queue sync; a key the program never declared (Flex writes
`contact_uri`, `full_name`, … at each log-in) is left alone by updates and is no drift. Only an
import takes all keys there are.
"""

from __future__ import annotations

from typing import Any

from pulumi_twilio.declarations import crud
from pulumi_twilio.declarations.call import Call, Refused, Values
from pulumi_twilio.declarations.model import (
    Declaration,
    Failure,
    IdPart,
    Kind,
    Namesake,
    Property,
    sid_output,
)
from pulumi_twilio.declarations.shared import WORKSPACE_SID, friendly_name
from pulumi_twilio.declarations.special import has_unknown
from pulumi_twilio.declarations.wire import update_form
from twilio_client import AttributesTooLong, update_attributes
from twilio_client.attributes import attributes_text, parse_attributes

SYNC_KEYS = ("queues", "queues_digest")


def merged(current: Values, old: Values, new: Values) -> Values:
    """Put the program's attributes into the current ones. Pure.

    Keys the program dropped go, keys it has are set, all others stay.
    """
    dropped = {key for key in old if key not in new}
    kept = {key: value for key, value in current.items() if key not in dropped}
    return {**kept, **new}


def _declared(call: Call, values: Values) -> Values:
    """Keep of the attributes read those that the program declares."""
    ours, live = call.inputs.get("attributes") or {}, values.get("attributes") or {}
    kept = {key: value for key, value in live.items() if key in ours}
    return {**values, "attributes": kept or None}


def _read(call: Call) -> Values | None:
    values = crud.read(call)
    return values if values is None or call.imported else _declared(call, values)


def _update(call: Call) -> Values:
    form = update_form(call.declaration, call.old_inputs, call.inputs)
    if "Attributes" not in form:
        return _declared(call, crud.update(call))
    del form["Attributes"]
    old = call.old_inputs.get("attributes") or {}
    new = call.inputs.get("attributes") or {}
    done = update_attributes(
        call.client,
        crud.item_url(call),
        lambda current: merged(current, old, new),
        what=f"update {call.label}",
        also=form or None,
    )
    values = None if done.outcome == "gone" else crud.read(call)
    if values is None:
        raise Refused(
            f"update {call.label}: it is gone; run `pulumi up --refresh`, which makes it again"
        )
    return _declared(call, values)


def _own_attributes(text: Any) -> Values | None:
    attributes = parse_attributes(text)
    return {key: value for key, value in attributes.items() if key not in SYNC_KEYS} or None


def _check(inputs: Values) -> list[Failure]:
    attributes = inputs.get("attributes")
    if not isinstance(attributes, dict):
        return []
    failures = [
        Failure(f"attributes.{key}", "belongs to the worker-queue sync, leave it out")
        for key in SYNC_KEYS
        if key in attributes
    ]
    if not has_unknown(attributes):
        try:
            attributes_text(attributes)
        except AttributesTooLong as error:
            failures.append(Failure("attributes", error.twilio_message))
    return failures


WORKER = Declaration(
    type="twilio:taskrouter:Worker",
    doc=(
        "A worker. Flex makes workers when people log in; declare those only that a program "
        "owns. The attributes `queues` and `queues_digest` belong to the worker-queue sync and "
        "are left alone."
    ),
    product="taskrouter",
    path=("Workspaces", "{workspaceSid}", "Workers"),
    id_parts=(IdPart("workspaceSid", "WS"), IdPart("sid", "WK")),
    properties=(
        WORKSPACE_SID,
        friendly_name("The worker's name, unique within the workspace whatever its case."),
        Property(
            "activitySid",
            Kind.STRING,
            "Activity the worker is in. Left out: Twilio's default at first, then whatever the "
            "worker does.",
            sid="WA",
            unset_keeps=True,
        ),
        Property(
            "attributes",
            Kind.JSON,
            "What expressions ask for (skills, languages, …); at most 4096 characters as JSON.",
            default={},
            from_answer=_own_attributes,
        ),
    ),
    outputs=(sid_output("Worker"),),
    namesake=Namesake("friendlyName", filter="FriendlyName", ignore_case=True),
    retries_delete=True,
    source="TaskRouter API, Worker resource and limits page (OpenAPI taskrouter_v1)",
    assumed="The FriendlyName filter finds the exact name; Twilio refuses its other cases itself.",
    example={
        "workspaceSid": "${workspace}",
        "friendlyName": "alice",
        "attributes": {"skills": ["sales"], "languages": ["en"]},
    },
    check=_check,
    read=_read,
    update=_update,
)
