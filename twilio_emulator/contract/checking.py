"""Find what is wrong with one exchange."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

from .documents import Documents, Operation
from .report import Violation

_ENVELOPE = {"code": int, "message": str, "more_info": str, "status": int}
_FORM = "application/x-www-form-urlencoded"
_BOOLEANS = ("true", "false", "1", "0")
# Sent to pages of other origins only, which the emulator does not serve.
_CROSS_ORIGIN = "access-control-"
_SID = re.compile(r"\b[A-Z]{2}[0-9a-f]{32}\b")


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; header names in lower case, `path` without a host prefix."""

    method: str
    host: str
    path: str
    query: str
    content_type: str
    body: bytes
    status: int
    headers: Mapping[str, str]
    answer: bytes


def violations(documents: Documents, exchange: Exchange) -> Iterator[Violation]:
    """Yield what does not fit; a refused request is only checked for the form of the refusal."""
    operation = documents.find(exchange.method, exchange.host, exchange.path)
    route = _SID.sub("{Sid}", exchange.path) if operation is None else operation.path
    for where, what in _faults(operation, exchange):
        yield Violation(exchange.method, route, where, what)


def _faults(operation: Operation | None, exchange: Exchange) -> Iterator[tuple[str, str]]:
    if exchange.status >= 400:
        yield from _refusal(exchange)
    elif operation is None:
        yield "operation", f"{exchange.host} declares no such operation"
    else:
        yield from _request(operation, exchange)
        yield from _answer(operation, exchange)


def _refusal(exchange: Exchange) -> Iterator[tuple[str, str]]:
    if exchange.status >= 500 and exchange.status != 501:
        yield "status", f"the emulator failed with {exchange.status}"
    body = _parsed(exchange.answer)
    if not isinstance(body, dict) or body.keys() != _ENVELOPE.keys():
        yield "error", f"{exchange.status} without Twilio's error envelope"
        return
    if any(not isinstance(body[name], kind) for name, kind in _ENVELOPE.items()):
        yield "error", f"{exchange.status} with a value of another type in the envelope"
    elif body["status"] != exchange.status:
        yield "error", f"{exchange.status} whose envelope says {body['status']}"


def _request(operation: Operation, exchange: Exchange) -> Iterator[tuple[str, str]]:
    match = operation.pattern.fullmatch(exchange.path)
    parts = match.groupdict() if match else {}
    for name, value in parts.items():
        schema, check = operation.in_path[name]
        for _, what in check(_typed(schema.get("type"), unquote(value))):
            yield f"path {name}", what
    given = _given(operation, exchange)
    for name in operation.required - given.keys():
        yield f"parameter {name}", "required, not given, and yet accepted"
    for name, values in given.items():
        if name not in operation.parameters:
            yield f"parameter {name}", "not declared, and yet accepted"
            continue
        for what in _wrong(operation, name, values):
            yield f"parameter {name}", what


def _given(operation: Operation, exchange: Exchange) -> dict[str, list[str]]:
    given = parse_qs(exchange.query, keep_blank_values=True)
    if exchange.content_type == _FORM and operation.form:
        given |= parse_qs(exchange.body.decode(errors="replace"), keep_blank_values=True)
    return given


def _wrong(operation: Operation, name: str, values: Sequence[str]) -> Iterator[str]:
    schema = operation.parameters[name]
    if schema.get("type") == "array":
        schema = schema.get("items", {})
        check = _of_items(operation.checks[name])
    else:
        check, values = operation.checks[name], values[-1:]
    for value in values:
        for _, what in check(_typed(schema.get("type"), value)):
            yield what


def _of_items(check: Any) -> Any:
    return lambda value: check([value])


def _typed(kind: Any, text: str) -> Any:
    if kind == "integer":
        bare = text.removeprefix("-")
        return int(text) if bare.isascii() and bare.isdigit() else text
    if kind == "boolean":
        return text.lower() in ("true", "1") if text.lower() in _BOOLEANS else text
    if kind in ("number", "object"):
        return _parsed(text.encode())
    return text


def _answer(operation: Operation, exchange: Exchange) -> Iterator[tuple[str, str]]:
    if exchange.status not in operation.answers:
        declared = ", ".join(map(str, operation.answers))
        yield "status", f"{exchange.status} is not declared ({declared})"
        return
    yield from _headers(operation, exchange)
    check = operation.answers[exchange.status]
    if check is None:
        if exchange.answer:
            yield "answer", f"{exchange.status} with a body"
        return
    body = _parsed(exchange.answer)
    if body is None or not exchange.headers.get("content-type", "").startswith("application/json"):
        yield "answer", "not JSON"
        return
    for place, what in check(body):
        yield f"answer{place}", what
    yield from _links(operation, body)


def _headers(operation: Operation, exchange: Exchange) -> Iterator[tuple[str, str]]:
    declared = operation.headers_out[exchange.status]
    for name in declared:
        if name not in exchange.headers and not name.startswith(_CROSS_ORIGIN):
            yield f"header {name}", "declared, not sent"
    if "etag" in exchange.headers and "etag" not in declared:
        yield "header etag", "sent, not declared"


def _links(operation: Operation, body: Any) -> Iterator[tuple[str, str]]:
    """Compare the names of links with the examples: their schema leaves them open."""
    if not isinstance(body, dict):
        return
    key = _list_key(body)
    resources = [("answer", body)] if key is None else _numbered(key, body.get(key))
    for place, resource in resources:
        for name, expected in operation.links.items():
            for link in resource.get(name, {}).keys() ^ expected:
                word = "missing" if link in expected else "undeclared"
                yield f"{place}.{name}.{link}", f"{word} in comparison with the examples"


def _list_key(body: dict[str, Any]) -> str | None:
    """Name what a list's items stand under; the 2010 API's lists have no meta."""
    if "first_page_uri" in body:
        return next((name for name, value in body.items() if isinstance(value, list)), None)
    key: str | None = body.get("meta", {}).get("key")
    return key


def _numbered(key: str, items: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(f"answer.{key}[]", item) for item in items or () if isinstance(item, dict)]


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
