"""Own routes about the emulator as a whole: status, reset, clock and limits."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from twilio_emulator.store import Clock
from twilio_emulator.timekeeping import YEARS
from twilio_emulator.version import version

from .limits import SWITCHES, UnknownLimit
from .request import OwnRequest, Refusal, refuse_unknown

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

_LONGEST_STEP = 100 * 366 * 86_400.0


async def status(emulator: Emulator, _request: OwnRequest) -> dict[str, Any]:
    """Tell version, process, accounts and how much of everything there is."""
    counts = {items.kind.KIND: len(items) for items in emulator.store}
    return {
        "version": version(),
        "pid": os.getpid(),
        "port": emulator.port,
        "accounts": [account.sid for account in emulator.accounts()],
        "data": str(emulator.settings.data) if emulator.settings.data else None,
        "time": emulator.clock.now().isoformat(),
        "virtual_clock": emulator.clock.is_virtual,
        "faults": len(emulator.faults.all()),
        "limits_lifted": [name for name, on in emulator.limits.shown().items() if not on],
        "counts": counts,
    }


async def reset(emulator: Emulator, request: OwnRequest) -> dict[str, Any]:
    """Go back to the sample account."""
    body = dict(request.body)
    refuse_unknown(body, ("seed", "workers", "clock"))
    chosen = body.pop("clock", None)
    for name, value in body.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise Refusal(400, f"{name} must be a number not below 0")
    await emulator.reset(
        seed=body.get("seed"),
        workers=body.get("workers"),
        clock=None if chosen is None else _clock(chosen),
    )
    return await status(emulator, request)


def _clock(chosen: object) -> Clock:
    return Clock() if chosen == "running" else Clock(_moment("clock", chosen))


async def read_clock(emulator: Emulator, _request: OwnRequest) -> dict[str, Any]:
    """Tell the time."""
    return {"time": emulator.clock.now().isoformat(), "virtual": emulator.clock.is_virtual}


async def advance(emulator: Emulator, request: OwnRequest) -> dict[str, Any]:
    """Move the clock on by `seconds`, or to the moment `to`."""
    refuse_unknown(request.body, ("seconds", "to"))
    emulator.advance(_seconds(emulator, request.body))
    return await read_clock(emulator, request)


def _seconds(emulator: Emulator, body: dict[str, Any]) -> float:
    if len(body) != 1:
        raise Refusal(400, "give seconds, a number not below 0, or to, a moment")
    if "to" in body:
        return _until(emulator, _moment("to", body["to"]))
    seconds = _step(body["seconds"])
    if _year_after(emulator, seconds) not in YEARS:
        raise Refusal(400, f"the clock goes no further than the year {YEARS[-1]}")
    return seconds


def _step(seconds: object) -> float:
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        raise Refusal(400, "seconds must be a number")
    if not 0 <= seconds <= _LONGEST_STEP:  # not a number fails this as well
        raise Refusal(400, "seconds must be not below 0, and no more than 100 years")
    return float(seconds)


def _year_after(emulator: Emulator, seconds: float) -> int:
    # The clock itself is within the years, and a step is far shorter than what is left to 9999.
    return (emulator.clock.now() + timedelta(seconds=seconds)).year


def _until(emulator: Emulator, moment: datetime) -> float:
    seconds = moment.timestamp() - emulator.clock.time()
    if seconds < 0:
        now = emulator.clock.now().isoformat()
        raise Refusal(400, f"time moves forward only: it is {now} already")
    return seconds


def _moment(name: str, text: object) -> datetime:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Refusal(400, f"{name} '{text}' is no moment like 2026-01-01T00:00:00Z")
    if moment.year not in YEARS:
        raise Refusal(400, f"{name} '{text}' is not within the years 1970 to {YEARS[-1]}")
    return moment


async def read_limits(emulator: Emulator, _request: OwnRequest) -> dict[str, Any]:
    """Tell which of Twilio's limits hold, and what each is about."""
    return {"limits": emulator.limits.shown(), "about": dict(SWITCHES)}


async def switch_limits(emulator: Emulator, request: OwnRequest) -> dict[str, Any]:
    """Lift limits or put them in force again: {"activities": false} or {"all": true}."""
    wrong = [name for name, value in request.body.items() if not isinstance(value, bool)]
    if wrong:
        raise Refusal(400, f"{', '.join(wrong)} must be true or false")
    try:
        emulator.limits.switch(request.body)
    except UnknownLimit as error:
        raise Refusal(400, str(error)) from None
    return await read_limits(emulator, request)
