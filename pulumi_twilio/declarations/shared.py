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


def friendly_name(doc: str) -> Property:
    """Declare the name people see, which Twilio limits to 64 characters."""
    return Property("friendlyName", Kind.STRING, doc, required=True, max_length=NAME_LIMIT)
