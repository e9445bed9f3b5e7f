"""Serverless services."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from twilio_emulator import assumptions
from twilio_emulator.wire import Call, Parameter, Reply, Route, invalid, page

from . import rules
from .records import WITHIN_SERVICE, Service
from .rules import HOST, PAGE_SIZE

_UNIQUE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def render(service: Service) -> dict[str, Any]:
    """Write a service as Serverless answers it."""
    url = rules.url(service.sid)
    return {
        **rules.stamped(service),
        "friendly_name": service.friendly_name,
        "unique_name": service.unique_name,
        "include_credentials": service.include_credentials,
        "ui_editable": service.ui_editable,
        "domain_base": service.domain_base,
        "url": url,
        "links": {
            name: f"{url}/{name.capitalize()}"
            for name in ("environments", "functions", "assets", "builds")
        },
    }


def domain_base(unique_name: str, sid: str) -> str:
    """Name a service's domains: its unique name and four digits of its own.

    Source: Serverless API page; which digits is assumed.
    """
    lowest, highest = assumptions.DOMAIN_DIGITS
    number = int(hashlib.sha256(sid.encode()).hexdigest(), 16)
    digits = number % (highest - lowest + 1) + lowest
    return f"{unique_name.lower().replace('_', '-')}-{digits}"


def create_service(call: Call) -> Reply:
    """Create a service; its unique name is unique in the account."""
    name = call.params["UniqueName"]
    if not _UNIQUE_NAME.fullmatch(name):
        raise invalid(f"UniqueName '{name}' may have letters, digits, hyphens and underscores")
    if any(service.unique_name == name for service in rules.services(call)):
        raise rules.conflict(f"A Service with the UniqueName '{name}' already exists")
    basis = rules.born(call, "ZS")
    service = Service(
        **basis,
        unique_name=name,
        friendly_name=call.params["FriendlyName"],
        include_credentials=call.params.get("IncludeCredentials", True),
        ui_editable=call.params.get("UiEditable", False),
        domain_base=domain_base(name, basis["sid"]),
    )
    return Reply(render(call.store.put(service)))


def list_services(call: Call) -> dict[str, Any]:
    """List the account's services."""
    return page(call, "services", rules.services(call), render)


def fetch_service(call: Call) -> dict[str, Any]:
    """Read a service by SID or unique name."""
    return render(rules.find_service(call, "Sid"))


def update_service(call: Call) -> dict[str, Any]:
    """Change the given properties; the unique name cannot change."""
    names = {
        "FriendlyName": "friendly_name",
        "IncludeCredentials": "include_credentials",
        "UiEditable": "ui_editable",
    }
    given = {field: call.params[name] for name, field in names.items() if name in call.params}
    return render(call.store.change(rules.find_service(call, "Sid"), **given))


def delete_service(call: Call) -> None:
    """Delete a service with everything in it."""
    service = rules.find_service(call, "Sid")
    for kind in WITHIN_SERVICE:
        for record in rules.of_service(call.store, kind, service.sid):
            call.store.remove(record)
    call.store.remove(service)


_CHANGEABLE = (
    Parameter("IncludeCredentials", "boolean"),
    Parameter("UiEditable", "boolean"),
)
_NAME = Parameter("FriendlyName", max_length=255)
_NEW = (
    Parameter("UniqueName", required=True, max_length=50, blank=False),
    Parameter("FriendlyName", required=True, max_length=255),
    *_CHANGEABLE,
)
_ONE = "/v1/Services/{Sid}"
ROUTES = (
    Route("POST", HOST, "/v1/Services", create_service, parameters=_NEW, status=201),
    Route("GET", HOST, "/v1/Services", list_services, page_size=PAGE_SIZE),
    Route("GET", HOST, _ONE, fetch_service),
    Route("POST", HOST, _ONE, update_service, parameters=(_NAME, *_CHANGEABLE)),
    Route("DELETE", HOST, _ONE, delete_service, status=204),
)
