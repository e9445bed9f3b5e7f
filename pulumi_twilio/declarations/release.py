"""Release: the record that a configuration was verified and the workers synced.

The post-deploy hooks run before it is created or updated and write what they found to the
Sync document `release`; this resource is how their findings come into state.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pulumi_twilio.declarations.call import Call, Created, Refused, Values
from pulumi_twilio.declarations.model import (
    Declaration,
    IdPart,
    Kind,
    Output,
    Property,
    Sent,
)
from pulumi_twilio.declarations.shared import WORKSPACE_SID
from twilio_client import NotFound, urls

DOCUMENT = "release"
VERIFIED = "verified"
SYNC_PAGE_SIZE = 100
_INPUTS = ("workspaceSid", "syncServiceSid", "functionsUrl", "triggers")
_FOUND_BY_HOOKS = ("functionsUrl", "triggers")


def _create(call: Call) -> Created:
    return Created(f"{call.value('workspaceSid')}/{DOCUMENT}", _recorded(call))


def _recorded(call: Call) -> Values:
    record = _document(call)
    if record is None:
        raise Refused(
            f"record {call.label}: there is no Sync document {DOCUMENT!r} in "
            f"{call.value('syncServiceSid')}, so the post-deploy hooks did not run. Bind "
            "verify-callbacks and sync-worker-queues to this resource as before-create and "
            "before-update hooks"
        )
    return {**_asked_for(call), **_found(record)}


def _read(call: Call) -> Values | None:
    if call.imported:
        return _imported(call)
    record = _document(call)
    return None if record is None else {**_asked_for(call), **_found(record)}


def _imported(call: Call) -> Values | None:
    """Search the account's Sync services for the record, since the id names none of them."""
    what = f"look for the record of {call.label}"
    services = call.client.list(urls.sync("Services"), page_size=SYNC_PAGE_SIZE, what=what)
    candidates = [replace(call, inputs={"syncServiceSid": each["sid"]}) for each in services]
    found = [(each, record) for each in candidates if (record := _document(each)) is not None]
    if len(found) > 1:
        sids = ", ".join(each.value("syncServiceSid") for each, _ in found)
        raise Refused(
            f"import {call.label}: several Sync services hold a record ({sids}). Let the next "
            "`pulumi up` make this resource instead: its hooks change nothing that is right"
        )
    if not found:
        return None
    holder, record = found[0]
    place = {name: holder.value(name) for name in ("workspaceSid", "syncServiceSid")}
    return {**place, **_found(record)}


def _delete(call: Call) -> None:
    try:
        call.client.delete(_document_url(call), what=f"delete {call.label}")
    except NotFound:
        return


def _document(call: Call) -> dict[str, Any] | None:
    try:
        body = call.client.get(_document_url(call), what=f"read {call.label}").body
    except NotFound:
        return None
    data = body.get("data")
    return data if isinstance(data, dict) else {}


def _document_url(call: Call) -> str:
    return urls.sync("Services", call.value("syncServiceSid"), "Documents", DOCUMENT)


def _asked_for(call: Call) -> Values:
    return {name: call.inputs.get(name, call.state.get(name)) for name in _INPUTS}


def _found(record: dict[str, Any]) -> Values:
    return {
        "status": record.get("status") or "unverified",
        "verifiedAt": record.get("verified_at"),
        "checks": record.get("checks"),
        "lastSync": record.get("last_sync"),
        "batchDocumentSid": record.get("batch_document_sid"),
    }


def _found_output(name: str, kind: Kind, doc: str) -> Output:
    return Output(name, kind, doc, changes_with=_FOUND_BY_HOOKS, optional=True)


RELEASE = Declaration(
    type="twilio:taskrouter:Release",
    doc=(
        "The record that this configuration was verified and every worker's queues synced. "
        "It is the last resource of a stack; the post-deploy hooks are bound to it, and a change "
        "of `triggers` runs them again, and so does the next update while it is unverified."
    ),
    product="sync",
    path=("Services", "{syncServiceSid}", "Documents"),
    id_parts=(IdPart("workspaceSid", "WS"), IdPart(literal=DOCUMENT)),
    properties=(
        WORKSPACE_SID,
        Property(
            "syncServiceSid",
            Kind.STRING,
            "The Sync service that holds the record.",
            required=True,
            sid="IS",
            replaces=True,
            sent=Sent.NEVER,
        ),
        Property(
            "functionsUrl",
            Kind.STRING,
            "Address of the deployed functions, `https://<domain>`, which the hooks call.",
            required=True,
            url=True,
            sent=Sent.NEVER,
            write_only=True,
        ),
        Property(
            "triggers",
            Kind.STRING_MAP,
            "What the record is about, such as a digest of every queue's expression, the callback "
            "settings and the build; the preview names the key that changed.",
            required=True,
            sent=Sent.NEVER,
            write_only=True,
        ),
    ),
    outputs=(
        replace(
            _found_output("status", Kind.STRING, "`verified` or `unverified`."), settled=VERIFIED
        ),
        _found_output("verifiedAt", Kind.STRING, "When the callbacks were verified (ISO 8601)."),
        _found_output("checks", Kind.JSON, "Each check of the verification and its outcome."),
        _found_output("lastSync", Kind.JSON, "Counts of the last full worker-queue sync."),
        _found_output(
            "batchDocumentSid", Kind.STRING, "The Sync document with the batch's progress."
        ),
    ),
    source="Sync API, Document resource (OpenAPI sync_v1)",
    example={
        "workspaceSid": "${workspace}",
        "syncServiceSid": "${syncService}",
        "functionsUrl": "https://contact-centre-1234-live.twil.io",
        "triggers": {"taskQueues": "4f1c0a97"},
    },
    create=_create,
    read=_read,
    update=_recorded,
    delete=_delete,
)
