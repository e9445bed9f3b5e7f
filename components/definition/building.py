"""Build the typed definition from a merged document that has passed every check."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from components.definition.model import (
    Activity,
    ConfigValue,
    Definition,
    EventCallback,
    Existing,
    Filter,
    Functions,
    OwnedWorkspace,
    PostDeploy,
    SyncService,
    Target,
    TaskChannel,
    TaskQueue,
    Workflow,
    Workspace,
)

Document = Mapping[str, Any]
Owned = TypeVar("Owned")


def build(document: Document) -> Definition:
    """Build the definition of a document that `schema.json` and the cross-checks accept."""
    return Definition(
        workspace=_workspace(document["workspace"]),
        activities=_keyed(document, "activities", lambda _, entry: Activity(**_snake(entry))),
        task_channels=_keyed(document, "taskChannels", _task_channel),
        task_queues=_keyed(document, "taskQueues", lambda _, entry: TaskQueue(**_snake(entry))),
        workflows={key: _workflow(entry) for key, entry in document["workflows"].items()},
        event_callback=EventCallback(**_snake(document["eventCallback"])),
        sync=_existing_or(document["sync"], lambda entry: SyncService(**_snake(entry))),
        functions=_functions(document["functions"]),
        post_deploy=PostDeploy(**_snake(document.get("postDeploy", {}))),
    )


def unique_name(key: str, entry: Document) -> str:
    """A task channel's unique name: its own, or the key without the hyphens Twilio forbids."""
    return str(entry.get("uniqueName", key.replace("-", "_")))


def _snake(entry: Document) -> dict[str, Any]:
    """Turn an entry's camelCase keys into the dataclasses' names, lists into tuples."""
    return {
        re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", key): tuple(value)
        if isinstance(value, list)
        else value
        for key, value in entry.items()
    }


def _existing_or(entry: Document, owned: Callable[[Document], Owned]) -> Owned | Existing:
    return Existing(entry["existing"]) if "existing" in entry else owned(entry)


def _keyed(
    document: Document, section: str, owned: Callable[[str, Document], Owned]
) -> dict[str, Owned | Existing]:
    entries: Document = document.get(section, {})
    return {
        key: Existing(entry["existing"]) if "existing" in entry else owned(key, entry)
        for key, entry in entries.items()
    }


def _workspace(entry: Document) -> Workspace:
    activities = {k: v for k, v in entry.items() if k in ("defaultActivity", "timeoutActivity")}
    rest = {k: v for k, v in entry.items() if k not in activities}
    source = _existing_or(rest, lambda owned: OwnedWorkspace(**_snake(owned)))
    return Workspace(source, **_snake(activities))


def _task_channel(key: str, entry: Document) -> TaskChannel:
    return TaskChannel(**_snake({**entry, "uniqueName": unique_name(key, entry)}))


def _workflow(entry: Document) -> Workflow:
    filters = tuple(_filter(each) for each in entry.get("filters", []))
    return Workflow(**{**_snake(entry), "filters": filters})


def _filter(entry: Document) -> Filter:
    targets = tuple(Target(**_snake(target)) for target in entry["targets"])
    return Filter(entry["friendlyName"], entry["expression"], targets)


def _functions(entry: Document) -> Functions:
    variables = {key: _variable(value) for key, value in entry.get("variables", {}).items()}
    return Functions(**{**_snake(entry), "variables": variables})


def _variable(value: Any) -> str | ConfigValue:
    if isinstance(value, dict):
        return ConfigValue(value["config"])
    return str(value).lower() if isinstance(value, bool) else str(value)
