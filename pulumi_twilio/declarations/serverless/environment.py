"""Environment: a domain under which one build of a service is deployed."""

from pulumi_twilio.declarations.model import (
    Declaration,
    IdPart,
    Kind,
    Namesake,
    Output,
    Property,
    sid_output,
)
from pulumi_twilio.declarations.serverless.shared import SERVICE_ID_PART, SERVICE_SID

ENVIRONMENT = Declaration(
    type="twilio:serverless:Environment",
    doc=(
        "An environment of a Serverless service: a domain of its own, the build deployed there "
        "and its variables. Twilio cannot change one, so every change replaces it."
    ),
    product="serverless",
    path=("Services", "{serviceSid}", "Environments"),
    id_parts=(SERVICE_ID_PART, IdPart("sid", "ZE")),
    properties=(
        SERVICE_SID,
        Property(
            "uniqueName",
            Kind.STRING,
            "Name that is unique within the service.",
            required=True,
            max_length=100,
            replaces=True,
        ),
        Property(
            "domainSuffix",
            Kind.STRING,
            "End of the domain's first label; left out, the domain is the service's base alone.",
            max_length=16,
            pattern=r"[a-z0-9-]+",
            pattern_hint="may have lower-case letters, digits and hyphens only",
            replaces=True,
        ),
    ),
    outputs=(
        sid_output("Environment"),
        Output("domainName", Kind.STRING, "The domain its functions answer under."),
    ),
    namesake=Namesake("uniqueName"),
    delete_before_replace=True,
    source="Serverless API, Environment resource (OpenAPI serverless_v1; it has no update)",
    assumed="A suffix is taken once per service, so a replacement cannot stand beside the old one.",
    example={"serviceSid": "${service}", "uniqueName": "live", "domainSuffix": "live"},
)
