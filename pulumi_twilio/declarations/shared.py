"""Properties that several TaskRouter resources have in the same shape."""

from pulumi_twilio.declarations.model import Kind, Property, Sent

NAME_LIMIT = 64

WORKSPACE_SID = Property(
    "workspaceSid",
    Kind.STRING,
    "The workspace it belongs to.",
    required=True,
    sid="WS",
    replaces=True,
    sent=Sent.NEVER,
)


def friendly_name(doc: str, *, max_length: int | None = NAME_LIMIT) -> Property:
    """Declare the name people see.

    Twilio documents 64 characters for workspaces, activities, task channels and workers, and no
    limit for task queues and workflows (OpenAPI taskrouter_v1).
    """
    return Property("friendlyName", Kind.STRING, doc, required=True, max_length=max_length)
