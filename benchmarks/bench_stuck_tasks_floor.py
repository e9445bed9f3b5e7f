"""Ten thousand open tasks after an outage: which of them are stuck is known beforehand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from twilio_emulator.testing import RunningEmulator

NOW = "2026-01-01T12:00:00Z"
OLD = 7200
STATUSES = ("pending", "reserved", "assigned")
EXCLUDE = ("orchestration == 'custom'",)
EXCLUDE_ATTRIBUTES = ("flags.hold_open",)
ENDS = ("completed", "failed", "busy", "no-answer")
# Each holds this many reservations of a channel, Twilio's most.
CAPACITY = 50

_KINDS = (
    *("chat",) * 5,
    *("sms",) * 2,
    *("own call",) * 6,
    *("shared call",) * 4,
    "broken JSON",
    "no call_sid",
    "odd call_sid",
    "call live",
    "call just ended",
    "call canceled",
    "call unknown",
    "excluded by expression",
    "excluded by attribute",
    "exclusion undecided",
    "conference live",
    "conference over",
    "young",
)
_STUCK = frozenset(("own call", "shared call", "conference over"))
_NEVER_LOOKED_UP = frozenset(
    (
        "chat",
        "sms",
        "broken JSON",
        "no call_sid",
        "odd call_sid",
        "young",
        "excluded by expression",
        "excluded by attribute",
        "exclusion undecided",
    )
)
_NUMBER = re.compile(r'"n": ?(\d+)')


def sid(prefix: str, number: int) -> str:
    """Make a SID."""
    return f"{prefix}{number:032x}"


@dataclass
class Floor:
    """What is seeded, and what a right run does to it."""

    document: dict[str, Any]
    stuck: set[int] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    conferences: set[str] = field(default_factory=set)
    looked_at: int = 0


def make_floor(counts: Sequence[int] = (3334, 3333, 3333)) -> Floor:
    """Plan so many tasks of each status, mixed alike."""
    floor = Floor({"workers": _workers(counts[1]), "tasks": [], "calls": [], "conferences": []})
    numbers = iter(range(1, sum(counts) + 1))
    for status, count in zip(STATUSES, counts, strict=True):
        for place in range(count):
            _add(floor, status, _KINDS[place % len(_KINDS)], next(numbers))
    return floor


def plant(emulator: RunningEmulator, floor: Floor) -> str:
    """Make the floor on an emulator in its first state; return the workspace's SID."""
    configuration = emulator.request("GET", "https://flex-api.twilio.com/v1/Configuration")
    workspace = str(configuration.json()["taskrouter_workspace_sid"])
    url = f"https://taskrouter.twilio.com/v1/Workspaces/{workspace}/TaskQueues"
    for name, expression in (("Waiting", "1==2"), ("Offered", "team == 'offered'")):
        form = {"FriendlyName": name, "TargetWorkers": expression}
        emulator.request("POST", url, data=form).raise_for_status()
    emulator.seed(floor.document)
    return workspace


def tasks_of(emulator: RunningEmulator, workspace_sid: str) -> dict[int, dict[str, Any]]:
    """Read all tasks from outside, by the number in their attributes."""
    return {number_of(task): task for task in _pages(emulator, workspace_sid)}


def number_of(task: dict[str, Any]) -> int:
    """Return a task's number; it is also in attributes that are no JSON."""
    found = _NUMBER.search(task["attributes"])
    if found is None:
        raise AssertionError(f"{task['sid']} was not seeded here")
    return int(found[1])


def _pages(emulator: RunningEmulator, workspace_sid: str) -> Iterator[dict[str, Any]]:
    url = f"https://taskrouter.twilio.com/v1/Workspaces/{workspace_sid}/Tasks?PageSize=1000"
    while url:
        page = emulator.request("GET", url).json()
        yield from page["tasks"]
        url = page["meta"]["next_page_url"]


def _workers(reserved: int) -> list[dict[str, Any]]:
    holding = {"channels": dict.fromkeys(("voice", "chat", "sms"), CAPACITY)}
    return [
        {"friendly_name": "holder", "attributes": {}},
        {
            "count": reserved // CAPACITY + 2,
            "friendly_name": "offered-{n}",
            "attributes": {"team": "offered"},
            "activity": "Available",
            **holding,
        },
    ]


def _add(floor: Floor, status: str, kind: str, number: int) -> None:
    shared = number // 40
    call = sid("CA", 1_000_000 + shared if kind == "shared call" else number)
    _plan_call(floor, kind, call, number)
    _plan_conference(floor, kind, number)
    if kind not in _NEVER_LOOKED_UP:
        floor.calls.add(call)
        floor.looked_at += 1
    if kind in _STUCK:
        floor.stuck.add(number)
    channel = kind if kind in ("chat", "sms") else "voice"
    floor.document["tasks"].append(
        {
            "channel": channel,
            "queue": "Offered" if status == "reserved" else "Waiting",
            "attributes": _attributes(kind, call, number),
            "age": 60 if kind == "young" else OLD,
            **({"state": "assigned", "worker": "holder"} if status == "assigned" else {}),
        }
    )


def _attributes(kind: str, call: str, number: int) -> dict[str, Any] | str:
    if kind == "broken JSON":
        return f'{{"n": {number}, "call_sid": "{call}", '
    more: dict[str, Any] = {
        "excluded by expression": {"orchestration": "custom"},
        "excluded by attribute": {"flags": {"hold_open": True}},
        "exclusion undecided": {"orchestration": 7},
        "conference live": {"conference": {"sid": sid("CF", number), "participants": {}}},
        "conference over": {"conference": {"sid": sid("CF", number), "participants": {}}},
    }.get(kind, {})
    given = {"odd call_sid": {"call_sid": f"{call}0"}, "no call_sid": {}}
    return {"n": number, "from": "+15550000100", **given.get(kind, {"call_sid": call}), **more}


def _plan_call(floor: Floor, kind: str, call: str, number: int) -> None:
    known = floor.document["calls"]
    if kind == "call unknown" or (kind == "shared call" and call in floor.calls):
        return
    status = {"call live": "in-progress", "call canceled": "canceled"}.get(
        kind, ENDS[number % len(ENDS)]
    )
    ended = datetime.fromisoformat(NOW) - timedelta(seconds=60 if "just" in kind else OLD - 60)
    end = {} if status == "in-progress" else {"end_time": ended.isoformat()}
    known.append({"sid": call, "status": status, **end})


def _plan_conference(floor: Floor, kind: str, number: int) -> None:
    if not kind.startswith("conference"):
        return
    floor.conferences.add(sid("CF", number))
    live = {"sid": sid("CF", number), "participants": [{"label": "agent"}]}
    over = {"sid": sid("CF", number), "status": "completed"}
    floor.document["conferences"].append(live if kind == "conference live" else over)


def expected_calls(floor: Floor, pages: int) -> int:
    """Return how many requests a run that closes everything needs."""
    return pages + len(floor.calls) + len(floor.conferences) + 2 * len(floor.stuck)
