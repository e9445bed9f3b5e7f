"""`taskrouter task`: change a task's attributes, complete, wrap up or cancel it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Annotated, Any

import typer

from taskrouter_ops.cli.assignments import at, json_of, patch_in, patch_of, path_of, put, without
from taskrouter_ops.cli.deferred_store import service_for
from taskrouter_ops.cli.output import (
    NOT_REACHED,
    AsJson,
    err,
    examples,
    fail,
    json_text,
    out,
    show,
)
from taskrouter_ops.cli.settings import CliSettings, settings_of
from taskrouter_ops.cli.task_options import (
    Assignments,
    ChangeId,
    Deferred,
    FlushFailure,
    OnFailure,
    Reason,
    Store,
    TaskSid,
    choice,
)
from taskrouter_ops.task_attributes import (
    Append,
    Remove,
)
from taskrouter_ops.task_attributes.update import AttributesChange, TaskUpdate
from taskrouter_ops.task_router_service import TaskRouterService
from taskrouter_ops.task_status import TaskEnd
from twilio_client.attributes import Attributes

app = typer.Typer(
    help="Read and change a task, whoever else changes it at the same time.\n\n"
    "A change made with --deferred is kept until the next change of that task without it, or "
    "until the task is completed or canceled, and is written with that. It is kept in the "
    "deployment's Sync service, or where --deferred-store says.",
    no_args_is_help=True,
)


@app.command(epilog=examples("taskrouter task get WT…", "taskrouter task get WT… customer.name"))
def get(
    ctx: typer.Context,
    task: TaskSid,
    path: Annotated[
        str | None, typer.Argument(metavar="PATH", help="Only what is there, such as a.b.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print a task's attributes; with --json the task as well."""
    settings = settings_of(ctx)
    found = TaskRouterService(settings.client(), settings.workspace()).task(task)
    if found is None:
        fail(_gone(settings, task), NOT_REACHED)
    value: Any = found.attributes
    if path is not None:
        try:
            value = at(value, path_of(path))
        except KeyError:
            fail(f"Task {task} has no attribute {path}", NOT_REACHED)
    shown = {**vars(found), **({} if path is None else {"path": path, "value": value})}
    show(shown, json_text(value, out, indent=2), as_json)


@app.command(
    name="set",
    epilog=examples(
        "taskrouter task set WT… customer.name=Ann score:=5 tags:='[\"vip\"]'",
        "taskrouter task set WT… --file patch.json --deferred",
    ),
)
def set_attributes(
    ctx: typer.Context,
    task: TaskSid,
    assignments: Assignments = None,
    file: Annotated[
        str | None,
        typer.Option("--file", metavar="FILE", help="A JSON merge patch (RFC 7396); - reads it."),
    ] = None,
    deferred: Deferred = False,
    store: Store = None,
    change_id: ChangeId = None,
    as_json: AsJson = False,
) -> None:
    """Set attributes; everything else stays as it is. A null removes, a list replaces."""
    if bool(assignments) == bool(file):
        raise typer.BadParameter("give either NAME=TEXT or NAME:=JSON, or --file")
    patch = patch_in(file) if file else patch_of(assignments or [])
    _change(ctx, task, patch, deferred, store, change_id, as_json)


@app.command(epilog=examples("taskrouter task unset WT… customer.name callback"))
def unset(
    ctx: typer.Context,
    task: TaskSid,
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help="Such as a.b.")],
    deferred: Deferred = False,
    store: Store = None,
    change_id: ChangeId = None,
    as_json: AsJson = False,
) -> None:
    """Remove attributes; those that are not there are fine.

    With --deferred it is a merge patch, which makes the objects on the way to a path.
    """
    found = [path_of(path) for path in paths]
    as_patch = deferred or all(len(path) == 1 for path in found)
    change = _removal(found) if as_patch else _remover(found)
    _change(ctx, task, change, deferred, store, change_id, as_json)


_Values = Annotated[list[str], typer.Argument(metavar="VALUE…", help="Text, or see --json-value.")]
_ListPath = Annotated[str, typer.Argument(metavar="PATH", help="The list, such as a.b.")]
_JsonValues = Annotated[bool, typer.Option("--json-value", help="The values are JSON.")]


@app.command(
    epilog=examples(
        "taskrouter task append WT… notes 'called back'",
        "taskrouter task append WT… scores 4 5 --json-value",
    )
)
def append(
    ctx: typer.Context,
    task: TaskSid,
    path: _ListPath,
    values: _Values,
    json_values: _JsonValues = False,
    deferred: Deferred = False,
    store: Store = None,
    change_id: ChangeId = None,
    as_json: AsJson = False,
) -> None:
    """Add values at the end of a list; no list yet is an empty one."""
    change = Append(path_of(path), _values(values, json_values))
    _change(ctx, task, change, deferred, store, change_id, as_json)


@app.command(epilog=examples("taskrouter task remove WT… tags vip"))
def remove(
    ctx: typer.Context,
    task: TaskSid,
    path: _ListPath,
    values: _Values,
    json_values: _JsonValues = False,
    deferred: Deferred = False,
    store: Store = None,
    change_id: ChangeId = None,
    as_json: AsJson = False,
) -> None:
    """Take every element equal to one of the values out of a list."""
    change = Remove(path_of(path), _values(values, json_values))
    _change(ctx, task, change, deferred, store, change_id, as_json)


@app.command(
    epilog=examples(
        "taskrouter task complete WT… --reason sold",
        "taskrouter task complete WT… outcome=sold --on-flush-failure continue",
    )
)
def complete(
    ctx: typer.Context,
    task: TaskSid,
    assignments: Assignments = None,
    reason: Reason = None,
    on_flush_failure: OnFailure = FlushFailure.stop,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """Write what was deferred and what is set here, then complete the task."""
    patch = patch_of(assignments or []) or None
    done = service_for(ctx, store).complete_task(task, reason, patch, choice(on_flush_failure))
    _show_end(ctx, done, as_json)


@app.command(name="wrap-up", epilog=examples("taskrouter task wrap-up WT… --reason 'hung up'"))
def wrap_up(
    ctx: typer.Context, task: TaskSid, reason: Reason = None, as_json: AsJson = False
) -> None:
    """Move an assigned task to wrapping."""
    settings = settings_of(ctx)
    service = TaskRouterService(settings.client(), settings.workspace())
    _show_end(ctx, service.wrap_up(task, reason), as_json)


@app.command(epilog=examples("taskrouter task cancel WT… --reason duplicate"))
def cancel(
    ctx: typer.Context,
    task: TaskSid,
    assignments: Assignments = None,
    reason: Reason = None,
    on_flush_failure: OnFailure = FlushFailure.stop,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """Write what was deferred and what is set here, then cancel a pending or reserved task."""
    patch = patch_of(assignments or []) or None
    done = service_for(ctx, store).cancel_task(task, reason, patch, choice(on_flush_failure))
    _show_end(ctx, done, as_json)


@app.command(epilog=examples("taskrouter task flush WT…"))
def flush(ctx: typer.Context, task: TaskSid, store: Store = None, as_json: AsJson = False) -> None:
    """Write what was deferred for a task."""
    _show_update(ctx, service_for(ctx, store, needed=True).flush(task), as_json)


@app.command(epilog=examples("taskrouter task deferred --deferred-store deferred.sqlite"))
def deferred(ctx: typer.Context, store: Store = None, as_json: AsJson = False) -> None:
    """List the tasks with deferred changes, and how many each has."""
    found = service_for(ctx, store, needed=True).deferred_tasks()
    lines = [f"{sid}  {count}" for sid, count in found.items()]
    show({"tasks": found}, "\n".join(lines) or "nothing is deferred", as_json)


@app.command(epilog=examples("taskrouter task discard WT…"))
def discard(
    ctx: typer.Context, task: TaskSid, store: Store = None, as_json: AsJson = False
) -> None:
    """Throw away what was deferred for a task."""
    count = service_for(ctx, store, needed=True).discard_deferred(task)
    values = {"task_sid": task, "discarded": count}
    show(values, f"discarded: {count} deferred changes of Task {task}", as_json)


def _change(
    ctx: typer.Context,
    task: str,
    change: AttributesChange,
    deferred: bool,
    store: str | None,
    change_id: str | None,
    as_json: bool,
) -> None:
    service = service_for(ctx, store, needed=deferred, making=deferred)
    done = service.update_task_attributes(task, change, deferred, change_id=change_id)
    _show_update(ctx, done, as_json)


def _removal(paths: list[tuple[str, ...]]) -> dict[str, Any]:
    patch: dict[str, Any] = {}
    for path in paths:
        put(patch, path, None)
    return patch


def _remover(paths: list[tuple[str, ...]]) -> Callable[[Attributes], Attributes]:
    return lambda attributes: functools.reduce(without, paths, attributes)


def _values(values: list[str], as_json: bool) -> list[Any]:
    return [json_of(value) for value in values] if as_json else list(values)


def _show_update(ctx: typer.Context, done: TaskUpdate, as_json: bool) -> None:
    flushed = f", with {done.flushed} deferred changes" if done.flushed else ""
    text = f"{done.outcome}: Task {done.task_sid}{flushed}"
    gone = done.outcome == "gone"
    show(vars(done), _gone(settings_of(ctx), done.task_sid, done.kept) if gone else text, as_json)
    if gone:
        raise typer.Exit(NOT_REACHED)


def _show_end(ctx: typer.Context, done: TaskEnd, as_json: bool) -> None:
    values = {**vars(done), "flush_failed": done.flush_error is not None}
    values["flush_error"] = str(done.flush_error) if done.flush_error else None
    if done.flush_error is not None and not as_json:
        err.print(f"warning: {done.flush_error}", style="yellow", markup=False, soft_wrap=True)
    flushed = f", with {done.flushed} deferred changes" if done.flushed else ""
    text = f"{done.outcome}: Task {done.task_sid}{flushed}"
    gone = done.outcome == "gone"
    show(values, _gone(settings_of(ctx), done.task_sid, done.kept) if gone else text, as_json)
    if gone:
        raise typer.Exit(NOT_REACHED)


def _gone(settings: CliSettings, task_sid: str, kept: int = 0) -> str:
    left = f"; its {kept} deferred changes are kept, `task discard` drops them" if kept else ""
    return (
        f"gone: Task {task_sid} is not in {settings.workspace()}: it was deleted, ended more "
        f"than 5 minutes ago, or is in another workspace{left}"
    )
