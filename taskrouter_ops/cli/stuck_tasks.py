"""`taskrouter stuck-tasks`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from taskrouter_ops.cli.output import (
    INTERRUPTED,
    NOT_REACHED,
    WRONG_USAGE,
    Unwritable,
    err,
    examples,
    fail,
    json_text,
    out,
)
from taskrouter_ops.cli.settings import settings_of
from taskrouter_ops.cli.stopping import Stop, stopping_on_signals
from taskrouter_ops.cli.stuck_tasks_options import (
    Apply,
    CallStatus,
    Concurrency,
    Exclude,
    ExcludeAttribute,
    JsonFile,
    MaxClose,
    MinAge,
    Queue,
    Reason,
    Verbose,
    Workflow,
)
from taskrouter_ops.stuck_tasks import (
    Filters,
    Options,
    Outcome,
    Report,
    TaskReport,
    clean,
    rules_from,
)
from taskrouter_ops.stuck_tasks.rules import (
    DEFAULT_CALL_STATUSES,
    DEFAULT_MIN_AGE,
    DEFAULT_REASON,
)
from taskrouter_ops.stuck_tasks.wording import summary, task_line
from twilio_client import RetryPolicy

# Three retries; the waits are drawn at random up to 0.5, 1 and 2 seconds.
RETRY = RetryPolicy(attempts=4, first_seconds=0.5)
# What each stage counts, and after how many there is a line; a page of a list has 1,000.
STAGES = {
    "listing": ("tasks listed", 1000),
    "tasks": ("tasks read one by one", 100),
    "calls": ("calls looked up", 100),
    "conferences": ("conferences looked up", 100),
    "closing": ("tasks had their turn", 100),
}
STDOUT = Path("-")
CALL_STATUSES = ",".join(DEFAULT_CALL_STATUSES)
EXAMPLES = examples(
    "taskrouter stuck-tasks",
    "taskrouter stuck-tasks --apply --max-close 100 --json report.json",
    "taskrouter stuck-tasks --queue Support --min-age 1h --exclude \"orchestration == 'custom'\"",
)


def stuck_tasks(
    ctx: typer.Context,
    apply: Apply = False,
    min_age: MinAge = DEFAULT_MIN_AGE,
    workflow: Workflow = None,
    queue: Queue = None,
    exclude: Exclude = None,
    exclude_attribute: ExcludeAttribute = None,
    call_status: CallStatus = CALL_STATUSES,
    reason: Reason = DEFAULT_REASON,
    max_close: MaxClose = None,
    concurrency: Concurrency = 8,
    json_file: JsonFile = None,
    verbose: Verbose = False,
) -> None:
    """Close voice tasks whose call is over; shows what it would do unless told to --apply.

    A task is stuck when it is pending, reserved or assigned while its call (attribute call_sid)
    has ended. An assigned one is completed, the others are canceled. Tasks whose conference has
    participants are never closed.

    Exit codes: 0 done, 1 some tasks errored or the report cannot be written, 2 wrong usage, 3 the
    listing failed and nothing was closed, 130 interrupted.
    """
    rules = rules_from(
        call_statuses=call_status,
        min_age=min_age,
        exclude=exclude or (),
        exclude_attributes=exclude_attribute or (),
        reason=reason,
    )
    settings = settings_of(ctx)
    client, workspace_sid = settings.client(retry=RETRY), settings.workspace()
    _check_writable(json_file)
    options = Options(Filters(workflow, queue), rules, apply, max_close, concurrency)
    people = err if json_file == STDOUT else out
    with stopping_on_signals() as stop:
        with _watching(people, stop) as watcher:
            report = clean(
                client, workspace_sid, options, watcher=watcher, is_interrupted=stop.is_set
            )
        # Before what people read: they may have gone, or their disk may be full.
        problem = _written(report, json_file)
    _show(report, people, watcher.shown, verbose=verbose)
    if problem:
        fail(problem, NOT_REACHED)
    if report.ended == "interrupted":
        raise typer.Exit(INTERRUPTED)
    if report.errors:
        raise typer.Exit(NOT_REACHED)


class Watching:
    """Shows how a run goes on: a bar on a terminal, otherwise a line for every hundred.

    Lines about closed tasks go to `people` as they are closed, so that a run that is killed has
    said what it did.
    """

    def __init__(self, people: Console, bar: Progress | None, stop: Stop) -> None:
        """Show on `bar` where there is one; set `stop` when nobody reads."""
        self._stop = stop
        self._people = people
        self._bar = bar
        self._rows: dict[str, TaskID] = {}
        self.shown: set[str] = set()

    def progress(self, stage: str, done: int, total: int | None) -> None:
        """Redraw the stage's bar, or print a line."""
        text, line_every = STAGES[stage]
        if self._bar is not None:
            if stage not in self._rows:
                self._rows[stage] = self._bar.add_task(text, total=total)
            self._bar.update(self._rows[stage], completed=done)
        elif done and (done % line_every == 0 or done == total):
            of = f" of {total:,}" if total is not None else ""
            self._tell(err, f"{done:,}{of} {text}")

    def closed(self, item: TaskReport) -> None:
        """Print a task's line."""
        self.shown.add(item.task.sid)
        self._tell(self._people, task_line(item))

    def _tell(self, console: Console, text: str) -> None:
        try:
            _say(console, text)
        except (SystemExit, Unwritable):
            # Nobody reads any more (`| head`), or the disk is full: end as at Ctrl-C, with a
            # true report.
            self._stop.set()


@contextmanager
def _watching(people: Console, stop: Stop) -> Iterator[Watching]:
    if not err.is_terminal:
        yield Watching(people, None, stop)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=err, transient=True) as bar:
        yield Watching(bar.console if people.is_terminal else people, bar, stop)


def _show(report: Report, people: Console, shown: Set[str], *, verbose: bool) -> None:
    """Print the lines that were not shown yet, and the sums."""
    for item in report.tasks:
        is_wanted = verbose or item.outcome is not Outcome.SKIPPED
        if is_wanted and item.task.sid not in shown:
            _say(people, task_line(item))
    _say(people, summary(report))


def _check_writable(path: Path | None) -> None:
    if path is None or path == STDOUT:
        return
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        fail(f"--json {path}: no file can be written there", WRONG_USAGE)


def _written(report: Report, path: Path | None) -> str | None:
    """Write the report; return what kept it from being written."""
    if path is None:
        return None
    try:
        if path == STDOUT:
            _say(out, json_text(report.as_dict(), out, indent=2))
        else:
            text = json.dumps(report.as_dict(), indent=2, ensure_ascii=False)
            path.write_text(text + "\n", encoding="utf-8")
    except Unwritable as error:
        return str(error)
    except OSError as error:
        return f"the report could not be written to {path}: {error.strerror}"
    return None


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
