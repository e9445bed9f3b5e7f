"""The conversation that every client has with the emulator, for clients that speak plain HTTP.

The Node and Go programs beside this file have the same one, and all report the same facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

TASKROUTER = "https://taskrouter.twilio.com/v1/Workspaces"
SYNC = "https://sync.twilio.com/v1/Services"
SERVERLESS = "https://serverless.twilio.com/v1/Services"
UPLOAD = "https://serverless-upload.twilio.com/v1/Services"
MISSING = "WK" + "0" * 32
SOURCE = "exports.handler = (context, event, callback) => callback(null, 'hello');"

EXPECTED = {
    "listed": ["w0", "w1", "w2", "w3", "w4"],
    "etag": '"0"',
    "updated": ["renamed", '"1"'],
    "stale": [412, 20412],
    "missing": [404, 20404],
    "document": [{"n": 1}, "1"],
    "uploaded": "/hello",
}
"""What each of them reports."""


@dataclass(frozen=True)
class Answer:
    """One answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Send(Protocol):
    """Send one authenticated request; `file` makes it multipart."""

    def __call__(
        self,
        method: str,
        url: str,
        data: Mapping[str, str] | None = None,
        if_match: str | None = None,
        file: str | None = None,
    ) -> Answer:
        """Send it."""


def converse(send: Send, workspace: str, name: str) -> dict[str, Any]:
    """Create, list in pages, update under a condition, fail in two ways, upload, keep a document.

    Shape: the facts of `EXPECTED`; `name` keeps clients on one emulator apart.
    """
    workers = f"{TASKROUTER}/{workspace}/Workers"
    sids = [send("POST", workers, {"FriendlyName": f"w{n}"}).body["sid"] for n in range(5)]
    one = f"{workers}/{sids[0]}"
    names = sorted(_listed(send, f"{workers}?PageSize=2"))
    etag = send("GET", one).headers["etag"]
    updated = send("POST", one, {"FriendlyName": "renamed"}, if_match=etag)
    stale = send("POST", one, {"FriendlyName": "late"}, if_match=etag)
    missing = send("GET", f"{workers}/{MISSING}")
    return {
        "listed": names,
        "etag": etag,
        "updated": [updated.body["friendly_name"], updated.headers["etag"]],
        "stale": [stale.status, stale.body["code"]],
        "missing": [missing.status, missing.body["code"]],
        "document": _document(send, name),
        "uploaded": _uploaded(send, name),
    }


def _listed(send: Send, url: str | None) -> list[str]:
    names = []
    while url:
        page = send("GET", url).body
        names += [worker["friendly_name"] for worker in page["workers"]]
        url = page["meta"]["next_page_url"]
    return names


def _document(send: Send, name: str) -> list[Any]:
    documents = f"{SYNC}/default/Documents"
    made = send("POST", documents, {"UniqueName": name, "Data": '{"n": 0}'}).body
    url = f"{documents}/{name}"
    changed = send("POST", url, {"Data": '{"n": 1}'}, if_match=made["revision"]).body
    return [changed["data"], changed["revision"]]


def _uploaded(send: Send, name: str) -> str:
    service = send("POST", SERVERLESS, {"UniqueName": name, "FriendlyName": name}).body["sid"]
    functions = f"{service}/Functions"
    function = send("POST", f"{SERVERLESS}/{functions}", {"FriendlyName": "hello"}).body["sid"]
    version = send(
        "POST",
        f"{UPLOAD}/{functions}/{function}/Versions",
        {"Path": "/hello", "Visibility": "public"},
        file=SOURCE,
    )
    return str(version.body["path"])
