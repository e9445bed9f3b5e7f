"""Functions and assets, their versions, and the upload host; one set of handlers for both."""

from __future__ import annotations

import re
from typing import Any

from twilio_emulator.wire import Call, Parameter, Reply, Route, invalid, not_found, page

from . import rules
from .records import Build, File, FileVersion, Kind
from .rules import HOST, PAGE_SIZE, UPLOAD_HOST

VISIBILITIES = ("public", "protected", "private")
ASSET_BYTES = {"public": 25 * 1024**2, "protected": 25 * 1024**2, "private": 10 * 1024**2}
_PATH = re.compile(r"(/[A-Za-z0-9_.~!$'()*+,;:@-]+)+")


class Files:
    """The handlers of functions, or of assets."""

    def __init__(self, kind: Kind) -> None:
        self.kind: Kind = kind
        self.name = f"{kind.capitalize()}s"

    def render(self, file: File) -> dict[str, Any]:
        """Write a function or asset as Serverless answers it."""
        url = rules.url(file.service_sid, self.name, file.sid)
        return {
            **rules.stamped(file),
            "service_sid": file.service_sid,
            "friendly_name": file.friendly_name,
            "url": url,
            "links": {f"{self.kind}_versions": f"{url}/Versions"},
        }

    def create(self, call: Call) -> Reply:
        """Create a function or asset without any version yet."""
        service = rules.find_service(call)
        file = File(
            **rules.born(call, "ZH"),
            type=self.kind,
            service_sid=service.sid,
            friendly_name=call.params["FriendlyName"],
        )
        return Reply(self.render(call.store.put(file)))

    def read_all(self, call: Call) -> dict[str, Any]:
        """List a service's functions or assets."""
        service = rules.find_service(call)
        files = rules.of_service(call.store, File, service.sid)
        mine = [file for file in files if file.type == self.kind]
        return page(call, self.name.lower(), mine, self.render)

    def find(self, call: Call, part: str = "Sid") -> File:
        """Find the function or asset an address names.

        Raises: ApiError 404/20404.
        """
        file = rules.find(call, File, part)
        if file.type != self.kind:
            raise not_found(call)
        return file

    def fetch(self, call: Call) -> dict[str, Any]:
        """Read a function or asset."""
        return self.render(self.find(call))

    def update(self, call: Call) -> dict[str, Any]:
        """Change the friendly name."""
        name = call.params["FriendlyName"]
        return self.render(call.store.change(self.find(call), friendly_name=name))

    def delete(self, call: Call) -> None:
        """Delete a function or asset; builds made of its versions go on running."""
        file = self.find(call)
        builds = rules.of_service(call.store, Build, file.service_sid)
        used = {sid for build in builds for sid in build.version_sids}
        for version in _versions(call, file):
            if version.sid not in used:
                call.store.remove(version)
        call.store.remove(file)

    def upload(self, call: Call) -> Reply:
        """Take a new version: path, visibility and content."""
        file = self.find(call, "FileSid")
        path, visibility = call.params["Path"], call.params["Visibility"]
        _check_path(path)
        if "Content" not in call.files:
            raise invalid("Missing required parameter Content in the post body")
        uploaded = call.files["Content"]
        self._check_size(call, len(uploaded.content), ASSET_BYTES[visibility])
        version = FileVersion(
            **rules.born(call, "ZN"),
            type=self.kind,
            service_sid=file.service_sid,
            file_sid=file.sid,
            path=path,
            visibility=visibility,
            content_type=uploaded.content_type,
            content=uploaded.content,
        )
        return Reply(render_version(call.store.put(version)))

    def _check_size(self, call: Call, size: int, most: int) -> None:
        if self.kind == "asset" and size > most and call.emulator.limits.enforced("builds"):
            raise invalid(f"Content has {size} bytes, the limit is {most}")

    def list_versions(self, call: Call) -> dict[str, Any]:
        """List the versions of a function or asset."""
        versions = _versions(call, self.find(call, "FileSid"))
        return page(call, f"{self.kind}_versions", versions, render_version)

    def find_version(self, call: Call) -> FileVersion:
        """Find the version an address names.

        Raises: ApiError 404/20404.
        """
        file = self.find(call, "FileSid")
        version = call.store[FileVersion].get(call.sids["Sid"])
        if version is None or version.file_sid != file.sid:
            raise not_found(call)
        return version

    def fetch_version(self, call: Call) -> dict[str, Any]:
        """Read a version, without its content."""
        return render_version(self.find_version(call))

    def fetch_content(self, call: Call) -> dict[str, Any]:
        """Read a function version's source."""
        version = self.find_version(call)
        return {
            "sid": version.sid,
            "account_sid": version.account_sid,
            "service_sid": version.service_sid,
            "function_sid": version.file_sid,
            "content": version.content.decode(errors="replace"),
            "url": _version_url(version) + "/Content",
        }

    def routes(self) -> tuple[Route, ...]:
        """Declare the addresses."""
        every = f"/v1/Services/{{ServiceSid}}/{self.name}"
        one = every + "/{Sid}"
        versions = every + "/{FileSid}/Versions"
        name = (Parameter("FriendlyName", required=True, max_length=255),)
        upload = (
            Parameter("Path", required=True, max_length=255, blank=False),
            Parameter("Visibility", "enum", required=True, choices=VISIBILITIES, blank=False),
        )
        return (
            Route("POST", HOST, every, self.create, parameters=name, status=201),
            Route("GET", HOST, every, self.read_all, page_size=PAGE_SIZE),
            Route("GET", HOST, one, self.fetch),
            Route("POST", HOST, one, self.update, parameters=name),
            Route("DELETE", HOST, one, self.delete, status=204),
            Route(
                "POST",
                UPLOAD_HOST,
                versions,
                self.upload,
                parameters=upload,
                body="multipart",
                status=201,
                source="doc",  # Twilio's deployment tool; the host has no OpenAPI document
            ),
            Route("GET", HOST, versions, self.list_versions, page_size=PAGE_SIZE),
            Route("GET", HOST, versions + "/{Sid}", self.fetch_version),
        )


def _versions(call: Call, file: File) -> list[FileVersion]:
    return call.store[FileVersion].index("file", lambda item: item.file_sid).get(file.sid)


def _check_path(path: str) -> None:
    if not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
        raise invalid(f"Path '{path}' must start with a slash and be the path of a URL")


def _version_url(version: FileVersion) -> str:
    name = f"{version.type.capitalize()}s"
    return rules.url(version.service_sid, name, version.file_sid, "Versions", version.sid)


def render_version(version: FileVersion) -> dict[str, Any]:
    """Write a version as Serverless answers it."""
    rendered: dict[str, Any] = {
        "sid": version.sid,
        "account_sid": version.account_sid,
        "service_sid": version.service_sid,
        f"{version.type}_sid": version.file_sid,
        "path": version.path,
        "visibility": version.visibility,
        "date_created": rules.render_date(version.date_created),
        "url": _version_url(version),
    }
    if version.type == "function":
        rendered["links"] = {"function_version_content": rendered["url"] + "/Content"}
    return rendered


FUNCTIONS = Files("function")
ASSETS = Files("asset")
_CONTENT = "/v1/Services/{ServiceSid}/Functions/{FileSid}/Versions/{Sid}/Content"
ROUTES = (
    *FUNCTIONS.routes(),
    *ASSETS.routes(),
    Route("GET", HOST, _CONTENT, FUNCTIONS.fetch_content),
)
