"""Exchanges are held against OpenAPI documents, here against small ones of the tests' own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from twilio_emulator.contract import Documents, Violation, read_reports
from twilio_emulator.contract.checking import Exchange, violations
from twilio_emulator.contract.report import VARIABLE
from twilio_emulator.testing import RunningEmulator, start_emulator

SERVICES = "https://sync.twilio.com/v1/Services"
SID = {"type": "string", "pattern": "^IS[0-9a-f]{32}$", "nullable": True}
MOMENT = {"type": "string", "format": "date-time", "nullable": True}


def _document(fields: dict[str, Any], form: dict[str, Any]) -> dict[str, Any]:
    """Write a document of one host that has one list and can create one thing."""
    thing = {"type": "object", "properties": fields}
    page = {"type": "object", "properties": {"things": {"type": "array", "items": thing}}}
    return {
        "openapi": "3.0.1",
        "servers": [{"url": "https://things.twilio.com"}],
        "components": {"schemas": {"thing": thing, "page": page}},
        "paths": {
            "/v1/Things": {
                "get": _operation("page", 200, [_parameter("Colour", {"enum": ["red", "blue"]})]),
                "post": {
                    **_operation("thing", 201, []),
                    "requestBody": {
                        "content": {"application/x-www-form-urlencoded": {"schema": form}}
                    },
                },
            },
        },
    }


def _operation(schema: str, status: int, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"parameters": parameters, "responses": {str(status): {"content": content}}}


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema}


@pytest.fixture
def documents(tmp_path: Path) -> Documents:
    """Return a document of things with a SID, a moment and a count."""
    fields = {"sid": SID, "date_created": MOMENT, "count": {"type": "integer"}}
    form = {
        "type": "object",
        "properties": {
            "Name": {"type": "string"},
            "Count": {"type": "integer"},
            "Tags": {"type": "array", "items": {"enum": ["old", "new"]}},
        },
        "required": ["Name"],
    }
    (tmp_path / "things.json").write_text(json.dumps(_document(fields, form)))
    return Documents(tmp_path)


THING = {"sid": "IS" + "0" * 32, "date_created": "2026-01-01T00:00:00Z", "count": 1}


def _found(documents: Documents, **changes: Any) -> list[str]:
    fitting: dict[str, Any] = {
        "method": "POST",
        "host": "things.twilio.com",
        "path": "/v1/Things",
        "query": "",
        "content_type": "application/x-www-form-urlencoded",
        "body": b"Name=a&Count=2",
        "status": 201,
        "headers": {"content-type": "application/json"},
        "answer": json.dumps(THING).encode(),
    }
    found = violations(documents, Exchange(**{**fitting, **changes}))
    return [f"{violation.where}: {violation.what}" for violation in found]


def _answer(**changes: Any) -> bytes:
    thing = {name: value for name, value in {**THING, **changes}.items() if value is not ...}
    return json.dumps(thing).encode()


def test_fitting_exchange_passes(documents: Documents) -> None:
    """Nothing is said of an exchange as declared."""
    assert _found(documents) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"answer": _answer(count=...)}, "answer: missing 'count'"),
        ({"answer": _answer(colour="red")}, "answer: undeclared colour"),
        ({"answer": _answer(count="1")}, "answer.count: '1' is not of type 'integer'"),
        ({"answer": _answer(count=None)}, "answer.count: None is not of type 'integer'"),
        (
            {"answer": _answer(date_created="2026-01-01")},
            "answer.date_created: '2026-01-01' is not a 'date-time'",
        ),
        ({"answer": _answer(sid="WK1")}, "answer.sid: 'WK1' does not match '^IS[0-9a-f]{32}$'"),
        ({"answer": b"<html>"}, "answer: not JSON"),
        ({"status": 200}, "status: 200 is not declared (201)"),
        ({"body": b"Name=a&Size=2"}, "parameter Size: not declared, and yet accepted"),
        ({"body": b"Name=a&Count=x"}, "parameter Count: 'x' is not of type 'integer'"),
        ({"body": b"Name=a&Tags=old&Tags=odd"}, "parameter Tags: 'odd' is not one of"),
        ({"body": b"Count=2"}, "parameter Name: required, not given, and yet accepted"),
        ({"path": "/v1/Others"}, "operation: things.twilio.com declares no such operation"),
        ({"headers": {"content-type": "application/json", "etag": '"1"'}}, "header etag: sent"),
        ({"status": 500, "answer": b"{}"}, "status: the emulator failed with 500"),
        ({"status": 400, "answer": b'{"error":1}'}, "error: 400 without Twilio's error envelope"),
    ],
)
def test_whatever_does_not_fit_is_named(
    documents: Documents, changes: dict[str, Any], expected: str
) -> None:
    """Each kind of departure is found, with its place."""
    assert any(found.startswith(expected) for found in _found(documents, **changes))


def test_null_is_allowed_where_declared(documents: Documents) -> None:
    """A nullable field may be null, but has to be there."""
    assert _found(documents, answer=_answer(sid=None)) == []
    assert _found(documents, answer=_answer(sid=...)) == ["answer: missing 'sid'"]


def test_links_are_those_of_the_examples(tmp_path: Path) -> None:
    """The names of links are held against the document's examples, both ways."""
    document = _document({"links": {"type": "object", "format": "uri-map"}}, {})
    content = document["paths"]["/v1/Things"]["post"]["responses"]["201"]["content"]
    part = {"parts": "https://things.twilio.com/v1/Parts"}
    content["application/json"]["examples"] = {"create": {"value": {"links": part}}}
    (tmp_path / "things.json").write_text(json.dumps(document))

    def found(links: dict[str, str]) -> list[str]:
        answer = json.dumps({"links": links}).encode()
        return _found(Documents(tmp_path), body=b"", answer=answer)

    words = "in comparison with the examples"
    assert found(part) == []
    assert found({}) == [f"answer.links.parts: missing {words}"]
    assert found({**part, "others": part["parts"]}) == [f"answer.links.others: undeclared {words}"]


def test_every_item_of_a_list_is_checked(documents: Documents) -> None:
    """A fault in a later item is found, and told without its number."""
    items = [THING, {**THING, "count": "1"}]
    answer = json.dumps({"things": items}).encode()
    found = _found(documents, method="GET", body=b"", status=200, answer=answer)
    assert found == ["answer.things[].count: '1' is not of type 'integer'"]


def test_query_values_are_checked(documents: Documents) -> None:
    """A value outside of the declared ones is found when it was accepted, not when refused."""
    answer = json.dumps({"things": []}).encode()
    given = {"method": "GET", "body": b"", "status": 200, "query": "Colour=green", "answer": answer}
    assert _found(documents, **given) == ["parameter Colour: 'green' is not one of ['red', 'blue']"]
    envelope = {"code": 20001, "message": "no", "more_info": "https://", "status": 400}
    refused = {**given, "status": 400, "answer": json.dumps(envelope).encode()}
    assert _found(documents, **refused) == []


def test_refusal_tells_its_own_status(documents: Documents) -> None:
    """The envelope's status is the answer's."""
    envelope = {"code": 20404, "message": "no", "more_info": "https://", "status": 400}
    found = _found(documents, status=404, answer=json.dumps(envelope).encode())
    assert found == ["error: 404 whose envelope says 400"]


@pytest.fixture(scope="module")
def reporting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningEmulator, Path]]:
    """Run an emulator that is held against a document with one field too many and one too few."""
    folder, report = tmp_path_factory.mktemp("documents"), tmp_path_factory.mktemp("report")
    document = _document(
        {"sid": SID, "colour": {"type": "string"}}, {"type": "object", "properties": {}}
    )
    document["servers"] = [{"url": "https://sync.twilio.com"}]
    document["paths"] = {"/v1/Services": {"post": document["paths"]["/v1/Things"]["post"]}}
    (folder / "sync.json").write_text(json.dumps(document))
    environ = {"TWILIO_OPENAPI": str(folder), VARIABLE: str(report)}
    with start_emulator(sample=False, environ=environ) as running:
        yield running, report


def test_running_emulator_reports_each_departure_once(
    reporting: tuple[RunningEmulator, Path],
) -> None:
    """What an emulator answers is checked as it happens, and written down at once."""
    emulator, report = reporting
    for _ in range(2):
        made = emulator.request("POST", SERVICES, data={"FriendlyName": "a"})
        assert made.status_code == 201
    found = read_reports(report)
    assert Violation("POST", "/v1/Services", "answer", "missing 'colour'") in found
    assert any(violation.where == "parameter FriendlyName" for violation in found)
    lines = [line for file in report.iterdir() for line in file.read_text().splitlines()]
    assert len(lines) == len(set(lines))


def test_failures_on_demand_are_not_judged(reporting: tuple[RunningEmulator, Path]) -> None:
    """A fault's answer is the tester's own."""
    emulator, report = reporting
    emulator.request("POST", SERVICES, data={"FriendlyName": "a"})
    before = read_reports(report)
    with emulator.fault(host="sync", status=503, body="down"):
        assert emulator.request("POST", SERVICES).status_code == 503
    assert read_reports(report) == before


def test_folder_without_documents_is_refused(tmp_path: Path) -> None:
    """The command says what is wrong and does not start."""
    command = [sys.executable, "-m", "twilio_emulator", "serve", "--memory", "--port", "0"]
    done = subprocess.run(
        [*command, "--openapi", str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert f"{tmp_path} holds no OpenAPI document" in done.stderr
