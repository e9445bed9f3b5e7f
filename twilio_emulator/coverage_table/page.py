"""Lay the coverage page out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from twilio_emulator.products import Product
from twilio_emulator.wire import Parameter, Refused, Route

from .assumed import Assumption
from .behaviours import Behaviour

_HEAD = """\
# What the emulator answers for

<!-- Written by `python -m twilio_emulator.coverage_table`; do not edit. -->

Everything the emulator does is labelled with where it is known from:

- `spec`: Twilio's OpenAPI documents
- `doc`: a documentation page, or recordings and source of Twilio's own clients
- `assumed`: no public source says; one constant or setting each, so that it can be put right
- `not emulated`: refused by name with HTTP 501 and code 20501, or named below

A route or parameter that is not listed is refused by name as well: 404 for an address, 405 for a
method, 400 with code 20001 for a parameter.
"""


def coverage_page(
    products: Sequence[Product],
    behaviours: Sequence[Behaviour],
    assumptions: Sequence[Assumption],
) -> str:
    """Write the whole page as Markdown."""
    routes = [route for product in products for route in product.routes]
    refused = [item for product in products for item in product.refused]
    lines = [
        _HEAD,
        *_figures(routes, behaviours, assumptions),
        *_behaviours(behaviours),
        *_assumptions(assumptions),
        *_routes(routes),
        *_refused(refused),
    ]
    return "\n".join(lines)


def _figures(
    routes: Sequence[Route], behaviours: Sequence[Behaviour], assumptions: Sequence[Assumption]
) -> Iterator[str]:
    parameters = [parameter for route in routes for parameter in route.accepted.values()]
    yield "## In figures\n"
    yield from _table(
        ("", "spec", "doc", "assumed", "not emulated"),
        (
            _counted("routes", (route.source for route in routes)),
            _counted("parameters of routes", (item.source for item in parameters)),
            _counted("behaviours", (item.source for item in behaviours)),
            ("constants of assumptions.py", "", "", str(len(assumptions)), ""),
        ),
    )


def _counted(what: str, sources: Iterable[str]) -> tuple[str, ...]:
    counts = Counter(sources)
    return (what, *(str(counts[name]) for name in ("spec", "doc", "assumed", "not emulated")))


def _routes(routes: Sequence[Route]) -> Iterator[str]:
    yield "## Routes and parameters\n"
    yield "A required parameter is marked `*`; one that is not `spec` has its source beside it.\n"
    for host, group in groupby(sorted(routes, key=_order), key=lambda route: route.host):
        yield f"### {host}\n"
        yield from _table(("method", "path", "source", "parameters"), map(_route, group))


def _order(route: Route) -> tuple[str, str, str]:
    return route.host, route.path, route.method


def _route(route: Route) -> tuple[str, ...]:
    given = [_parameter(parameter) for parameter in route.accepted.values()]
    if route.body in ("json", "multipart"):
        given.append(f"({route.body} body)")
    if route.if_match:
        given.append("`If-Match` header")
    return route.method, f"`{route.path}`", route.source, ", ".join(given)


def _parameter(parameter: Parameter) -> str:
    name = f"`{parameter.name}{'*' if parameter.required else ''}`"
    return name if parameter.source == "spec" else f"{name} ({parameter.source})"


def _behaviours(behaviours: Sequence[Behaviour]) -> Iterator[str]:
    yield "## Behaviour\n"
    for area, group in groupby(behaviours, key=lambda item: item.area):
        yield f"### {area}\n"
        yield from _table(("behaviour", "source"), ((item.text, item.source) for item in group))


def _assumptions(assumptions: Sequence[Assumption]) -> Iterator[str]:
    yield "## Assumptions, each a constant of `twilio_emulator/assumptions.py`\n"
    for section, group in groupby(assumptions, key=lambda item: item.section):
        yield f"### Assumed: {section}\n"
        rows = ((f"`{item.name}`", f"`{item.value!r}`", item.sentence) for item in group)
        yield from _table(("constant", "value", "what is assumed"), rows)


def _refused(refused: Sequence[Refused]) -> Iterator[str]:
    yield "## Not emulated\n"
    yield "These addresses, and all below them, are answered with HTTP 501 and the reason.\n"
    rows = ((item.host, f"`{item.path}`", item.reason) for item in refused)
    yield from _table(("host", "path", "reason"), rows)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "|" + " --- |" * len(heads)
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""
