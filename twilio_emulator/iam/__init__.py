"""IAM v1: tokens of people who are signed in to Flex, checked at `iam.twilio.com`.

Twilio hands such a token to a browser that has signed in; there is no documented way to ask for
one, so the emulator issues them by an own route (`admin/flex_token_route.py`).
"""

from __future__ import annotations

from .records import FlexToken
from .tokens import IssuedToken, issue
from .validation import ROUTES

__all__ = ["RECORDS", "ROUTES", "FlexToken", "IssuedToken", "issue"]

RECORDS = (FlexToken,)
