"""The options of `twilio-emulator faults add`: which requests a rule meets, and what happens."""

from __future__ import annotations

from typing import Annotated

import typer

_MEETS, _DOES = "Which requests", "What happens to them"


Rule = Annotated[str | None, typer.Argument(help="A rule as a JSON object; options win over it.")]
Preset = Annotated[
    str | None, typer.Option(help="A rule with a name; `faults presets` lists them.")
]
Kind = Annotated[
    str | None, typer.Option(help="api, function or callback.", rich_help_panel=_MEETS)
]
Host = Annotated[str | None, typer.Option(help="Regular expression.", rich_help_panel=_MEETS)]
Method = Annotated[str | None, typer.Option(help="HTTP method.", rich_help_panel=_MEETS)]
Path = Annotated[str | None, typer.Option(help="Regular expression.", rich_help_panel=_MEETS)]
Function = Annotated[
    str | None, typer.Option(help="Path of a Twilio Function.", rich_help_panel=_MEETS)
]
EventType = Annotated[
    str | None, typer.Option(help="Type of an event callback.", rich_help_panel=_MEETS)
]
Rate = Annotated[
    float | None,
    typer.Option(help="Share of them, 0 to 1.", min=0, max=1, rich_help_panel=_MEETS),
]
Skip = Annotated[
    int | None, typer.Option(help="Let so many pass first.", min=0, rich_help_panel=_MEETS)
]
Count = Annotated[
    int | None, typer.Option(help="Only so many of them.", min=0, rich_help_panel=_MEETS)
]
Latency = Annotated[
    str | None,
    typer.Option(
        help="Milliseconds to wait: 250, uniform:100,400, normal:200,50 (mean, deviation) or"
        " lognormal:200,0.5 (median, sigma).",
        rich_help_panel=_DOES,
    ),
]
Status = Annotated[int | None, typer.Option(help="Answer with this status.", rich_help_panel=_DOES)]
RetryAfter = Annotated[
    int | None, typer.Option(help="Retry-After of that answer.", rich_help_panel=_DOES)
]
Drop = Annotated[
    bool | None, typer.Option("--drop", help="Drop the connection.", rich_help_panel=_DOES)
]
After = Annotated[
    bool | None,
    typer.Option("--after", help="Only after the write took effect.", rich_help_panel=_DOES),
]
Process = Annotated[
    str | None,
    typer.Option(help="kill or freeze a function's process.", rich_help_panel=_DOES),
]
ProcessAfter = Annotated[
    float | None,
    typer.Option(help="Milliseconds the function has run by then.", rich_help_panel=_DOES),
]
