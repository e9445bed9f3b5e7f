"""Flex v1: the account's one Configuration, at `flex-api.twilio.com`."""

from __future__ import annotations

from .configuration import ROUTES
from .records import FlexConfiguration

__all__ = ["RECORDS", "ROUTES"]

RECORDS = (FlexConfiguration,)
