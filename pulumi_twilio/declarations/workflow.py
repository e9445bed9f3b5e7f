"""Workflow: which queue a task goes to, and where it goes when nobody takes it."""

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

WORKFLOW = Declaration(
    type="twilio:taskrouter:Workflow",
    doc=(
        "A workflow: filters choose the queues a task goes through, with timeouts and "
        "priorities. The configuration compares as JSON: only what differs in meaning shows, "
        "under its own path."
    ),
    product="taskrouter",
    path=("Workspaces", "{workspaceSid}", "Workflows"),
    id_parts=(IdPart("workspaceSid", "WS"), IdPart("sid", "WW")),
    properties=(
        WORKSPACE_SID,
        friendly_name("The workflow's name.", max_length=None),
        Property(
            "configuration",
            Kind.JSON,
            "The routing rules, as an object (`task_routing: {filters, default_filter}`) or its "
            "JSON text. Timeouts are seconds. Twilio validates it.",
            required=True,
            numeric_text=True,
        ),
        Property(
            "assignmentCallbackUrl",
            Kind.STRING,
            "URL Twilio asks for an instruction when a worker is reserved.",
            url=True,
        ),
        Property(
            "fallbackAssignmentCallbackUrl",
            Kind.STRING,
            "URL Twilio asks where the first one fails.",
            url=True,
        ),
        Property(
            "taskReservationTimeout",
            Kind.INTEGER,
            "How many seconds a worker has to answer a reservation.",
            default=120,
            minimum=1,
            maximum=86400,
        ),
        Property(
            "reEvaluateTasks",
            Kind.BOOLEAN,
            "Whether an update sends the pending tasks through the changed workflow again.",
            option=True,
            sent=Sent.ON_UPDATE,
        ),
    ),
    outputs=(sid_output("Workflow"),),
    namesake=Namesake("friendlyName", filter="FriendlyName"),
    retries_delete=True,
    source="TaskRouter API, Workflow resource and workflow configuration page",
    assumed="Twilio may allow two workflows of one name; this provider does not make a second one.",
    example={
        "workspaceSid": "${workspace}",
        "friendlyName": "Incoming",
        "configuration": {
            "task_routing": {
                "filters": [
                    {
                        "filter_friendly_name": "sales",
                        "expression": "topic == 'sales'",
                        "targets": [{"queue": "${queue}", "timeout": 60}],
                    }
                ],
                "default_filter": {"queue": "${queue}"},
            }
        },
        "taskReservationTimeout": 30,
    },
)
