"""TaskQueue: tasks wait here for a worker its expression matches."""

from pulumi_twilio.declarations.model import (
    Declaration,
    IdPart,
    Kind,
    Namesake,
    Property,
    sid_output,
)
from pulumi_twilio.declarations.shared import WORKSPACE_SID, friendly_name

TASK_QUEUE = Declaration(
    type="twilio:taskrouter:TaskQueue",
    doc=(
        "A queue where tasks wait for one of the workers its expression matches. "
        "With maxReservedWorkers above 1 a task is offered to several of them at once; the first "
        "to accept gets it."
    ),
    product="taskrouter",
    path=("Workspaces", "{workspaceSid}", "TaskQueues"),
    id_parts=(IdPart("workspaceSid", "WS"), IdPart("sid", "WQ")),
    properties=(
        WORKSPACE_SID,
        friendly_name("The queue's name.", max_length=None),
        Property(
            "targetWorkers",
            Kind.STRING,
            "Expression over worker attributes: who may get tasks from this queue. Twilio "
            "validates it.",
            default="1==1",
        ),
        Property(
            "maxReservedWorkers",
            Kind.INTEGER,
            "How many workers a task is offered to at the same time.",
            default=1,
            minimum=1,
            maximum=50,
        ),
        Property(
            "taskOrder",
            Kind.STRING,
            "Which task goes first: the oldest (FIFO) or the newest (LIFO). LIFO ignores "
            "priorities.",
            default="FIFO",
            choices=("FIFO", "LIFO"),
        ),
        Property(
            "reservationActivitySid",
            Kind.STRING,
            "Activity of a worker while a task is offered (single-tasking workspaces only).",
            sid="WA",
        ),
        Property(
            "assignmentActivitySid",
            Kind.STRING,
            "Activity of a worker who has accepted (single-tasking workspaces only).",
            sid="WA",
        ),
    ),
    outputs=(sid_output("TaskQueue"),),
    namesake=Namesake("friendlyName", filter="FriendlyName"),
    retries_delete=True,
    source="TaskRouter API, TaskQueue resource (OpenAPI taskrouter_v1)",
    assumed=(
        "Twilio may allow two queues of one name; this provider does not make a second one. "
        "An activity is taken off a queue by sending an empty string."
    ),
    example={
        "workspaceSid": "${workspace}",
        "friendlyName": "Sales",
        "targetWorkers": "skills HAS 'sales'",
        "maxReservedWorkers": 5,
    },
)
