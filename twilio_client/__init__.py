"""The one door to Twilio: official SDK, pooled connections, retries, one error tree.

Everything that talks to Twilio, the provider and the operations alike, does it through
`TwilioClient`, so that pacing, retrying and error texts are decided in one place.
"""

from twilio_client.attributes import AttributeUpdate, update_attributes
from twilio_client.client import Response, TwilioClient
from twilio_client.credentials import Credentials, Settings, credentials_from
from twilio_client.errors import (
    AttributesInvalid,
    AttributesTooLong,
    AttributesUnreadable,
    Conflict,
    CredentialsError,
    Gone,
    InvalidRequest,
    NotFound,
    PreconditionFailed,
    RateLimited,
    ServerFault,
    TwilioError,
    Unauthorized,
    Unreachable,
    UpdateUncertain,
    unexpected,
)
from twilio_client.retry import Deadline, RetryPolicy

__all__ = [
    "AttributeUpdate",
    "AttributesInvalid",
    "AttributesTooLong",
    "AttributesUnreadable",
    "Conflict",
    "Credentials",
    "CredentialsError",
    "Deadline",
    "Gone",
    "InvalidRequest",
    "NotFound",
    "PreconditionFailed",
    "RateLimited",
    "Response",
    "RetryPolicy",
    "ServerFault",
    "Settings",
    "TwilioClient",
    "TwilioError",
    "Unauthorized",
    "Unreachable",
    "UpdateUncertain",
    "credentials_from",
    "unexpected",
    "update_attributes",
]
