"""What the page does not list is refused by name, on every route there is."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from twilio_emulator.products import products
from twilio_emulator.testing import RunningEmulator, start_emulator
from twilio_emulator.wire import Refused, Route
from twilio_emulator.wire.route import compile_path

ROUTES = [route for product in products() for route in product.routes]
REFUSED = [refused for product in products() for refused in product.refused]
METHODS = {"GET", "POST", "DELETE", "PUT", "PATCH"}


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    """Run an emulator."""
    with start_emulator(workers=1) as running:
        yield running


def _url(item: Route | Refused, emulator: RunningEmulator) -> str:
    path = item.path.replace("{AccountSid}", emulator.account_sid)
    return f"https://{item.host}" + re.sub(r"\{\w+\}", "none", path)


def _fits(route: Route, url: str) -> bool:
    """Tell whether a route's address, placeholders and all, has this one among its own."""
    host, _, path = url.removeprefix("https://").partition("/")
    return route.host == host and compile_path(route.path).fullmatch(f"/{path}") is not None


def _refusal(answer: httpx.Response, status: int, code: int) -> str:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return str(answer.json()["message"])


def test_unknown_parameter_is_named_by_every_route(emulator: RunningEmulator) -> None:
    """A parameter nobody declared is refused before anything else is looked at."""
    for route in ROUTES:
        body = {"files": {"Content": b""}} if route.body == "multipart" else {}
        answer = emulator.request(route.method, _url(route, emulator) + "?Unheard=1", **body)
        assert "Unheard" in _refusal(answer, 400, 20001), route


def test_other_methods_are_refused_at_every_address(emulator: RunningEmulator) -> None:
    """A method that an address has not is named, with those it has."""
    for url in {_url(route, emulator) for route in ROUTES}:
        known = {route.method for route in ROUTES if _fits(route, url)}
        for method in METHODS - known:
            message = _refusal(emulator.request(method, url), 405, 20004)
            assert method in message
            assert all(name in message for name in known)


def test_unknown_addresses_are_named(emulator: RunningEmulator) -> None:
    """What lies below a known address and is none is not found, by its name."""
    for route in ROUTES:
        url = _url(route, emulator) + "/Unheard/of/there"
        answer = emulator.request(route.method, url)
        assert answer.status_code in (404, 501), route
        assert "/Unheard/of/there" in answer.json()["message"]


def test_what_is_not_emulated_is_refused_with_the_reason(emulator: RunningEmulator) -> None:
    """Every address that is named as not emulated says so itself, and so do those below it."""
    assert REFUSED
    for refused in REFUSED:
        for below in ("", "/more"):
            answer = emulator.request("GET", _url(refused, emulator) + below)
            assert refused.reason in _refusal(answer, 501, 20501)
