"""What functions wrote, line by line."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from twilio_emulator import assumptions
from twilio_emulator.store import Store
from twilio_emulator.wire import Call, Parameter, Route, not_found, page

from . import rules
from .records import Log
from .rules import HOST, PAGE_SIZE

KEPT = timedelta(days=30)
SHOWN = timedelta(days=1)


def render(log: Log) -> dict[str, Any]:
    """Write a log line as Serverless answers it."""
    base = rules.url(log.service_sid, "Environments", log.environment_sid)
    rendered = rules.stamped(log)
    del rendered["date_updated"]
    return {
        **rendered,
        "service_sid": log.service_sid,
        "environment_sid": log.environment_sid,
        "build_sid": log.build_sid,
        "deployment_sid": log.deployment_sid,
        "function_sid": log.function_sid,
        "request_sid": log.request_sid,
        "level": log.level,
        "message": log.message,
        "url": f"{base}/Logs/{log.sid}",
    }


def list_logs(call: Call) -> dict[str, Any]:
    """List an environment's lines, by default the last day's, newest first.

    Source: OpenAPI document (filters and defaults) and Serverless API page (30 days); the order
    is assumed.
    """
    environment = rules.find_environment(call)
    now = call.store.clock.now()
    since = max(call.params.get("StartDate", now - SHOWN), now - KEPT)
    until = call.params.get("EndDate")
    wanted = call.params.get("FunctionSid")
    lines = [
        log
        for log in rules.of_environment(call.store, Log, environment.sid)
        if log.date_created >= since
        and (until is None or log.date_created <= until)
        and wanted in (None, log.function_sid)
    ]
    step = -1 if assumptions.LOGS_NEWEST_FIRST else 1
    return page(call, "logs", lines[::step], render)


def fetch_log(call: Call) -> dict[str, Any]:
    """Read one line, as long as it is kept."""
    log = rules.find_in_environment(call, Log)
    if log.date_created < call.store.clock.now() - KEPT:
        raise not_found(call)
    return render(log)


def forget_old(store: Store, environment_sid: str) -> None:
    """Remove an environment's lines that are older than Twilio keeps them."""
    limit = store.clock.now() - KEPT
    for log in rules.of_environment(store, Log, environment_sid):
        if log.date_created >= limit:
            return
        store.remove(log)


_ALL = "/v1/Services/{ServiceSid}/Environments/{EnvironmentSid}/Logs"
_FILTERS = (
    Parameter("FunctionSid", "sid", sid_prefix="ZH", blank=False),
    Parameter("StartDate", "date", blank=False),
    Parameter("EndDate", "date", blank=False),
)
ROUTES = (
    Route("GET", HOST, _ALL, list_logs, parameters=_FILTERS, page_size=PAGE_SIZE),
    Route("GET", HOST, _ALL + "/{Sid}", fetch_log),
)
