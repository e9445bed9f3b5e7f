"""API keys of an account; the secret is shown when a key is created and never again.

Source: key page (fields, `Keys.json`), SDKs (fields of a new key).
"""

from __future__ import annotations

from typing import Any

from twilio_emulator.store import new_record
from twilio_emulator.wire import Call, Parameter, Route

from .addressed import ACCOUNTS, HOST, account_of, record_of, records_of, rfc2822
from .listing import PAGE_SIZE, flat_page
from .records import ApiKey, made_secret

FRIENDLY_NAME_LENGTH = 64


def list_keys(call: Call) -> dict[str, Any]:
    """List an account's API keys, newest first."""
    found = records_of(call.store, ApiKey, account_of(call).sid)
    return flat_page(call, "keys", found, key_body)


def create_key(call: Call) -> dict[str, Any]:
    """Create an API key and show its secret, this once."""
    fields = new_record(call.store, account_of(call).sid, "SK")
    secret = made_secret(call.store, fields["sid"])
    name = call.params.get("FriendlyName", "")
    key = call.store.put(ApiKey(**fields, friendly_name=name, secret=secret))
    return {**key_body(key), "secret": secret}


def fetch_key(call: Call) -> dict[str, Any]:
    """Show an API key."""
    return key_body(record_of(call, ApiKey))


def update_key(call: Call) -> dict[str, Any]:
    """Rename an API key."""
    key = record_of(call, ApiKey)
    name = call.params.get("FriendlyName", key.friendly_name)
    return key_body(call.store.change(key, friendly_name=name))


def delete_key(call: Call) -> None:
    """Delete an API key: it opens nothing from now on."""
    call.store.remove(record_of(call, ApiKey))


def key_body(key: ApiKey) -> dict[str, Any]:
    """Write an API key without its secret."""
    return {
        "date_created": rfc2822(key.date_created),
        "date_updated": rfc2822(key.date_updated),
        "friendly_name": key.friendly_name,
        "sid": key.sid,
    }


_LIST = f"{ACCOUNTS}/{{AccountSid}}/Keys.json"
_ONE = f"{ACCOUNTS}/{{AccountSid}}/Keys/{{Sid}}.json"
_NAME = (Parameter("FriendlyName", max_length=FRIENDLY_NAME_LENGTH, source="doc"),)

ROUTES = (
    Route("GET", HOST, _LIST, list_keys, page_size=PAGE_SIZE, source="doc"),
    Route("POST", HOST, _LIST, create_key, parameters=_NAME, status=201, source="doc"),
    Route("GET", HOST, _ONE, fetch_key, source="doc"),
    Route("POST", HOST, _ONE, update_key, parameters=_NAME, source="doc"),
    Route("DELETE", HOST, _ONE, delete_key, status=204, source="doc"),
)
