"""Find the SIDs of what a definition refers to without owning it.

Look-ups are made with known arguments only, inside `apply` where they depend on others, so that
what Twilio answers reaches the user as one line and not as a traceback of the program.
"""

import re
from collections.abc import Callable
from typing import Any

import pulumi

from components.definition.model import FLEX, Existing
from pulumi_twilio.resources import flex, sync, taskrouter


def workspace_sid(existing: Existing, parent: pulumi.Resource) -> pulumi.Output[str]:
    """Find a workspace by `flex`, its SID or its friendly name."""
    if existing.reference == FLEX:
        configuration = _ask(flex.get_configuration, parent)
        return pulumi.Output.from_input(str(configuration.taskrouter_workspace_sid))
    named = _by(existing, "WS", "friendly_name")
    return pulumi.Output.from_input(str(_ask(taskrouter.get_workspace, parent, **named).sid))


def sync_service_sid(existing: Existing, parent: pulumi.Resource) -> pulumi.Output[str]:
    """Find a Sync service by its SID or its friendly name."""
    named = _by(existing, "IS", "friendly_name")
    return pulumi.Output.from_input(str(_ask(sync.get_service, parent, **named).sid))


def activity_sid(
    existing: Existing, workspace: pulumi.Output[str], parent: pulumi.Resource
) -> pulumi.Output[str]:
    """Find an activity of a workspace by its SID or its friendly name."""
    named = _by(existing, "WA", "friendly_name")
    return _inside(workspace, taskrouter.get_activity, parent, named)


def task_channel_sid(
    existing: Existing, workspace: pulumi.Output[str], parent: pulumi.Resource
) -> pulumi.Output[str]:
    """Find a task channel of a workspace by its SID or its unique name."""
    named = _by(existing, "TC", "unique_name")
    return _inside(workspace, taskrouter.get_task_channel, parent, named)


def task_queue_sid(
    existing: Existing, workspace: pulumi.Output[str], parent: pulumi.Resource
) -> pulumi.Output[str]:
    """Find a task queue of a workspace by its SID or its friendly name."""
    named = _by(existing, "WQ", "friendly_name")
    return _inside(workspace, taskrouter.get_task_queue, parent, named)


def _inside(
    workspace: pulumi.Output[str],
    look_up: Callable[..., Any],
    parent: pulumi.Resource,
    named: dict[str, str],
) -> pulumi.Output[str]:
    return workspace.apply(lambda sid: str(_ask(look_up, parent, workspace_sid=sid, **named).sid))


def _ask(look_up: Callable[..., Any], parent: pulumi.Resource, **arguments: str) -> Any:
    """Call a look-up.

    Raises: pulumi.RunError with the provider's words; safe to repeat.
    """
    try:
        return look_up(**arguments, opts=pulumi.InvokeOptions(parent=parent))
    except Exception as error:  # noqa: BLE001 - the SDK's only type for a refusal
        words = str(error).rpartition("returned an error: ")[2]
        raise pulumi.RunError(words) from None


def _by(existing: Existing, prefix: str, name: str) -> dict[str, str]:
    """Tell a SID from a name."""
    is_sid = re.fullmatch(f"{prefix}[0-9a-fA-F]{{32}}", existing.reference)
    return {"sid" if is_sid else name: existing.reference}
