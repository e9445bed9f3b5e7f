"""Variable: a value functions read from their context, such as a secret made at deploy time."""

from __future__ import annotations

import secrets
from dataclasses import replace

from pulumi_twilio.declarations import crud
from pulumi_twilio.declarations.call import Call, Created, Values
from pulumi_twilio.declarations.model import (
    Declaration,
    Failure,
    IdPart,
    Kind,
    Namesake,
    Property,
    sid_output,
)
from pulumi_twilio.declarations.serverless.shared import (
    ENVIRONMENT_SID,
    SERVICE_ID_PART,
    SERVICE_SID,
)

VALUE_LIMIT_BYTES = 450
GENERATED_BYTES = 32


def _check(inputs: Values) -> list[Failure]:
    value = inputs.get("value")
    if not isinstance(value, str):
        return []
    if not value:
        return [Failure("value", "must not be empty: leave it out to have one made")]
    size = len(value.encode())
    if size > VALUE_LIMIT_BYTES:
        return [Failure("value", f"is {size} bytes long, Twilio's limit is {VALUE_LIMIT_BYTES}")]
    return []


def _create(call: Call) -> Created:
    value = call.inputs.get("value") or secrets.token_hex(GENERATED_BYTES)
    return crud.create(replace(call, inputs={**call.inputs, "value": value}))


VARIABLE = Declaration(
    type="twilio:serverless:Variable",
    doc=(
        "A variable of an environment, which its functions read from their context. "
        "Without a value, one of 32 random bytes (64 hexadecimal characters) is made at creation "
        "and kept."
    ),
    product="serverless",
    path=("Services", "{serviceSid}", "Environments", "{environmentSid}", "Variables"),
    id_parts=(SERVICE_ID_PART, IdPart("environmentSid", "ZE"), IdPart("sid", "ZV")),
    properties=(
        SERVICE_SID,
        ENVIRONMENT_SID,
        Property("key", Kind.STRING, "The variable's name.", required=True, max_length=128),
        Property(
            "value",
            Kind.STRING,
            "The variable's value, at most 450 bytes. Left out, a random one is made once; "
            "what Twilio has is then taken as right.",
            secret=True,
            unset_keeps=True,
        ),
    ),
    outputs=(sid_output("Variable"),),
    namesake=Namesake("key"),
    source="Serverless API, Variable resource (OpenAPI serverless_v1)",
    assumed="A changed variable takes effect without a new build.",
    example={
        "serviceSid": "${service}",
        "environmentSid": "${environment}",
        "key": "GREETING",
        "value": "hello",
    },
    check=_check,
    create=_create,
)
