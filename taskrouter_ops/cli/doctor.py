"""`taskrouter doctor`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from taskrouter_ops.cli.output import NOT_REACHED, AsJson, examples, out, progress, show
from taskrouter_ops.cli.settings import CliSettings, settings_of
from taskrouter_ops.doctor import Deployment, Finding, examine, worst
from twilio_client import RetryPolicy, TwilioClient

EXAMPLES = examples(
    "taskrouter doctor --stack production",
    "taskrouter doctor --stack-outputs .local/outputs.json --strict",
    "taskrouter doctor --workspace-sid WS… --json",
)

# Words beside the marks: neither colour nor a sign alone carries the meaning.
MARKS = {"ok": ("✔", "green"), "warning": ("!", "yellow"), "failed": ("✘", "red")}
SKIPPED = ("-", "dim")

# A doctor tells that somebody does not answer; it does not wait until they do.
PATIENCE = RetryPolicy(attempts=3)


def doctor(
    ctx: typer.Context,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit code 1 for warnings and skipped checks as well."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Look over the deployment, say what is wrong and what to do; nothing is changed.

    Exit code 1 when a check failed. Checks of what is not given are skipped.
    """
    settings = settings_of(ctx)
    client = settings.client(retry=PATIENCE)
    calls = _counted(client)
    with progress() as report:
        findings = examine(client, _deployment(settings), report)
    outcome = worst(findings)
    if as_json:
        found = [finding.as_dict() for finding in findings]
        show({"outcome": outcome, "requests": calls(), "findings": found}, "", as_json)
    else:
        _print(findings, _summary(findings, calls()))
    doubtful = {"warning", "skipped"} & {finding.outcome for finding in findings}
    if outcome == "failed" or (strict and doubtful):
        raise typer.Exit(NOT_REACHED)


def _deployment(settings: CliSettings) -> Deployment:
    return Deployment(
        settings.part("workspace_sid"),
        settings.part("sync_service_sid"),
        settings.part("functions_url"),
        settings.callback(),
    )


def _counted(client: TwilioClient) -> Callable[[], int]:
    """Count the requests that were answered, from now on."""
    answered: list[None] = []

    def count(*_answer: Any, **_more: Any) -> None:
        answered.append(None)

    client.transport.session.hooks["response"].append(count)
    return lambda: len(answered)


def _print(findings: Sequence[Finding], summary: str) -> None:
    """Print a table on a terminal, and lines that stay whole where somebody searches them."""
    if out.is_terminal:
        out.print(Group(_table(findings), Text(summary)))
        return
    lines = [f"{finding.outcome:8} {finding.name}: {_told(finding)}" for finding in findings]
    show({}, "\n".join([*lines, summary]), as_json=False)


def _told(finding: Finding) -> str:
    return f"{finding.found} → {finding.advice}" if finding.advice else finding.found


def _table(findings: Sequence[Finding]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        mark, style = MARKS.get(finding.outcome, SKIPPED)
        told = Text(finding.found)
        if finding.advice:
            told.append(f"\n→ {finding.advice}", style="bold")
        table.add_row(Text(f"{mark} {finding.outcome}", style=style), Text(finding.name), told)
    return table


def _summary(findings: Sequence[Finding], requests: int) -> str:
    counts = Counter[str](finding.outcome for finding in findings)
    told = [f"{counts[outcome]} {outcome}" for outcome in (*MARKS, "skipped") if counts[outcome]]
    return f"\n{', '.join(told)}; {requests} requests"
