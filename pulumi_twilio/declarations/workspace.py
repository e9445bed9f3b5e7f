"""Workspace: the container of everything TaskRouter routes."""

from pulumi_twilio.declarations.model import (
    Declaration,
    IdPart,
    Kind,
    Namesake,
    Output,
    Property,
    Sent,
    sid_output,
)
from pulumi_twilio.declarations.shared import friendly_name

WORKSPACE = Declaration(
    type="twilio:taskrouter:Workspace",
    doc=(
        "A workspace: the container of activities, queues, workflows and workers. "
        "A Flex account has exactly one, which programs look up and never create. "
        "Its default and timeout activity are WorkspaceSettings, its event callback is "
        "EventCallback."
    ),
    product="taskrouter",
    path=("Workspaces",),
    id_parts=(IdPart("sid", "WS"),),
    properties=(
        friendly_name("The workspace's name."),
        Property(
            "template",
            Kind.STRING,
            "What Twilio puts into a new workspace: nothing (NONE), or a queue and a workflow "
            "that serve tasks in order (FIFO). Not known after an import.",
            default="NONE",
            choices=("NONE", "FIFO"),
            replaces=True,
            write_only=True,
            sent=Sent.ON_CREATE,
        ),
        Property(
            "prioritizeQueueOrder",
            Kind.STRING,
            "Which queues are served first where workers share both kinds: FIFO or LIFO ones.",
            default="FIFO",
            choices=("FIFO", "LIFO"),
        ),
        Property(
            "multiTaskEnabled",
            Kind.BOOLEAN,
            "Whether workers may handle several tasks at once. Twilio refuses to switch it off "
            "in nearly every account.",
            default=True,
        ),
    ),
    outputs=(
        sid_output("Workspace"),
        Output("defaultActivitySid", Kind.STRING, "Activity of a new worker.", optional=True),
        Output(
            "timeoutActivitySid",
            Kind.STRING,
            "Activity of a worker who let a reservation time out.",
            optional=True,
        ),
    ),
    namesake=Namesake("friendlyName", filter="FriendlyName"),
    source="TaskRouter API, Workspace resource (OpenAPI taskrouter_v1)",
    assumed="Deleting a workspace deletes everything in it.",
    example={"friendlyName": "Contact centre", "prioritizeQueueOrder": "LIFO"},
)
