"""Where the commands of tasks keep deferred changes."""

from __future__ import annotations

from pathlib import Path

import typer

from taskrouter_ops.cli.output import err
from taskrouter_ops.cli.settings import CliSettings, settings_of
from taskrouter_ops.errors import SetupError
from taskrouter_ops.task_attributes import (
    DeferredChanges,
    SqliteDeferredChanges,
    SyncDeferredChanges,
)
from taskrouter_ops.task_router_service import TaskRouterService

SYNC = "sync"


def service_for(
    ctx: typer.Context, store: str | None, *, needed: bool = False, making: bool = False
) -> TaskRouterService:
    """Return the service with the store of deferred changes that was asked for.

    `needed`: without a store there is nothing to do; `making`: a file may be made.
    Raises: SetupError, CredentialsError.
    """
    settings = settings_of(ctx)
    kept = _store(settings, store, needed=needed, making=making)
    if kept is None and needed:
        raise SetupError(
            "where are deferred changes kept? give --deferred-store FILE, or --sync-service-sid"
        )
    return TaskRouterService(settings.client(), settings.workspace(), deferred=kept)


def _store(
    settings: CliSettings, store: str | None, *, needed: bool, making: bool
) -> DeferredChanges | None:
    """Open what was asked for, else the deployment's Sync service, else nothing.

    Only a change that is deferred makes a file: a slip in its name would hide what is kept.
    """
    if store is not None and store != SYNC:
        if making or Path(store).exists():
            return SqliteDeferredChanges(store)
        if needed:
            raise SetupError(f"there is no file {store}: nothing was deferred there")
        err.print(f"note: there is no file {store}, so nothing is deferred there", markup=False)
        return None
    sid = settings.part("sync_service_sid")
    if sid:
        return SyncDeferredChanges(settings.client(), sid)
    if store == SYNC:
        raise SetupError("--deferred-store sync needs the Sync service: give --sync-service-sid")
    return None
