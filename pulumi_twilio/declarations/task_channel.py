"""TaskChannel: a kind of task, with a capacity of its own on every worker."""

from pulumi_twilio.declarations.model import (
    Declaration,
    IdPart,
    Kind,
    Namesake,
    Property,
    Sent,
    sid_output,
)
from pulumi_twilio.declarations.shared import NAME_LIMIT, WORKSPACE_SID, friendly_name

TASK_CHANNEL = Declaration(
    type="twilio:taskrouter:TaskChannel",
    doc="A kind of task (voice, chat, …); every worker has a capacity for each.",
    product="taskrouter",
    path=("Workspaces", "{workspaceSid}", "TaskChannels"),
    id_parts=(IdPart("workspaceSid", "WS"), IdPart("sid", "TC")),
    properties=(
        WORKSPACE_SID,
        friendly_name("The channel's name."),
        Property(
            "uniqueName",
            Kind.STRING,
            "Name tasks and expressions use; another one replaces the channel.",
            required=True,
            max_length=NAME_LIMIT,
            pattern=r"[A-Za-z_$][A-Za-z0-9_$]*",
            pattern_hint=(
                "must be letters, digits, _ and $ and not begin with a digit, or expressions "
                "cannot name it"
            ),
            replaces=True,
            sent=Sent.ON_CREATE,
        ),
        Property(
            "channelOptimizedRouting",
            Kind.BOOLEAN,
            "Whether workers with most capacity left on this channel go first.",
            default=False,
        ),
    ),
    outputs=(sid_output("TaskChannel"),),
    namesake=Namesake("uniqueName"),
    retries_delete=True,
    source="TaskRouter API, TaskChannel resource and multitasking page (OpenAPI taskrouter_v1)",
    assumed="Unique names are unique within a workspace.",
    example={
        "workspaceSid": "${workspace}",
        "friendlyName": "Back office",
        "uniqueName": "back_office",
    },
)
