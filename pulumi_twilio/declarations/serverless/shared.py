"""Properties that several Serverless resources have in the same shape."""

from pulumi_twilio.declarations.model import IdPart, Kind, Property, Sent

NAME_LIMIT = 255

SERVICE_ID_PART = IdPart("serviceSid", "ZS")

SERVICE_SID = Property(
    "serviceSid",
    Kind.STRING,
    "The Serverless service it belongs to.",
    required=True,
    sid="ZS",
    replaces=True,
    sent=Sent.NEVER,
)

ENVIRONMENT_SID = Property(
    "environmentSid",
    Kind.STRING,
    "The environment it belongs to.",
    required=True,
    sid="ZE",
    replaces=True,
    sent=Sent.NEVER,
)


def friendly_name(doc: str) -> Property:
    """Declare the name people see, which Serverless limits to 255 characters."""
    return Property("friendlyName", Kind.STRING, doc, required=True, max_length=NAME_LIMIT)
