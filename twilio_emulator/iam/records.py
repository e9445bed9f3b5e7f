"""What is kept of a token."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from twilio_emulator.store import Record


@dataclass(frozen=True, kw_only=True)
class FlexToken(Record):
    """A token of somebody signed in to Flex; the text itself is not kept.

    Shape: `digest` is the SHA-256 of the text in hexadecimal digits, `worker_sid` None for
    somebody who is no worker.
    """

    KIND: ClassVar[str] = "iam.flex_token"

    digest: str = field(repr=False)
    identity: str
    worker_sid: str | None
    roles: list[str]
    expiration: datetime
