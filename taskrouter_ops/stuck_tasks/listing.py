"""List the open tasks, all pages of them, before anything is closed.

Pages are cursors over what still fits the filter, so closing between two pages would move them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from taskrouter_ops.errors import SetupError
from taskrouter_ops.stuck_tasks.decision import OPEN_STATUSES, VOICE, Skip, Suspect, inspect
from taskrouter_ops.stuck_tasks.facts import Task, task_from
from taskrouter_ops.stuck_tasks.rules import Rules
from twilio_client import NotFound, TwilioClient, TwilioError, urls

PAGE_SIZE = 1000


@dataclass(frozen=True, slots=True)
class Filters:
    """Which tasks to list: of a workflow, of a queue, each by SID or by friendly name."""

    workflow: str | None = None
    queue: str | None = None

    def params(self) -> dict[str, str]:
        """Return the list's parameters; Twilio itself filters by them."""
        return {
            **_filter("Workflow", "WW", self.workflow),
            **_filter("TaskQueue", "WQ", self.queue),
        }


@dataclass(frozen=True, slots=True)
class Listed:
    """An open task and what a first look at it says.

    `verdict` is None where the list left its attributes out, and an error where reading them
    failed.
    """

    task: Task
    verdict: Skip | Suspect | TwilioError | None


def list_open(
    client: TwilioClient,
    workspace_sid: str,
    filters: Filters,
    rules: Rules,
    *,
    goes_on: Callable[[int], bool] = lambda _: True,
) -> dict[str, Listed]:
    """List all open tasks by SID; `goes_on` is told how many there are so far.

    The statuses are listed in the order tasks go through them, so that one that moves on
    meanwhile is seen; seen twice, it counts as it was seen last. One that falls back (a
    reservation that was not accepted) may be missed, and is there for the next run.

    Raises: TwilioError for any page (safe to repeat): a partial list is never acted upon.
    SetupError for a workflow or queue that does not exist.
    """
    found: dict[str, Listed] = {}
    for status in OPEN_STATUSES:
        for body in _pages(client, workspace_sid, status, filters):
            if not goes_on(len(found)):
                return found
            listed = _listed(workspace_sid, body, rules)
            found[listed.task.sid] = listed
    if not found:
        _check_names(client, workspace_sid, filters)
    return found


def task_url(workspace_sid: str, task_sid: str) -> str:
    """Return a task's address."""
    return urls.taskrouter("Workspaces", workspace_sid, "Tasks", task_sid)


def _pages(
    client: TwilioClient, workspace_sid: str, status: str, filters: Filters
) -> Iterator[Mapping[str, Any]]:
    what = f"list the {status} Tasks of {workspace_sid}"
    url = urls.taskrouter("Workspaces", workspace_sid, "Tasks")
    params = {"AssignmentStatus": status, **filters.params()}
    yield from client.list(url, params, page_size=PAGE_SIZE, what=what)


def read_one(
    client: TwilioClient, workspace_sid: str, task_sid: str, rules: Rules
) -> Listed | None:
    """Look at a task whose attributes the list left out; None where it is gone by now.

    Raises: TwilioError (safe to repeat).
    """
    what = f"read Task {task_sid}"
    try:
        body = client.get(task_url(workspace_sid, task_sid), what=what).body
    except NotFound:
        return None
    task = task_from(body, what)
    return Listed(task, inspect(task, body.get("attributes"), rules))


def _listed(workspace_sid: str, body: Mapping[str, Any], rules: Rules) -> Listed:
    task = task_from(body, f"list the Tasks of {workspace_sid}")
    text = body.get("attributes")
    # Twilio's pages say lists carry null for attributes, its OpenAPI examples show them.
    is_left_out = text is None and task.channel == VOICE
    return Listed(task, None if is_left_out else inspect(task, text, rules))


def _filter(kind: str, prefix: str, given: str | None) -> dict[str, str]:
    if given is None:
        return {}
    is_sid = len(given) == 34 and given.startswith(prefix)
    return {f"{kind}{'Sid' if is_sid else 'Name'}": given}


def _check_names(client: TwilioClient, workspace_sid: str, filters: Filters) -> None:
    """Tell an empty queue from a name nobody has: Twilio answers both with an empty list."""
    for kind, given in (("Workflow", filters.workflow), ("TaskQueue", filters.queue)):
        if given is None:
            continue
        url = urls.taskrouter("Workspaces", workspace_sid, f"{kind}s")
        what = f"list the {kind}s of {workspace_sid}"
        listed = client.list(url, page_size=PAGE_SIZE, what=what)
        if not any(given in (item["sid"], item["friendly_name"]) for item in listed):
            raise SetupError(f"there is no {kind} {given!r} in {workspace_sid}")
