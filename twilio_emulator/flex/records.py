"""What Flex keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from twilio_emulator.store import Record


@dataclass(frozen=True, kw_only=True)
class FlexConfiguration(Record):
    """An account's Flex configuration; `settings` holds what differs from the defaults."""

    KIND: ClassVar[str] = "flex.configuration"

    settings: dict[str, Any]
