"""The options of `taskrouter stuck-tasks`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from taskrouter_ops.stuck_tasks import MOST_CONCURRENCY

Apply = Annotated[bool, typer.Option("--apply", help="Close them; without it nothing is changed.")]
MinAge = Annotated[
    str,
    typer.Option(
        metavar="90s|10m|2h|1d",
        help="Leave tasks alone that are younger, or whose call ended more recently.",
    ),
]
Workflow = Annotated[
    str | None, typer.Option(metavar="WW…|NAME", help="Only tasks of this workflow.")
]
Queue = Annotated[str | None, typer.Option(metavar="WQ…|NAME", help="Only tasks in this queue.")]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        metavar="EXPRESSION",
        help="Leave tasks alone whose attributes match this TaskRouter expression, or may; "
        "repeatable.",
    ),
]
ExcludeAttribute = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="Leave tasks alone that have this attribute, neither false nor null; "
        "dots go into objects; repeatable.",
    ),
]
CallStatus = Annotated[
    str,
    typer.Option(metavar="STATUS,…", help="How the call has to have ended; also: canceled."),
]
Reason = Annotated[str, typer.Option(help="Kept with the closed tasks.")]
MaxClose = Annotated[
    int | None, typer.Option(min=0, help="Close at most so many, the oldest first.")
]
Concurrency = Annotated[int, typer.Option(min=1, max=MOST_CONCURRENCY, help="How many at a time.")]
JsonFile = Annotated[
    Path | None,
    typer.Option(
        "--json", metavar="FILE", help="Write the full report; - is standard output, alone."
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", help="Also list what is left alone, and why.")]
