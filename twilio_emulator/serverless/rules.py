"""Look-ups and forms that all Serverless resources share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from twilio_emulator import assumptions
from twilio_emulator.store import Record, Store
from twilio_emulator.wire import ApiError, Call, not_found

from .records import Build, Deployment, Environment, File, FileVersion, Log, Service, Variable

HOST = "serverless.twilio.com"
UPLOAD_HOST = "serverless-upload.twilio.com"
PAGE_SIZE = 1000

S = TypeVar("S", Environment, File, FileVersion, Build, Deployment, Log, Variable)
E = TypeVar("E", Deployment, Log, Variable)


def render_date(moment: datetime) -> str:
    """Write a date as Serverless does: ISO 8601 UTC in whole seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def stamped(record: Record) -> dict[str, Any]:
    """Write what every resource has."""
    return {
        "sid": record.sid,
        "account_sid": record.account_sid,
        "date_created": render_date(record.date_created),
        "date_updated": render_date(record.date_updated),
    }


def born(call: Call, prefix: str) -> dict[str, Any]:
    """Make what every new record has."""
    now = call.store.clock.now()
    return {
        "sid": call.store.new_sid(prefix),
        "account_sid": call.account_sid,
        "date_created": now,
        "date_updated": now,
    }


def url(*segments: str) -> str:
    """Write an address below a service."""
    return f"https://{HOST}/v1/Services/" + "/".join(segments)


def conflict(message: str) -> ApiError:
    """Refuse a name that is taken."""
    status, code = assumptions.SERVERLESS_NAME_TAKEN
    return ApiError(status, code, message)


def services(call: Call) -> Sequence[Service]:
    """List the account's services."""
    index = call.store[Service].index("account", lambda service: service.account_sid)
    return index.get(call.account_sid)


def find_service(call: Call, part: str = "ServiceSid") -> Service:
    """Find the service an address names by SID or unique name.

    Raises: ApiError 404/20404.
    """
    named = call.sids[part]
    for service in services(call):
        if named in (service.sid, service.unique_name):
            return service
    raise not_found(call)


def of_service(store: Store, kind: type[S], service_sid: str) -> Sequence[S]:
    """List the records of one class that belong to a service."""
    return store[kind].index("service", lambda record: record.service_sid).get(service_sid)


def of_environment(store: Store, kind: type[E], environment_sid: str) -> Sequence[E]:
    """List the records of one class that belong to an environment."""
    index = store[kind].index("environment", lambda record: record.environment_sid)
    return index.get(environment_sid)


def find(call: Call, kind: type[S], part: str = "Sid") -> S:
    """Find a record of the service in the address by its SID.

    Raises: ApiError 404/20404.
    """
    service = find_service(call)
    found = call.store[kind].get(call.sids[part])
    if found is None or found.service_sid != service.sid:
        raise not_found(call)
    return found


def find_environment(call: Call, part: str = "EnvironmentSid") -> Environment:
    """Find the environment an address names.

    Raises: ApiError 404/20404.
    """
    return find(call, Environment, part)


def find_in_environment(call: Call, kind: type[E]) -> E:
    """Find a record of the environment in the address by its SID.

    Raises: ApiError 404/20404.
    """
    found = find(call, kind)
    if found.environment_sid != find_environment(call).sid:
        raise not_found(call)
    return found


def environments_running(store: Store, build_sid: str) -> Sequence[Environment]:
    """List the environments a build is live in."""
    return store[Environment].index("build", lambda item: item.build_sid).get(build_sid)
