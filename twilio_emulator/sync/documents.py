"""Sync documents."""

from __future__ import annotations

from typing import Any

from twilio_emulator.wire import Call, Parameter, Reply, Route, page

from . import errors, rules
from .rates import count_creation, count_read, count_write
from .records import Document
from .services import HOST, PAGE_SIZE


def render(document: Document) -> dict[str, Any]:
    """Write a document as Sync answers it."""
    url = f"https://{HOST}/v1/Services/{document.service_sid}/Documents/{document.sid}"
    return {
        "sid": document.sid,
        "unique_name": document.unique_name,
        "account_sid": document.account_sid,
        "service_sid": document.service_sid,
        "revision": str(document.version),
        "data": rules.rendered_data(document.data),
        "date_expires": rules.render_date(document.date_expires),
        "date_created": rules.render_date(document.date_created),
        "date_updated": rules.render_date(document.date_updated),
        "created_by": document.created_by,
        "url": url,
        "links": {"permissions": f"{url}/Permissions"},
    }


def _reply(document: Document) -> Reply:
    return Reply(render(document), etag=document.version)


def create_document(call: Call) -> Reply:
    """Create a document at revision 0."""
    service = rules.find_service(call)
    name = rules.unique_name(call, Document, service)
    count_creation(call, service.sid)
    now = call.store.clock.now()
    document = Document(
        sid=call.store.new_sid("ET"),
        account_sid=call.account_sid,
        date_created=now,
        date_updated=now,
        service_sid=service.sid,
        unique_name=name,
        data=rules.data(call),
        date_expires=rules.expiry(call, "Ttl"),
    )
    count_write(call, document.sid, document.data)
    return _reply(call.store.put(document))


def list_documents(call: Call) -> dict[str, Any]:
    """List a service's documents."""
    documents = rules.in_service(call, Document, rules.find_service(call))
    return page(call, "documents", documents, render, position=call.store[Document].position)


def fetch_document(call: Call) -> Reply:
    """Read a document by SID or unique name."""
    document = rules.find(call, Document)
    count_read(call, document.sid)
    return _reply(document)


def update_document(call: Call) -> Reply:
    """Replace a document's data, its time to live, or both, under If-Match when given."""
    document = rules.find(call, Document)
    rules.check_revision(call, document, errors.DOCUMENT_REVISION_MISMATCH)
    changes: dict[str, Any] = {}
    if "Data" in call.params:
        changes["data"] = rules.data(call)
    if "Ttl" in call.params:
        changes["date_expires"] = rules.expiry(call, "Ttl")
    count_write(call, document.sid, changes.get("data", ""))
    return _reply(call.store.change(document, **changes))


def delete_document(call: Call) -> None:
    """Delete a document; Twilio takes no If-Match here."""
    document = rules.find(call, Document)
    count_write(call, document.sid)
    call.store.remove(document)


TTL = Parameter("Ttl", "integer", minimum=0, maximum=31536000)
DATA = Parameter("Data", "object")
_ALL = "/v1/Services/{ServiceSid}/Documents"
_ONE = _ALL + "/{Sid}"
ROUTES = (
    Route(
        "POST",
        HOST,
        _ALL,
        create_document,
        parameters=(Parameter("UniqueName"), DATA, TTL),
        status=201,
    ),
    Route("GET", HOST, _ALL, list_documents, page_size=PAGE_SIZE),
    Route("GET", HOST, _ONE, fetch_document),
    Route("POST", HOST, _ONE, update_document, parameters=(DATA, TTL), if_match=True),
    Route("DELETE", HOST, _ONE, delete_document, status=204),
)
