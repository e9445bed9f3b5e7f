"""Bring every worker's attribute `queues` in line with the queues the worker is eligible for."""

from taskrouter_ops.queue_sync.listing import Listing, look
from taskrouter_ops.queue_sync.plan import Item, Plan, plan_sync
from taskrouter_ops.queue_sync.run import SyncResult, plan_now, run

__all__ = ["Item", "Listing", "Plan", "SyncResult", "look", "plan_now", "plan_sync", "run"]
