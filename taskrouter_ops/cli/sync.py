"""`taskrouter sync`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from taskrouter_ops import queue_sync
from taskrouter_ops.cli.output import (
    NOT_REACHED,
    WRONG_USAGE,
    AsJson,
    examples,
    fail,
    out,
    progress,
    show,
)
from taskrouter_ops.cli.settings import settings_of
from taskrouter_ops.queue_sync import Listing, Plan

SHOWN = 20

EXAMPLES = examples(
    "taskrouter sync --stack production",
    "taskrouter sync --dry-run",
    "taskrouter sync --dry-run --expect-no-changes --json",
)


def sync(
    ctx: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show who is stale and what would change; no write.")
    ] = False,
    expect_no_changes: Annotated[
        bool,
        typer.Option(
            "--expect-no-changes", help="With --dry-run: exit code 1 when a worker is stale."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring every worker's attribute `queues` in line with the eligible queues."""
    if expect_no_changes and not dry_run:
        fail("--expect-no-changes goes with --dry-run: a sync is there to change", WRONG_USAGE)
    client, target = settings_of(ctx).deployed()
    with progress() as report:
        if not dry_run:
            result = queue_sync.run(client, target, report)
        else:
            listing = queue_sync.look(client, target.workspace_sid, report)
    if not dry_run:
        show(result.as_dict(), result.line(), as_json)
        return
    plan = queue_sync.plan_sync(listing.eligible, listing.current)
    _show_plan(plan, listing, as_json)
    if expect_no_changes and plan.stale:
        raise typer.Exit(NOT_REACHED)


def _show_plan(plan: Plan, listing: Listing, as_json: bool) -> None:
    if as_json:
        show(_as_dict(plan, listing.names), "", as_json)
        return
    out.print(f"{len(plan.stale)} of {plan.workers} workers are stale")
    if plan.items:
        out.print(_table(plan, listing.names))
    if len(plan.items) > SHOWN:
        out.print(f"and {len(plan.items) - SHOWN} more; --json shows all")
    for worker, why in plan.too_long:
        named = f"{listing.names.get(worker, worker)} ({worker}) {why}"
        out.print(named, markup=False, highlight=False, soft_wrap=True)


def _table(plan: Plan, names: Mapping[str, str]) -> Table:
    table = Table("worker", "add", "remove", box=None, pad_edge=False, header_style="bold")
    for column in table.columns:
        column.overflow = "fold"
    for item in plan.items[:SHOWN]:
        worker = f"{names.get(item.worker_sid, '')} {item.worker_sid}".strip()
        table.add_row(Text(worker), *(_named(queues, names) for queues in (item.add, item.remove)))
    return table


def _named(sids: Iterable[str], names: Mapping[str, str]) -> Text:
    """Return the queues' names; one that is gone has only its SID."""
    return Text(", ".join(sorted(names.get(sid, sid) for sid in sids)))


def _as_dict(plan: Plan, names: Mapping[str, str]) -> dict[str, Any]:
    items = [
        {
            "worker_sid": item.worker_sid,
            "worker_name": names.get(item.worker_sid),
            "add": list(item.add),
            "remove": list(item.remove),
        }
        for item in plan.items
    ]
    queues = {sid for item in plan.items for sid in (*item.add, *item.remove)}
    return {
        "workers": plan.workers,
        "queues": plan.queues,
        "stale": len(plan.stale),
        "items": items,
        "queue_names": {sid: names[sid] for sid in sorted(queues & names.keys())},
        "too_long": dict(plan.too_long),
    }
