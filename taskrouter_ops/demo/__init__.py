"""Demonstrations on a local Twilio, each in a workspace of its own that it removes again."""

from taskrouter_ops.demo.multi_reservation import Demonstration, Options, run
from taskrouter_ops.demo.race import Offer, Round, Watcher

__all__ = ["Demonstration", "Offer", "Options", "Round", "Watcher", "run"]
