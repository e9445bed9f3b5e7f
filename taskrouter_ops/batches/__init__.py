"""Batches: work for the functions, in Sync documents (docs/batch-protocol.md)."""

from taskrouter_ops.batches.batches import LIMIT_SECONDS, Batches
from taskrouter_ops.batches.progress import Planned, Progress

__all__ = ["LIMIT_SECONDS", "Batches", "Planned", "Progress"]
