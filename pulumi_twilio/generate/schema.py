"""The package schema (what `pulumi package get-schema` shows). Pure.

Source: Pulumi package schema reference.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pulumi_twilio.declarations import declarations, lookups
from pulumi_twilio.declarations.model import Declaration, Kind, Lookup, Output, Property
from pulumi_twilio.provider.configuration import CONFIGURATION

_FALLBACKS = {
    "accountSid": "TWILIO_ACCOUNT_SID",
    "authToken": "TWILIO_AUTH_TOKEN",
    "apiKeySid": "TWILIO_API_KEY",
    "apiKeySecret": "TWILIO_API_SECRET",
    "baseUrl": "TWILIO_BASE_URL",
}
_ANY = {"$ref": "pulumi.json#/Any"}
_TYPES: dict[Kind, dict[str, Any]] = {
    Kind.STRING: {"type": "string"},
    Kind.INTEGER: {"type": "integer"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.JSON: {"type": "object", "additionalProperties": _ANY},
    Kind.STRING_MAP: {"type": "object", "additionalProperties": {"type": "string"}},
    Kind.STRING_SET: {"type": "array", "items": {"type": "string"}},
    Kind.ASSET: {"$ref": "pulumi.json#/Asset"},
}
_JSON_OR_TEXT: dict[str, Any] = {"oneOf": [_TYPES[Kind.JSON], {"type": "string"}]}


def schema_text() -> str:
    """Write the schema as it is committed and served."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def schema() -> dict[str, Any]:
    """Make the schema of everything declared."""
    settings = {each.name: _input(each) for each in CONFIGURATION}
    return {
        "name": "twilio",
        "displayName": "Twilio contact centre",
        "description": "TaskRouter, Sync and Serverless resources of a Twilio contact centre.",
        "license": "Apache-2.0",
        "pluginDownloadURL": "",
        "config": {"variables": settings},
        "provider": {
            "description": "One Twilio account.",
            "inputProperties": {
                each.name: {**_input(each), **_fallback(each)} for each in CONFIGURATION
            },
        },
        "resources": {each.type: _resource(each) for each in declarations().values()},
        "functions": {each.name: _function(each) for each in lookups().values()},
        "language": {"python": {"packageName": "pulumi_twilio"}},
    }


def _fallback(each: Property) -> dict[str, Any]:
    variable = _FALLBACKS.get(each.name)
    return {"defaultInfo": {"environment": [variable]}} if variable else {}


def _resource(declaration: Declaration) -> dict[str, Any]:
    inputs, outputs = declaration.properties, declaration.outputs
    shown = [each for each in inputs if not each.option]
    return {
        "description": _description(declaration),
        "inputProperties": {each.name: _input(each) for each in inputs},
        "requiredInputs": [each.name for each in inputs if each.required],
        "properties": {
            **{each.name: _output(each) for each in shown},
            **{each.name: _output(each) for each in outputs},
        },
        "required": [each.name for each in shown if always_set(each)]
        + [each.name for each in outputs if not each.optional],
    }


def _description(declaration: Declaration) -> str:
    line = f"pulumi import {declaration.type} <name> {declaration.id_form}"
    return f"{declaration.doc}\n\n## Import\n\n```sh\n{line}\n```"


def always_set(each: Property) -> bool:
    """Tell whether an input is always among the outputs."""
    return each.required or (each.default is not None and not each.write_only) or each.unset_keeps


def _function(lookup: Lookup) -> dict[str, Any]:
    return {
        "description": lookup.doc,
        "inputs": {
            "type": "object",
            "properties": {each.name: _input(each) for each in lookup.inputs},
            "required": [each.name for each in lookup.inputs if each.required],
        },
        "outputs": {
            "type": "object",
            "properties": {each.name: _output(each) for each in lookup.outputs},
            "required": _names(lookup.outputs),
        },
    }


def _names(outputs: Sequence[Output]) -> list[str]:
    return [each.name for each in outputs if not each.optional]


def _input(each: Property) -> dict[str, Any]:
    made = dict(_JSON_OR_TEXT if each.kind is Kind.JSON else _TYPES[each.kind])
    return {**made, **_flags(each), **({"willReplaceOnChanges": True} if each.replaces else {})}


def _output(each: Property | Output) -> dict[str, Any]:
    return {**_TYPES[each.kind], **_flags(each)}


def _flags(each: Property | Output) -> dict[str, Any]:
    return {"description": each.doc, **({"secret": True} if each.secret else {})}
