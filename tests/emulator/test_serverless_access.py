"""Who may call what on a functions domain: visibility, signatures, assets, preflights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from twilio_emulator.sample_account import AUTH_TOKEN
from twilio_emulator.wire import FunctionRequest
from twilio_emulator.wire.signature import FORM, is_signed

from .running import API, Deployed, Running, running

ECHO = """exports.handler = (context, event, callback) => {
  const {request, ...rest} = event; console.log('ran'); callback(null, rest); };"""
HEADERS = "exports.handler = (c, event, callback) => callback(null, event.request.headers);"
SIGN = RequestValidator(AUTH_TOKEN).compute_signature


@pytest.fixture(scope="module")
def emulator() -> Iterator[Running]:
    """Run an emulator."""
    with running() as started:
        yield started


@pytest.fixture(scope="module")
def deployed(emulator: Running) -> Deployed:
    """Deploy a function of each visibility."""
    sources = {
        "/open": ECHO,
        "/guarded.protected": ECHO,
        "/hidden.private": ECHO,
        "/headers": HEADERS,
    }
    return emulator.deploy("access", sources)


def test_public_runs_protected_is_refused_private_is_absent(deployed: Deployed) -> None:
    """Without a signature only the public function runs."""
    statuses = [deployed.call(path).status_code for path in ("/open", "/guarded", "/hidden")]

    assert statuses == [200, 403, 404]
    assert deployed.call("/nowhere").status_code == 404


def test_unknown_domain_is_not_found(emulator: Running) -> None:
    """A domain that no environment has answers 404."""
    assert emulator.function("GET", "https://nobody-1234.twil.io/open").status_code == 404


@pytest.mark.parametrize("port", ["", ":443"])
def test_signed_form_runs(deployed: Deployed, port: str) -> None:
    """A form signed by Twilio's own library runs, the address with the standard port too."""
    form = {"EventType": "worker.created", "Empty": "", "Text": "a b&c=ü"}
    host, path = deployed.url, "/guarded?x=1"
    signature = SIGN(f"{host}{port}{path}", form)

    answer = deployed.call(path, "POST", data=form, headers={"X-Twilio-Signature": signature})

    assert answer.json() == {"x": "1", **form}


def test_altered_form_is_refused(deployed: Deployed) -> None:
    """A signature covers every parameter, the address and the account's token."""
    form = {"WorkerSid": "WK1"}
    url = f"{deployed.url}/guarded"
    good = {"X-Twilio-Signature": SIGN(url, form)}
    other = {"X-Twilio-Signature": RequestValidator("0" * 32).compute_signature(url, form)}

    assert deployed.call("/guarded", "POST", data=form, headers=good).status_code == 200
    for path, data, headers in (
        ("/guarded", {"WorkerSid": "WK2"}, good),
        ("/guarded", {**form, "More": "1"}, good),
        ("/guarded?x=1", form, good),
        ("/guarded", form, other),
    ):
        assert deployed.call(path, "POST", data=data, headers=headers).status_code == 403


def test_json_body_is_covered_by_its_digest(deployed: Deployed) -> None:
    """A JSON body runs with bodySHA256 in the signed address and is refused without it."""
    body = json.dumps({"batch": 1})
    digest = hashlib.sha256(body.encode()).hexdigest()
    path = f"/guarded?bodySHA256={digest}"
    signature = {"X-Twilio-Signature": SIGN(deployed.url + path, {})}
    headers = {"Content-Type": "application/json", **signature}

    assert deployed.call(path, "POST", content=body, headers=headers).status_code == 200
    assert deployed.call(path, "POST", content=body + " ", headers=headers).status_code == 403
    bare = {"X-Twilio-Signature": SIGN(deployed.url + "/guarded", {})}
    headers = {"Content-Type": "application/json", **bare}
    assert deployed.call("/guarded", "POST", content=body, headers=headers).status_code == 403


@pytest.mark.parametrize("path", ["/open", "/guarded"])
def test_preflight_is_answered_for_functions(deployed: Deployed, path: str) -> None:
    """OPTIONS is answered by the runtime for every origin and header; no function sees it."""
    asked = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-anything",
    }
    before = deployed.logs()
    answer = deployed.call(path, "OPTIONS", headers=asked)

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-headers"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert deployed.logs() == before


def test_a_preflight_tells_nothing_of_private_functions(deployed: Deployed) -> None:
    """A private function and a missing one are the same to a browser."""
    assert deployed.call("/hidden", "OPTIONS").status_code == 404
    assert deployed.call("/nowhere", "OPTIONS").status_code == 404


def test_headers_twilio_keeps_are_kept_from_functions(deployed: Deployed) -> None:
    """A function sees what the caller says, and nothing of how the request came."""
    kept = {
        "Referer": "https://a.example",
        "Via": "1.1 b",
        "X-Forwarded-For": "1.2.3.4",
        "X-Forwarded-Proto": "https",
        "X-Real-IP": "1.2.3.4",
        "X-Accel-Buffering": "no",
        "Upgrade": "h2c",
        "Proxy-Authorization": "Basic eA==",
    }
    seen = {"Origin": "https://a.example", "Authorization": "Bearer x", "X-Own": "1"}
    answer = deployed.call("/headers", headers={**kept, **seen})

    shown = answer.json()
    assert {name: shown[name.lower()] for name in seen} == seen
    assert not set(shown) & {"host", "connection", *map(str.lower, kept)}


def test_assets_are_served_with_type_and_etag(emulator: Running) -> None:
    """An asset has its content type, an ETag that saves the second transfer, and a root page."""
    service = emulator.service("static")
    files = [
        ("/assets/index.html", "text/html", "<h1>hi</h1>", "public"),
        ("/logo.svg", "application/octet-stream", "<svg/>", "public"),
        ("/secret.txt", "text/plain", "s", "protected"),
    ]
    versions = [
        emulator.upload(service, path, body, visibility=who, kind="Assets", content_type=kind)
        for path, kind, body, who in files
    ]
    build = emulator.build(service, AssetVersions=[version["sid"] for version in versions])
    path = f"/v1/Services/{service}/Environments"
    environment = emulator.api("POST", API, path, data={"UniqueName": "all"}).json()
    site = Deployed(emulator, service, environment["sid"], f"https://{environment['domain_name']}")
    site.activate(build["sid"])

    page = site.call("/")
    assert (page.text, page.headers["content-type"]) == ("<h1>hi</h1>", "text/html")
    again = site.call("/", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.text) == (304, "")
    assert site.call("/logo.svg").headers["content-type"] == "image/svg+xml"
    assert page.headers["access-control-allow-origin"] == "*"
    assert again.headers["access-control-allow-origin"] == "*"
    assert site.call("/logo.svg", "OPTIONS").headers["access-control-allow-headers"] == "*"
    assert site.call("/secret.txt").status_code == 403
    signature = {"X-Twilio-Signature": SIGN(site.url + "/secret.txt", {})}
    assert site.call("/secret.txt", headers=signature).text == "s"


TEXT = st.text(st.characters(codec="utf-8"), max_size=8)


@given(form=st.dictionaries(TEXT.filter(bool), TEXT, max_size=5), changed=TEXT.filter(bool))
def test_signatures_agree_with_twilios_library(form: dict[str, str], changed: str) -> None:
    """Whatever Twilio's own library signs is accepted, and no other form with that signature."""
    from urllib.parse import urlencode

    url = "https://a-1234.twil.io/guarded"
    headers = (("Content-Type", FORM), ("X-Twilio-Signature", SIGN(url, form)))

    def request(fields: dict[str, str]) -> FunctionRequest:
        body = urlencode(fields).encode()
        return FunctionRequest("POST", "a-1234.twil.io", "/guarded", "", headers, body)

    altered = {**form, "zz": "zz" + changed}
    assert is_signed(request(form), AUTH_TOKEN)
    assert not is_signed(request(altered), AUTH_TOKEN)
