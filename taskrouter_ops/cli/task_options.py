"""The arguments and options that the commands of tasks share."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

import typer

from taskrouter_ops.task_router_service import OnFlushFailure


class FlushFailure(StrEnum):
    """What completing does when attributes could not be written first."""

    stop = "raise"
    go_on = "continue"


def _task_sid(value: str) -> str:
    if not re.fullmatch(r"WT[0-9a-fA-F]{32}", value):
        raise typer.BadParameter(f"{value!r} is not WT and 32 hexadecimal digits")
    return value


TaskSid = Annotated[str, typer.Argument(metavar="WT…", callback=_task_sid, help="The task.")]
Assignments = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME=TEXT|NAME:=JSON", help="What to set; a.b is b within a."),
]
Deferred = Annotated[bool, typer.Option("--deferred", help="Keep it for the task's next change.")]
Store = Annotated[
    str | None,
    typer.Option(
        "--deferred-store",
        envvar="TASKROUTER_DEFERRED",
        metavar="FILE|sync",
        help="Where deferred changes are kept: an SQLite file, or `sync` for the deployment's "
        "Sync service, which is used where it is known.",
    ),
]
ChangeId = Annotated[
    str | None,
    typer.Option("--id", metavar="ID", help="Apply a change with this id only once."),
]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Kept by Twilio.")]
OnFailure = Annotated[
    FlushFailure,
    typer.Option(
        "--on-flush-failure",
        help="Whether to go on when attributes could not be written first; what was deferred "
        "stays kept either way.",
    ),
]


def choice(given: FlushFailure) -> OnFlushFailure:
    """Return what the library takes."""
    return "continue" if given is FlushFailure.go_on else "raise"
