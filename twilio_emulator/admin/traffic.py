"""Own routes about requests: the journal of them, and failures on demand."""

from __future__ import annotations

import re
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from .faults import WrongFault
from .journal import KINDS, Filter
from .presets import PRESETS
from .request import OwnRequest, Refusal, refuse_unknown

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

_FILTERS = {item.name for item in fields(Filter)}
_STATUS = re.compile(r"[1-5](\d\d|xx|XX)|none")


async def read_journal(emulator: Emulator, request: OwnRequest) -> dict[str, Any]:
    """List requests: those that fit, after number `since`, the last `limit` of them."""
    refuse_unknown(request.query, _FILTERS | {"since", "limit"})
    wanted = Filter(**{name: text for name, text in request.query.items() if name in _FILTERS})
    if wanted.kind is not None and wanted.kind not in KINDS:
        raise Refusal(400, f"kind '{wanted.kind}' is none of {', '.join(KINDS)}")
    if wanted.status is not None and _STATUS.fullmatch(wanted.status) is None:
        raise Refusal(400, f"status '{wanted.status}' is no status (as 429, 5xx or none)")
    for pattern in (wanted.host, wanted.path):
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise Refusal(400, f"'{pattern}' is not a regular expression: {error}") from None
    since, limit = request.number("since") or 0, request.number("limit")
    entries = emulator.journal.select(wanted, since=since, limit=limit)
    return {"entries": [entry.shown() for entry in entries]}


async def clear_journal(emulator: Emulator, _request: OwnRequest) -> dict[str, Any]:
    """Forget the requests so far."""
    emulator.journal.clear()
    return {"entries": []}


async def read_faults(emulator: Emulator, _request: OwnRequest) -> dict[str, Any]:
    """List the rules in force and used up, and the presets there are."""
    return {
        "faults": [fault.shown() for fault in emulator.faults.all()],
        "presets": {name: asdict(preset) for name, preset in PRESETS.items()},
    }


async def add_fault(emulator: Emulator, request: OwnRequest) -> dict[str, Any]:
    """Put a rule in force."""
    try:
        return emulator.faults.add(request.body).shown()
    except WrongFault as error:
        raise Refusal(400, str(error)) from None


async def remove_faults(emulator: Emulator, request: OwnRequest) -> dict[str, Any]:
    """Lift the rule with this `id`, or all."""
    refuse_unknown(request.query, ("id",))
    fault_id = request.query.get("id")
    removed = emulator.faults.remove(fault_id)
    if fault_id is not None and not removed:
        known = ", ".join(fault.id for fault in emulator.faults.all()) or "none"
        raise Refusal(404, f"there is no rule '{fault_id}' (there are: {known})")
    return {"removed": removed}
