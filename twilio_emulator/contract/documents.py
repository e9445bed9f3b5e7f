"""Read OpenAPI documents into operations that can be found by host, method and path."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from twilio_emulator.wire.route import compile_path

from .schemas import Check, Schema, asked, compiled, promised, resolved

_METHODS = ("get", "post", "put", "delete")


@dataclass(frozen=True, eq=False)
class Operation:
    """One method of one address, as a document declares it.

    Shape: `path` is the document's template; `declared` its Operation Object, `schemas` the
    document's components.
    """

    host: str
    method: str
    path: str
    declared: Mapping[str, Any]
    schemas: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.host}{self.path}"

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches the paths of this operation."""
        return compile_path(self.path)

    @cached_property
    def in_path(self) -> dict[str, tuple[Schema, Check]]:
        """The schemas and checks of the path's parts, by name."""
        return {name: (schema, compiled(schema)) for name, schema in self._named("path")}

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The schemas of query and form parameters, by wire name."""
        return {**dict(self._named("query")), **self.form.get("properties", {})}

    @cached_property
    def checks(self) -> dict[str, Check]:
        """The checks of query and form parameters, by wire name."""
        return {name: compiled(schema) for name, schema in self.parameters.items()}

    @cached_property
    def required(self) -> frozenset[str]:
        """The parameters that have to be there."""
        query = {
            item["name"]
            for item in self.declared.get("parameters", ())
            if item["in"] == "query" and item.get("required")
        }
        return frozenset(query | set(self.form.get("required", ())))

    @cached_property
    def headers_in(self) -> frozenset[str]:
        """The request headers it reads, in lower case."""
        return frozenset(name.lower() for name, _ in self._named("header"))

    @cached_property
    def form(self) -> dict[str, Any]:
        """The schema of the form it takes; empty when it takes none."""
        content = self.declared.get("requestBody", {}).get("content", {})
        schema = content.get("application/x-www-form-urlencoded", {}).get("schema", {})
        return asked(schema, self.schemas)

    @cached_property
    def answers(self) -> dict[int, Check | None]:
        """The check of the body by declared status; None for an empty body."""
        found: dict[int, Check | None] = {}
        for status, response in self.declared["responses"].items():
            schema = response.get("content", {}).get("application/json", {}).get("schema")
            strict = None if schema is None else promised(schema, self.schemas)
            found[int(status)] = None if strict is None else compiled(strict)
        return found

    @cached_property
    def headers_out(self) -> dict[int, frozenset[str]]:
        """The answer's headers by declared status, in lower case."""
        return {
            int(status): frozenset(name.lower() for name in response.get("headers", ()))
            for status, response in self.declared["responses"].items()
        }

    @cached_property
    def links(self) -> dict[str, frozenset[str]]:
        """The keys that each map of addresses has in the document's examples, by its field."""
        return {name: frozenset(keys) for name, keys in _example_maps(self.declared).items()}

    def _named(self, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for item in self.declared.get("parameters", ()):
            if item["in"] == place:
                yield item["name"], asked(item["schema"], self.schemas)


class Documents:
    """All operations of the documents in a folder.

    Raises: OSError, ValueError or KeyError when it holds something else.
    """

    def __init__(self, folder: Path) -> None:
        self.operations = tuple(
            operation for path in sorted(folder.glob("*.json")) for operation in _read(path)
        )
        if not self.operations:
            raise FileNotFoundError(f"{folder} holds no OpenAPI document (*.json)")
        self.hosts = frozenset(operation.host for operation in self.operations)
        self._groups: dict[tuple[str, str, int], list[Operation]] = {}
        for operation in self.operations:
            key = (operation.host, operation.method, operation.path.count("/"))
            self._groups.setdefault(key, []).append(operation)
        for group in self._groups.values():
            # A literal segment wins over a placeholder.
            group.sort(key=lambda item: ["{" in part for part in item.path.split("/")])

    def find(self, method: str, host: str, path: str) -> Operation | None:
        """Return the operation that a request means."""
        for operation in self._groups.get((host, method, path.count("/")), ()):
            if operation.pattern.fullmatch(path):
                return operation
        return None


def _read(path: Path) -> Iterator[Operation]:
    document = json.loads(path.read_text(encoding="utf-8"))
    schemas = document.get("components", {}).get("schemas", {})
    for template, item in document["paths"].items():
        servers = item.get("servers") or document["servers"]
        host = urlsplit(servers[0]["url"]).hostname or ""
        for method in _METHODS:
            if method in item:
                yield Operation(host, method.upper(), template, item[method], schemas)


def _example_maps(declared: Mapping[str, Any]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for response in declared["responses"].values():
        content = response.get("content", {}).get("application/json", {})
        for example in content.get("examples", {}).values():
            _collect_maps(resolved(example, {}).get("value"), found)
    return found


def _collect_maps(value: Any, found: dict[str, set[str]]) -> None:
    if isinstance(value, list):
        for item in value:
            _collect_maps(item, found)
    elif isinstance(value, dict):
        for name, part in value.items():
            if name in ("links", "subresource_uris") and isinstance(part, dict):
                found.setdefault(name, set()).update(part)
            else:
                _collect_maps(part, found)
