"""Sync Service: the store for documents, lists and maps."""

from pulumi_twilio.declarations.model import (
    Declaration,
    IdPart,
    Kind,
    Namesake,
    Property,
    sid_output,
)

SYNC_SERVICE = Declaration(
    type="twilio:sync:Service",
    doc="A Sync service: a store of documents, lists and maps that clients can watch.",
    product="sync",
    path=("Services",),
    id_parts=(IdPart("sid", "IS"),),
    properties=(
        Property("friendlyName", Kind.STRING, "The service's name.", required=True),
        Property(
            "webhookUrl", Kind.STRING, "URL Twilio tells about changes of Sync objects.", url=True
        ),
        Property(
            "reachabilityWebhooksEnabled",
            Kind.BOOLEAN,
            "Whether the webhook hears of clients that connect and disconnect.",
            default=False,
        ),
        Property(
            "aclEnabled",
            Kind.BOOLEAN,
            "Whether clients need a permission for each object.",
            default=False,
        ),
        Property(
            "reachabilityDebouncingEnabled",
            Kind.BOOLEAN,
            "Whether short disconnections are kept from the webhook.",
            default=False,
        ),
        Property(
            "reachabilityDebouncingWindow",
            Kind.INTEGER,
            "How many milliseconds a disconnection lasts before the webhook hears of it.",
            default=5000,
            minimum=1000,
            maximum=30000,
        ),
        Property(
            "webhooksFromRestEnabled",
            Kind.BOOLEAN,
            "Whether changes by the REST API reach the webhook, too.",
            default=False,
        ),
    ),
    outputs=(sid_output("Service"),),
    namesake=Namesake("friendlyName"),
    source="Sync API, Service resource (OpenAPI sync_v1)",
    assumed="Twilio may allow two services of one name; this provider does not make a second one.",
    example={"friendlyName": "Contact centre", "aclEnabled": True},
)
