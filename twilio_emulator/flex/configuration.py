"""Read and change the Flex configuration.

Source: flex_v1 OpenAPI document: fields as of its Configuration example; the update takes JSON.
"""

from __future__ import annotations

from typing import Any

from twilio_emulator.wire import Call, Parameter, Route, invalid, not_found

from .properties import DEFAULTS, check
from .records import FlexConfiguration

HOST = "flex-api.twilio.com"
_PATH = "/v1/Configuration"
_OWN = ("account_sid", "date_created", "date_updated", "url")


def _configuration(call: Call) -> FlexConfiguration:
    index = call.store[FlexConfiguration].index("account", lambda item: item.account_sid)
    found = index.first(call.account_sid)
    if found is None:
        raise not_found(call)
    return found


def _body(configuration: FlexConfiguration) -> dict[str, Any]:
    return {
        **DEFAULTS,
        **configuration.settings,
        "account_sid": configuration.account_sid,
        "date_created": configuration.date_created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "date_updated": configuration.date_updated.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "url": f"https://{HOST}{_PATH}",
    }


def fetch_configuration(call: Call) -> dict[str, Any]:
    """Show the configuration; there is none on an account without Flex."""
    return _body(_configuration(call))


def update_configuration(call: Call) -> dict[str, Any]:
    """Replace the properties given; others stay.

    What Twilio keeps itself (account, dates, url) may be sent along and changes nothing.
    Raises: ApiError 400/20001 for a property the configuration does not have, or another type.
    """
    configuration = _configuration(call)
    if not isinstance(call.json, dict):
        raise invalid("The post body must be a JSON object")
    changes = {name: value for name, value in call.json.items() if name not in _OWN}
    check(changes)
    settings = {**configuration.settings, **changes}
    return _body(call.store.change(configuration, settings=settings))


ROUTES = (
    Route("GET", HOST, _PATH, fetch_configuration, parameters=(Parameter("UiVersion"),)),
    Route("POST", HOST, _PATH, update_configuration, body="json"),
)
