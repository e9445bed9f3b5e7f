"""Inputs for every declaration, made of its own example, and a second value for each property."""

from __future__ import annotations

from typing import Any

from pulumi_twilio.declarations.model import Declaration, Kind, Property
from pulumi_twilio.declarations.special import Asset
from tests.provider.plugin import Values
from tests.provider.stage import SYNC, Stage, as_json, sid_of

OTHER_VALUES: dict[str, Any] = {
    "targetWorkers": "skills HAS 'support'",
    "events": ["task-queue.deleted"],
    "configuration": {"task_routing": {"filters": []}},
    "functionsUrl": "https://contact-centre-5678-live.twil.io",
    "path": "/other",
    "domainSuffix": "other",
}


class Surroundings:
    """Makes what an example refers to, each thing once."""

    def __init__(self, stage: Stage) -> None:
        """Start with nothing."""
        self._stage = stage
        self._made: dict[str, str] = {}

    def example(self, declaration: Declaration) -> Values:
        """Fill in a declaration's example."""
        inputs = {name: self._filled(value) for name, value in declaration.example.items()}
        if not declaration.parents:
            named = [name for name in ("friendlyName", "uniqueName") if name in inputs]
            inputs |= dict.fromkeys(named, self._stage.name("example"))
        return inputs

    def another(self, each: Property, value: Any) -> Any:
        """Make a second acceptable value of a property."""
        if each.name in OTHER_VALUES:
            return OTHER_VALUES[each.name]
        if each.choices:
            return next(choice for choice in each.choices if choice != (value or each.default))
        if each.sid_prefixes:
            sid = self._fresh(_THINGS_BY_PREFIX[each.sid_prefixes[0]])
            return [sid] if each.kind is Kind.STRING_SET else sid
        if each.url:
            return "https://example.org/other"
        return _another(each.kind, value if value is not None else each.default)

    def _filled(self, value: Any) -> Any:
        if isinstance(value, str) and value.startswith("${"):
            return self.thing(value[2:-1])
        if isinstance(value, dict):
            return {key: self._filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        return value

    def thing(self, name: str) -> str:
        """Return the SID of what an example calls by this name."""
        if name not in self._made:
            self._made[name] = self._fresh(name)
        return self._made[name]

    def _fresh(self, name: str) -> str:
        stage, made = self._stage, self.thing
        named = {"friendlyName": stage.name(name)}
        inside = {"workspaceSid": made("workspace")} if name in ("activity", "queue") else {}
        if name == "functionVersion":
            return str(stage.function(made("service")).outputs["versionSid"])
        if name == "build":
            versions = [made("functionVersion")]
            inputs = {"serviceSid": made("service"), "functionVersionSids": versions}
            return sid_of(stage.plugin.create("twilio:serverless:Build", inputs))
        if name == "service":
            return sid_of(stage.service())
        if name == "environment":
            return sid_of(stage.environment(made("service")))
        sid = sid_of(stage.plugin.create(_TYPES[name], {**named, **inside}))
        if name == "syncService":
            record = as_json({"status": "verified", "verified_at": "2026-01-01T00:00:00Z"})
            stage.post(f"{SYNC}/{sid}/Documents", {"UniqueName": "release", "Data": record})
        return sid


_TYPES = {
    "workspace": "twilio:taskrouter:Workspace",
    "activity": "twilio:taskrouter:Activity",
    "queue": "twilio:taskrouter:TaskQueue",
    "syncService": "twilio:sync:Service",
}
_THINGS_BY_PREFIX = {
    "WS": "workspace",
    "WA": "activity",
    "WQ": "queue",
    "IS": "syncService",
    "ZS": "service",
    "ZE": "environment",
    "ZB": "build",
    "ZN": "functionVersion",
}


def _another(kind: Kind, value: Any) -> Any:
    if kind is Kind.BOOLEAN:
        return not value
    if kind is Kind.INTEGER:
        return value + 1
    if kind is Kind.ASSET:
        return Asset.of_text("exports.handler = 2;\n")
    if kind in (Kind.JSON, Kind.STRING_MAP):
        return {**(value or {}), "added": "x"}
    return f"{value or 'a'}two"
