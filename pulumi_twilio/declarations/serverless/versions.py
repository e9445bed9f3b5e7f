"""Versions of functions and assets: upload, find the newest, read the text.

A version carries path, visibility and content and never changes; a changed file is a new
version of the same function.
Source: Serverless API, Function Version and Asset Version; the upload host from its create
pages.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_twilio.declarations.call import Call, Refused, Values
from pulumi_twilio.declarations.crud import item_url
from pulumi_twilio.declarations.special import Asset
from twilio_client import NotFound, urls

FUNCTION_CONTENT_TYPE = "application/javascript"
PAGE_SIZE = 100

Version = Mapping[str, Any]


@dataclass(frozen=True)
class FileKind:
    """What tells functions from assets: their names and whether content can be read back."""

    title: str
    segment: str
    readable: bool


FUNCTION_FILE = FileKind("Function", "Functions", readable=True)
ASSET_FILE = FileKind("Asset", "Assets", readable=False)


def upload(call: Call, kind: FileKind, sid: str) -> Values:
    """Upload the file as a new version; returns the outputs `versionSid` and `contentHash`.

    Raises: Refused before anything is sent where the file cannot be read; TwilioError
    (repeating is safe: Twilio purges versions that nobody builds).
    """
    path = str(call.inputs["path"])
    content = _bytes_of(call)
    answer = call.client.upload(
        urls.serverless_upload("Services", call.value("serviceSid"), kind.segment, sid, "Versions"),
        {"Path": path, "Visibility": call.inputs["visibility"]},
        filename=path.rsplit("/", 1)[-1] or "index",
        content=content,
        content_type=_content_type(kind, path),
        what=f"upload {path} as a version of {call.label}",
    )
    return {"versionSid": answer.body["sid"], "contentHash": hashlib.sha256(content).hexdigest()}


def newest(versions: Iterable[Version], ours: str | None) -> Version | None:
    """Pick the newest version, None where there is none.

    Dates have whole seconds: among equals ours wins, then the one Twilio lists first.
    """
    listed = list(versions)
    if not listed:
        return None
    latest = max(str(version["date_created"]) for version in listed)
    equals = [version for version in listed if version["date_created"] == latest]
    return next((version for version in equals if version["sid"] == ours), equals[0])


def list_versions(call: Call) -> list[dict[str, Any]]:
    """List the versions Twilio still has. Raises: TwilioError."""
    url = f"{item_url(call)}/Versions"
    what = f"list the versions of {call.label}"
    return list(call.client.list(url, page_size=PAGE_SIZE, what=what))


def read_content(call: Call, version_sid: str) -> Asset | None:
    """Read a function version's source; None where it was purged meanwhile.

    Raises: TwilioError.
    """
    url = f"{item_url(call)}/Versions/{version_sid}/Content"
    try:
        answer = call.client.get(url, what=f"read the content {version_sid} of {call.label}")
    except NotFound:
        return None
    return Asset.of_text(str(answer.body["content"]))


def _bytes_of(call: Call) -> bytes:
    asset: Asset = call.inputs["content"]
    try:
        return asset.content()
    except (OSError, ValueError) as error:
        raise Refused(f"upload a version of {call.label}: {error}") from error


def _content_type(kind: FileKind, path: str) -> str:
    if kind.readable:
        return FUNCTION_CONTENT_TYPE
    return mimetypes.guess_type(path)[0] or "application/octet-stream"
