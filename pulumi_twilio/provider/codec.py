"""Between the engine's protobuf structs and Python values.

Secrets, unknown values, assets and resource references travel as objects with a signature
key, unknown values as one agreed text. Source: pulumi/proto/deserialization of the provider
protocol (sdk 3.272, `pulumi.runtime.rpc`).
"""

from __future__ import annotations

from typing import Any

from google.protobuf import struct_pb2

from pulumi_twilio.declarations.special import UNKNOWN, Asset, Secret

SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 a format marker, no secret
ASSET_SIGNATURE = "c44067f5952c0a294b673a41bacd8c17"
OUTPUT_SIGNATURE = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
RESOURCE_SIGNATURE = "5cf8f73096256a8f31e491e813e4eb8e"

UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWN_TEXTS = frozenset(
    {
        UNKNOWN_TEXT,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # a boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # a number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # an array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # an asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # an archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # an object
    }
)


def decode(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Read a struct: secrets as `Secret`, unknown values as `UNKNOWN`, nulls left out."""
    return _decode_fields(struct)


def encode(values: dict[str, Any]) -> struct_pb2.Struct:
    """Write values as a struct; None is left out."""
    fields = {name: _encode(value) for name, value in values.items() if value is not None}
    return struct_pb2.Struct(fields=fields)


def _decode_fields(struct: struct_pb2.Struct) -> dict[str, Any]:
    return {
        name: _decode(value)
        for name, value in struct.fields.items()
        if value.WhichOneof("kind") not in (None, "null_value")
    }


def _decode(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value in _UNKNOWN_TEXTS else value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [_decode(item) for item in value.list_value.values]
    if kind == "struct_value":
        return _decode_struct(value.struct_value)
    return None


def _decode_struct(struct: struct_pb2.Struct) -> Any:
    if SIGNATURE_KEY not in struct.fields:
        # Within JSON a null is a value of its own.
        return {name: _decode(value) for name, value in struct.fields.items()}
    fields = _decode_fields(struct)
    signature = fields[SIGNATURE_KEY]
    if signature == SECRET_SIGNATURE:
        return Secret(fields.get("value"))
    if signature == OUTPUT_SIGNATURE:
        known = fields.get("value", UNKNOWN)
        return Secret(known) if fields.get("secret") else known
    if signature == ASSET_SIGNATURE:
        return Asset(
            hash=fields.get("hash", ""),
            text=fields.get("text"),
            path=fields.get("path"),
            uri=fields.get("uri"),
        )
    if signature == RESOURCE_SIGNATURE:
        return fields.get("id", UNKNOWN)
    raise ValueError("archives and other special values are not supported by this provider")


def _encode(value: Any) -> struct_pb2.Value:
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if value is UNKNOWN:
        return struct_pb2.Value(string_value=UNKNOWN_TEXT)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, (int, float)):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, (list, tuple)):
        items = [_encode(item) for item in value]
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=items))
    return struct_pb2.Value(struct_value=_encode_object(value))


def _encode_object(value: Any) -> struct_pb2.Struct:
    if isinstance(value, Secret):
        value = {SIGNATURE_KEY: SECRET_SIGNATURE, "value": value.value}
    elif isinstance(value, Asset):
        return encode(
            {
                SIGNATURE_KEY: ASSET_SIGNATURE,
                "hash": value.hash,
                "text": value.text,
                "path": value.path,
                "uri": value.uri,
            }
        )
    fields = {str(name): _encode(item) for name, item in value.items()}
    return struct_pb2.Struct(fields=fields)
