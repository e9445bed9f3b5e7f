"""Write down where the clock is, and set one by that: after a restart, and from a snapshot.

A running clock is ahead of the machine's by what was added on demand, a virtual one stands at a
moment.  Either is written down as a note that the other can go on from; no clock ever stands
before the moment of the note it was set by, so that nothing was made in the future.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .store import Clock, StateError

YEARS = range(1970, 9000)
"""Where a clock may stand; leaves room for what is counted from there."""


def note(clock: Clock, seconds: float = 0.0) -> dict[str, Any]:
    """Write down where the clock will be after some seconds more.

    Units: `moment` in seconds since 1970, `ahead` in seconds.
    """
    moment = clock.time() + seconds
    return {"moment": moment, "ahead": 0.0 if clock.is_virtual else moment - time.time()}


def clock_by(noted: Mapping[str, Any], *, is_virtual: bool) -> Clock:
    """Return a clock that goes on from a note.

    Raises: StateError for a note that no emulator wrote.
    """
    moment = _moment(noted, "moment", 0.0)
    ahead = _moment(noted, "ahead", time.time())
    if is_virtual:
        return Clock(moment)
    clock = Clock()
    clock.advance(max((max(moment, ahead) - datetime.now(UTC)).total_seconds(), 0.0))
    return clock


def _moment(noted: Mapping[str, Any], name: str, since: float) -> datetime:
    try:
        moment = datetime.fromtimestamp(since + noted[name], UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise StateError(f"it does not tell where the clock is ({error!r})") from error
    if moment.year not in YEARS:
        raise StateError(f"its clock stands in the year {moment.year}")
    return moment
