"""The form of a seed document."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_type_hints

from twilio_emulator.calls.records import Call, Conference, Participant
from twilio_emulator.store import Record

MOST = 100_000
"""Most of one kind that one entry makes."""

_NAME = {"type": "string", "minLength": 1}
_COUNT = {"type": "integer", "minimum": 0, "maximum": MOST, "default": 1}
_ATTRIBUTES = {"type": "object"}
_TEMPLATE = (
    "A template: {n} in a text is the number of the copy, {'$choice': [...]} one of the values,"
    " {'$number': [low, high]} a whole number between."
)
_MOMENT = {"type": "string", "format": "date-time"}
_TYPES: Mapping[Any, Any] = {
    str: {"type": "string"},
    str | None: {"type": ["string", "null"]},
    bool: {"type": "boolean"},
    datetime: _MOMENT,
    datetime | None: _MOMENT,
}
_GIVEN_BY_US = ("account_sid", "version", "conference_sid")


def _entry(**properties: Any) -> dict[str, Any]:
    return {
        "type": "array",
        "items": {"type": "object", "properties": properties, "additionalProperties": False},
    }


def _record(kind: type[Record], **more: Any) -> dict[str, Any]:
    """Describe an entry by the fields a record has."""
    kinds = get_type_hints(kind)
    names = [item.name for item in dataclasses.fields(kind) if item.name not in _GIVEN_BY_US]
    properties = {name.rstrip("_"): _TYPES[kinds[name]] for name in names}
    return {"type": "object", "properties": properties | more, "additionalProperties": False}


SCHEMA: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "What `twilio-emulator seed` makes",
    "type": "object",
    "properties": {
        "account": {**_NAME, "description": "SID; the first account when left out."},
        "workspace": {**_NAME, "description": "SID or name; the first one when left out."},
        "workers": _entry(
            count=_COUNT,
            friendly_name={**_NAME, "description": "Has {n} in it when there are several."},
            attributes={**_ATTRIBUTES, "description": f"{_TEMPLATE} Made up when left out."},
            activity={**_NAME, "description": "SID or name; the workspace's default."},
            channels={
                "description": "Capacity by unique name of the channel.",
                "type": "object",
                "additionalProperties": {"type": "integer", "minimum": 0, "maximum": 50},
            },
        ),
        "tasks": _entry(
            count=_COUNT,
            workflow={**_NAME, "description": "SID or name; the only one when left out."},
            queue={**_NAME, "description": "SID or name; takes the place of the filters."},
            channel={**_NAME, "default": "default"},
            attributes={
                "type": ["object", "string"],
                "description": f"{_TEMPLATE} A text is kept as it is, also where it is no JSON.",
            },
            priority={"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
            timeout={"type": "integer", "minimum": 1, "maximum": 1_209_600, "default": 86_400},
            age={"type": "number", "minimum": 0, "description": "Seconds since it was created."},
            state={
                "enum": ["pending", "assigned"],
                "default": "pending",
                "description": "pending: routing goes on from there. assigned: accepted already.",
            },
            worker={
                "description": "SID or name of who accepted, or several in turn; all available"
                " workers in turn when left out.",
                "anyOf": [_NAME, {"type": "array", "items": _NAME, "minItems": 1}],
            },
        ),
        "calls": {"type": "array", "items": _record(Call, count=_COUNT)},
        "conferences": {
            "type": "array",
            "items": _record(
                Conference,
                count=_COUNT,
                participants={
                    "type": "array",
                    "items": _record(Participant),
                },
            ),
        },
    },
    "additionalProperties": False,
}
