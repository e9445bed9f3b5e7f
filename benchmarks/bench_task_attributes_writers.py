"""One process of writers of one task: how each kind of client adds a number to a list there.

Started by `bench_task_attributes` as `python -m … KIND BASE_URL WORKSPACE TASK WRITERS UPDATES`,
with the account's credentials in the environment.  Prints "ready", begins when told so on
standard input, and prints as JSON how many requests it sent and how many updates it gave up.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from taskrouter_ops.task_attributes import Append, SqliteDeferredChanges
from taskrouter_ops.task_router_service import TaskRouterService
from twilio_client import PreconditionFailed, TwilioClient, credentials_from, urls

# Long enough that no client of this benchmark runs out of time.
DEADLINE_SECONDS = 300.0

Writer = Callable[[int, int], None]
"""Adds a number so many times."""


def last_write_wins(client: TwilioClient, workspace: str, task: str, _folder: Path) -> Writer:
    """Read, append, write: as most integrations do it."""
    url = urls.taskrouter("Workspaces", workspace, "Tasks", task)

    def write(number: int, updates: int) -> None:
        for _ in range(updates):
            attributes = json.loads(client.get(url).body["attributes"])
            attributes["n"] = [*attributes.get("n", []), number]
            client.post(url, {"Attributes": attributes})

    return write


def if_match(client: TwilioClient, workspace: str, task: str, _folder: Path) -> Writer:
    """Read, append, write under If-Match, all over again after 412."""
    url = urls.taskrouter("Workspaces", workspace, "Tasks", task)

    def add(number: int) -> bool:
        found = client.get(url)
        attributes = json.loads(found.body["attributes"])
        attributes["n"] = [*attributes.get("n", []), number]
        try:
            client.post(url, {"Attributes": attributes}, if_match=found.etag)
        except PreconditionFailed:
            return False
        return True

    def write(number: int, updates: int) -> None:
        for _ in range(updates):
            while not add(number):
                pass

    return write


def service(client: TwilioClient, workspace: str, task: str, _folder: Path) -> Writer:
    """Share writes between the threads of a process."""
    bound = TaskRouterService(client, workspace, deadline_seconds=DEADLINE_SECONDS)

    def write(number: int, updates: int) -> None:
        for _ in range(updates):
            bound.update_task_attributes(task, Append(("n",), [number]))

    return write


def deferred(client: TwilioClient, workspace: str, task: str, folder: Path) -> Writer:
    """Keep every update in a file, then flush."""
    store = SqliteDeferredChanges(folder / "deferred.sqlite")
    bound = TaskRouterService(client, workspace, deferred=store, deadline_seconds=DEADLINE_SECONDS)

    def write(number: int, updates: int) -> None:
        for _ in range(updates):
            bound.update_task_attributes(task, Append(("n",), [number]), deferred=True)
        bound.flush(task)

    return write


KINDS = {each.__name__: each for each in (last_write_wins, if_match, service, deferred)}


def main(kind: str, base_url: str, workspace: str, task: str, first: int, count: int,
         updates: int) -> None:  # fmt: skip
    """Run the writers numbered from `first`."""
    client = TwilioClient(credentials_from({}, os.environ).credentials, base_url)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(count) as pool:
        write = KINDS[kind](client, workspace, task, Path(folder))
        print("ready", flush=True)
        sys.stdin.readline()
        for done in [pool.submit(write, first + n, updates) for n in range(count)]:
            done.result()
    print(json.dumps({"calls": client.transport.requests_sent}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:5], *map(int, sys.argv[5:]))  # type: ignore[call-arg, arg-type]
