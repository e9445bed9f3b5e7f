"""Time the stuck task cleaner beside a serial run and beside the published recipe, one by one.

Ten thousand open tasks after an outage (`bench_stuck_tasks_floor`) on the emulator, which
answers every request 20 ms late, as a distant API does. Each way starts from the same state:

- the cleaner as `taskrouter stuck-tasks --apply` runs it, at several widths;
- the recipe of the support article: task by task, the call fetched for each, closed at once.

Beside the time stand the requests, and what became of the tasks: how many that are stuck were
closed, and how many were closed that are not (live conference, call ended a moment ago,
orchestrated by somebody else).

Run it with `make bench-stuck-tasks`, or
`python -m benchmarks.bench_stuck_tasks [tasks] [latency in ms]`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from taskrouter_ops.stuck_tasks import Options, clean, rules_from
from twilio_client import Credentials, NotFound, TwilioClient, urls
from twilio_emulator.testing import RunningEmulator, start_emulator

from .bench_stuck_tasks_floor import (
    ENDS,
    EXCLUDE,
    EXCLUDE_ATTRIBUTES,
    NOW,
    STATUSES,
    Floor,
    make_floor,
    plant,
    tasks_of,
)

DEFAULTS = ("10000", "20")  # tasks, latency in ms
WIDTHS = (8, 20, 1)
SNAPSHOT = "outage"


@dataclass(frozen=True)
class Run:
    """One way's time (seconds), requests, and what it closed."""

    name: str
    seconds: float
    requests: int
    stuck: int
    others: int


def by_cleaner(width: int) -> Callable[[TwilioClient, str], None]:
    """Return the cleaner at a width."""
    rules = rules_from(exclude=EXCLUDE, exclude_attributes=EXCLUDE_ATTRIBUTES)

    def run(client: TwilioClient, workspace: str) -> None:
        clean(client, workspace, Options(rules=rules, apply=True, concurrency=width))

    return run


def by_recipe(client: TwilioClient, workspace: str) -> None:
    """Follow the support article: list, then task by task fetch the call and close."""
    url = urls.taskrouter("Workspaces", workspace, "Tasks")
    listed = [
        task for status in STATUSES for task in client.list(url, {"AssignmentStatus": status})
    ]
    for task in listed:
        call_sid = _call_sid(task["attributes"])
        if task["task_channel_unique_name"] != "voice" or call_sid is None:
            continue
        account = client.credentials.account_sid
        try:
            call = client.get(urls.api("Accounts", account, "Calls", f"{call_sid}.json")).body
        except NotFound:
            continue
        if call["status"] in ENDS:
            status = "completed" if task["assignment_status"] == "assigned" else "canceled"
            client.post(f"{url}/{task['sid']}", {"AssignmentStatus": status, "Reason": "stuck"})


def _call_sid(attributes: str) -> str | None:
    try:
        found = json.loads(attributes).get("call_sid")
    except ValueError:
        return None
    return found if isinstance(found, str) else None


def measure(
    emulator: RunningEmulator,
    workspace: str,
    floor: Floor,
    latency_ms: float,
    name: str,
    way: Callable[[TwilioClient, str], None],
) -> Run:
    """Let one way work on the floor as it was seeded."""
    emulator.restore(SNAPSHOT)
    emulator.clear_journal()
    credentials = Credentials(emulator.account_sid, auth_token=emulator.auth_token)
    client = TwilioClient(credentials, emulator.base_url)
    with emulator.fault(kind="api", latency_ms=latency_ms):
        started = time.perf_counter()
        way(client, workspace)
        seconds = time.perf_counter() - started
    client.transport.session.close()
    requests = len(emulator.journal(kind="api"))
    after = tasks_of(emulator, workspace)
    closed = {n for n, task in after.items() if task["assignment_status"] not in STATUSES}
    stuck = len(closed & floor.stuck)
    return Run(name, seconds, requests, stuck, len(closed) - stuck)


def show(console: Console, floor: Floor, runs: list[Run]) -> None:
    """Lay out the runs, times relative to the first."""
    table = Table(title=f"{len(floor.document['tasks']):,} open tasks, {len(floor.stuck):,} stuck")
    table.add_column("way")
    for column in ("seconds", "times the first", "requests", "stuck closed", "others closed"):
        table.add_column(column, justify="right")
    for run in runs:
        table.add_row(
            run.name,
            f"{run.seconds:.1f}",
            f"{run.seconds / runs[0].seconds:.1f}",
            f"{run.requests:,}",
            f"{run.stuck:,}",
            f"{run.others:,}",
        )
    console.print(table)


def main() -> None:
    """Run the benchmark."""
    given = [*sys.argv[1:], *DEFAULTS[len(sys.argv) - 1 :]]
    count, latency_ms = int(given[0]), float(given[1])
    third = count // 3
    floor = make_floor((count - 2 * third, third, third))
    ways = {f"cleaner, --concurrency {width}": by_cleaner(width) for width in WIDTHS}
    with start_emulator(workers=0, start=NOW, rate_limits=False) as emulator:
        workspace = plant(emulator, floor)
        emulator.take_snapshot(SNAPSHOT)
        runs = [
            measure(emulator, workspace, floor, latency_ms, name, way)
            for name, way in {**ways, "recipe, one by one": by_recipe}.items()
        ]
    show(Console(width=120), floor, runs)


if __name__ == "__main__":
    main()
