"""Service: the container of functions, assets, builds and environments."""

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
from pulumi_twilio.declarations.serverless.shared import friendly_name

SERVICE = Declaration(
    type="twilio:serverless:Service",
    doc=(
        "A Serverless service: the container of functions, assets, builds and environments. "
        "Deleting it deletes all of them."
    ),
    product="serverless",
    path=("Services",),
    id_parts=(IdPart("sid", "ZS"),),
    properties=(
        Property(
            "uniqueName",
            Kind.STRING,
            "Name that is unique in the account and part of every domain of the service.",
            required=True,
            max_length=50,
            pattern=r"[A-Za-z0-9_-]+",
            pattern_hint="may have letters, digits, hyphens and underscores only",
            replaces=True,
            sent=Sent.ON_CREATE,
        ),
        friendly_name("The service's name in the Console."),
        Property(
            "includeCredentials",
            Kind.BOOLEAN,
            "Whether functions get the account's credentials (`context.getTwilioClient()`).",
            default=True,
        ),
        Property(
            "uiEditable",
            Kind.BOOLEAN,
            "Whether the service may be edited in the Console too.",
            default=False,
        ),
    ),
    outputs=(
        sid_output("Service"),
        Output("domainBase", Kind.STRING, "Start of the domain of each of its environments."),
    ),
    namesake=Namesake("uniqueName"),
    source="Serverless API, Service resource (OpenAPI serverless_v1)",
    assumed="uniqueName may have letters, digits, hyphens and underscores.",
    example={"uniqueName": "contact-centre", "friendlyName": "Contact centre"},
)
