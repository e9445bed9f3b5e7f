"""The options of `twilio-emulator serve`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from twilio_emulator.timekeeping import YEARS

DATA = Path(".local/emulator")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no moment like 2026-01-01T00:00:00Z") from None
    if moment.year not in YEARS:
        raise typer.BadParameter(f"'{text}' is not within the years 1970 to {YEARS[-1]}")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port; 0 takes a free one.", min=0, max=65535)]
Data = Annotated[
    Path | None,
    typer.Option(help="Directory to keep state in.", show_default=str(DATA)),
]
Memory = Annotated[bool, typer.Option("--memory", help="Keep nothing.")]
Snapshot = Annotated[
    Path | None, typer.Option(help="Start from this file, made by `snapshot --file`.")
]
Workers = Annotated[int, typer.Option(help="Workers of the sample account.", min=0)]
Seed = Annotated[int, typer.Option(help="Seed of SIDs and of the sample account.")]
Sample = Annotated[bool, typer.Option(help="Make the sample contact centre.")]
Start = Annotated[
    datetime | None,
    typer.Option(
        parser=_moment,
        metavar="MOMENT",
        help="Let the clock stand at this moment; `clock` moves it on.",
    ),
]
RateLimits = Annotated[bool, typer.Option(help="Enforce Twilio's request rates.")]
Limits = Annotated[
    bool, typer.Option(help="Enforce all of Twilio's limits, request rates included.")
]
Openapi = Annotated[
    Path | None,
    typer.Option(
        envvar="TWILIO_OPENAPI",
        help="Check every exchange against the OpenAPI documents in this folder.",
    ),
]
AllowRemote = Annotated[
    bool, typer.Option("--allow-remote", help="Allow addresses other machines can reach.")
]
