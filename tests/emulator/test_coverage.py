"""The coverage page says what the emulator does, and the OpenAPI documents say the same."""

from __future__ import annotations

import os
import re
import sys
import types
from pathlib import Path

import pytest

from twilio_emulator import assumptions as declared
from twilio_emulator.contract import Documents, Operation
from twilio_emulator.coverage_table.__main__ import generated, main
from twilio_emulator.coverage_table.assumed import Unexplained, assumptions
from twilio_emulator.products import products
from twilio_emulator.wire import Refused, Route
from twilio_emulator.wire.route import compile_path

ROUTES = [route for product in products() for route in product.routes]
REFUSED = [refused for product in products() for refused in product.refused]
UPLOAD_HOST = "serverless-upload.twilio.com"


def _blank(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


def _key(item: Route | Operation) -> tuple[str, str, str]:
    return item.method, item.host, _blank(item.path)


@pytest.fixture(scope="module")
def documents() -> Documents:
    """Return Twilio's documents, where the machine has them."""
    folder = os.environ.get("TWILIO_OPENAPI")
    if not folder:
        pytest.skip("TWILIO_OPENAPI names no folder of OpenAPI documents")
    return Documents(Path(folder))


def test_page_is_up_to_date() -> None:
    """The page in docs/ is what the declarations give."""
    assert main(["--check"]) == 0


def test_page_names_every_route_parameter_refusal_and_assumption() -> None:
    """Nothing that is declared is missing from the page."""
    page = generated()
    for route in ROUTES:
        section = page.partition(f"### {route.host}\n")[2].partition("\n##")[0]
        start = f"| {route.method} | `{route.path}` |"
        row = next(line for line in section.splitlines() if line.startswith(start))
        assert all(f"`{name}" in row for name in route.accepted)
    assert all(refused.path in page and refused.reason in page for refused in REFUSED)
    names = [name for name in vars(declared) if name.isupper()]
    assert len(names) > 10
    assert all(f"`{name}`" in page for name in names)


def test_assumption_without_a_sentence_is_refused(tmp_path: Path) -> None:
    """A constant has to say what it assumes."""
    source = tmp_path / "unexplained_assumptions.py"
    source.write_text('EXPLAINED = 1\n"""One."""\n\nBARE = 2\n')
    module = types.ModuleType(source.stem)
    module.__file__ = str(source)
    exec(compile(source.read_text(), source, "exec"), vars(module))  # noqa: S102 - our own source
    sys.modules[source.stem] = module
    try:
        with pytest.raises(Unexplained, match="BARE"):
            assumptions(module)
    finally:
        del sys.modules[source.stem]


def test_every_operation_is_routed_or_refused_by_name(documents: Documents) -> None:
    """What Twilio declares for these products is answered, or refused with the reason."""
    routed = {_key(route) for route in ROUTES}
    missing = [
        str(operation)
        for operation in documents.operations
        if _key(operation) not in routed and not _refused(operation)
    ]
    assert missing == []


def _refused(operation: Operation) -> bool:
    return any(item.host == operation.host and _is_below(operation.path, item) for item in REFUSED)


def _is_below(path: str, refused: Refused) -> bool:
    found = compile_path(refused.path).match(path)
    return found is not None and path[found.end() :][:1] in ("", "/", ".")


def test_every_declared_parameter_is_known(documents: Documents) -> None:
    """A parameter that Twilio declares is accepted by the route, and If-Match is read."""
    routes = {_key(route): route for route in ROUTES}
    unknown = []
    for operation in documents.operations:
        route = routes.get(_key(operation))
        if route is None:
            continue
        unknown += [f"{operation} {name}" for name in operation.parameters.keys() - route.accepted]
        if ("if-match" in operation.headers_in) != route.if_match:
            unknown.append(f"{operation} If-Match")
    assert sorted(unknown) == []


def test_only_what_is_declared_is_labelled_spec(documents: Documents) -> None:
    """A route or parameter from elsewhere says so."""
    operations = {_key(operation): operation for operation in documents.operations}
    mislabelled = []
    for route in ROUTES:
        operation = operations.get(_key(route))
        if operation is None:
            mislabelled += [f"{route.method} {route.path}"] if route.source == "spec" else []
            continue
        mislabelled += [
            f"{operation} {parameter.name}"
            for parameter in route.accepted.values()
            if parameter.source == "spec" and parameter.name not in operation.parameters
        ]
    assert sorted(mislabelled) == []


def test_required_parameters_agree(documents: Documents) -> None:
    """What Twilio requires is required, and nothing else is."""
    operations = {_key(operation): operation for operation in documents.operations}
    differing = [
        f"{operation} {name}"
        for route in ROUTES
        if (operation := operations.get(_key(route))) is not None
        for name in operation.required ^ set(route.required)
    ]
    assert sorted(differing) == []
