"""Bring every worker's attribute `queues` in line with the queues the worker is eligible for."""

from taskrouter_ops.queue_sync.plan import Item, Plan, plan_sync
from taskrouter_ops.queue_sync.run import SyncResult, plan_now, run

__all__ = ["Item", "Plan", "SyncResult", "plan_now", "plan_sync", "run"]
