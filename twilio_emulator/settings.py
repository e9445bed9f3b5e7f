"""What one running emulator was told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that can be chosen at the start.

    Shape: `data` None keeps nothing beyond the process; `start` makes the clock virtual;
    `rate_limits` False lifts Twilio's request rates, `limits` False all of Twilio's limits
    (`emulator.limits` tells what holds now); `snapshot` is a file to start from.
    """

    host: str = "127.0.0.1"
    port: int = 4010
    data: Path | None = None
    sample: bool = True
    workers: int = 250
    seed: int = 1
    start: datetime | None = None
    rate_limits: bool = True
    limits: bool = True
    snapshot: Path | None = None
