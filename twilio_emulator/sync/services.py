"""Sync services."""

from __future__ import annotations

from typing import Any

from twilio_emulator.wire import Call, Parameter, Reply, Route, page

from . import rules
from .records import Document, SyncList, SyncMap, SyncService

HOST = "sync.twilio.com"
PAGE_SIZE = 100
_PROPERTIES = {
    "FriendlyName": "friendly_name",
    "WebhookUrl": "webhook_url",
    "ReachabilityWebhooksEnabled": "reachability_webhooks_enabled",
    "AclEnabled": "acl_enabled",
    "ReachabilityDebouncingEnabled": "reachability_debouncing_enabled",
    "ReachabilityDebouncingWindow": "reachability_debouncing_window",
    "WebhooksFromRestEnabled": "webhooks_from_rest_enabled",
}


def render(service: SyncService) -> dict[str, Any]:
    """Write a service as Sync answers it."""
    url = f"https://{HOST}/v1/Services/{service.sid}"
    return {
        "sid": service.sid,
        "unique_name": service.unique_name,
        "account_sid": service.account_sid,
        **{name: getattr(service, name) for name in _PROPERTIES.values()},
        "date_created": rules.render_date(service.date_created),
        "date_updated": rules.render_date(service.date_updated),
        "url": url,
        "links": {
            name: f"{url}/{name.capitalize()}" for name in ("documents", "lists", "maps", "streams")
        },
    }


def _given(call: Call) -> dict[str, Any]:
    """Read the given properties; an empty one is cleared and reads back null."""
    given = {field: call.params[name] for name, field in _PROPERTIES.items() if name in call.params}
    return {field: None if value == "" else value for field, value in given.items()}


def create_service(call: Call) -> Reply:
    """Create a service."""
    now = call.store.clock.now()
    service = SyncService(
        sid=call.store.new_sid("IS"),
        account_sid=call.account_sid,
        date_created=now,
        date_updated=now,
        **_given(call),
    )
    return Reply(render(call.store.put(service)))


def list_services(call: Call) -> dict[str, Any]:
    """List the account's services."""
    return page(call, "services", rules.services(call), render)


def fetch_service(call: Call) -> dict[str, Any]:
    """Read a service."""
    return render(rules.find_service(call, "Sid"))


def update_service(call: Call) -> dict[str, Any]:
    """Change the given properties of a service."""
    return render(call.store.change(rules.find_service(call, "Sid"), **_given(call)))


def delete_service(call: Call) -> None:
    """Delete a service with everything in it."""
    service = rules.find_service(call, "Sid")
    for document in rules.in_service(call, Document, service):
        rules.remove(call, document)
    for sync_list in rules.in_service(call, SyncList, service):
        rules.remove(call, sync_list)
    for sync_map in rules.in_service(call, SyncMap, service):
        rules.remove(call, sync_map)
    call.store.remove(service)


_PARAMETERS = (
    Parameter("FriendlyName"),
    Parameter("WebhookUrl", "url"),
    Parameter("ReachabilityWebhooksEnabled", "boolean"),
    Parameter("AclEnabled", "boolean"),
    Parameter("ReachabilityDebouncingEnabled", "boolean"),
    Parameter("ReachabilityDebouncingWindow", "integer", minimum=1000, maximum=30000),
    Parameter("WebhooksFromRestEnabled", "boolean"),
)
_ONE = "/v1/Services/{Sid}"
ROUTES = (
    Route("POST", HOST, "/v1/Services", create_service, parameters=_PARAMETERS, status=201),
    Route("GET", HOST, "/v1/Services", list_services, page_size=PAGE_SIZE),
    Route("GET", HOST, _ONE, fetch_service),
    Route("POST", HOST, _ONE, update_service, parameters=_PARAMETERS),
    Route("DELETE", HOST, _ONE, delete_service, status=204),
)
