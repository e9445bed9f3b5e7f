"""Activity: what a worker is doing, and whether that makes the worker available."""

from pulumi_twilio.declarations.model import (
    Declaration,
    IdPart,
    Kind,
    Namesake,
    Property,
    Sent,
    sid_output,
)
from pulumi_twilio.declarations.shared import WORKSPACE_SID, friendly_name

ACTIVITY = Declaration(
    type="twilio:taskrouter:Activity",
    doc="What workers may be doing, such as a break or training, and whether they get tasks in it.",
    product="taskrouter",
    path=("Workspaces", "{workspaceSid}", "Activities"),
    id_parts=(IdPart("workspaceSid", "WS"), IdPart("sid", "WA")),
    properties=(
        WORKSPACE_SID,
        friendly_name("The activity's name."),
        Property(
            "available",
            Kind.BOOLEAN,
            "Whether a worker in this activity gets tasks. Twilio cannot change it: another "
            "value replaces the activity.",
            default=False,
            replaces=True,
            sent=Sent.ON_CREATE,
        ),
    ),
    outputs=(sid_output("Activity"),),
    namesake=Namesake("friendlyName", filter="FriendlyName"),
    moves_aside=True,
    retries_delete=True,
    source="TaskRouter API, Activity resource (OpenAPI taskrouter_v1)",
    assumed=(
        "Twilio refuses (400) to delete an activity that workers are in, that a queue names, or "
        "that is the workspace's default or timeout activity."
    ),
    example={"workspaceSid": "${workspace}", "friendlyName": "Training", "available": True},
)
