"""`taskrouter sync`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from taskrouter_ops import queue_sync
from taskrouter_ops.cli.output import AsJson, errors_in_one_line, out, progress, show
from taskrouter_ops.cli.settings import settings_of
from taskrouter_ops.queue_sync import Plan

SHOWN = 20


def sync(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan only.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring every worker's attribute `queues` in line with the eligible queues."""
    with errors_in_one_line(), progress() as report:
        settings = settings_of(ctx)
        client, target = settings.client(), settings.target()
        if dry_run:
            _show_plan(queue_sync.plan_now(client, target, report), as_json)
            return
        result = queue_sync.run(client, target, report)
        show(result.as_dict(), result.line(), as_json)


def _show_plan(plan: Plan, as_json: bool) -> None:
    if as_json:
        items = [
            {"worker_sid": i.worker_sid, "add": list(i.add), "remove": list(i.remove)}
            for i in plan.items
        ]
        counts = {"workers": plan.workers, "queues": plan.queues}
        show({**counts, "items": items, "too_long": dict(plan.too_long)}, "", as_json)
        return
    summary = f"{len(plan.stale)} of {plan.workers} workers are stale"
    out.print(summary)
    table = Table("worker", "add", "remove")
    for item in plan.items[:SHOWN]:
        table.add_row(item.worker_sid, str(len(item.add)), str(len(item.remove)))
    if plan.items:
        out.print(table)
    if len(plan.items) > SHOWN:
        out.print(f"and {len(plan.items) - SHOWN} more; --json shows all")
    for worker, why in plan.too_long:
        out.print(f"{worker} {why}", markup=False, soft_wrap=True)
