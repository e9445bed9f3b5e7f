"""Documents of one Twilio Sync service, by their unique names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from twilio_client import Conflict, NotFound, TwilioClient, urls

DAY_SECONDS = 86_400
LONGEST_PAGE = 100  # Source: Sync API v1, PageSize


@dataclass(frozen=True)
class Document:
    """A document as it was read: its data and the revision for a conditional write."""

    sid: str
    unique_name: str
    data: dict[str, Any]
    revision: str


class SyncDocuments:
    """Reads and writes the documents of a service.

    Raises (every method): TwilioError. Source: Sync API v1, Document resource.
    """

    def __init__(self, client: TwilioClient, service_sid: str) -> None:
        """Bind to a service; nothing is sent yet."""
        self._client = client
        self._service_sid = service_sid

    def read(self, name: str) -> Document | None:
        """Return the document, None where there is none."""
        try:
            answer = self._client.get(self._url(name), what=f"read Sync document {name!r}")
        except NotFound:
            return None
        return _document(answer.body)

    def create(self, name: str, data: Mapping[str, Any], *, ttl: int | None = None) -> Document:
        """Create a document; `ttl` in seconds, None for ever. Raises: Conflict when it exists."""
        return self._create(name, data, ttl, repeatable=False)

    def create_own(self, name: str, data: Mapping[str, Any], *, ttl: int) -> Document:
        """Create a document whose name nobody else uses: one that is there is ours."""
        try:
            return self._create(name, data, ttl, repeatable=True)
        except Conflict:  # made by an attempt whose answer was lost
            return self.update(name, data)

    def _create(
        self, name: str, data: Mapping[str, Any], ttl: int | None, *, repeatable: bool
    ) -> Document:
        answer = self._client.post(
            urls.sync("Services", self._service_sid, "Documents"),
            {"UniqueName": name, "Data": data, "Ttl": ttl},
            repeatable=repeatable,
            what=f"create Sync document {name!r} in {self._service_sid}",
        )
        return _document(answer.body)

    def update(
        self, name: str, data: Mapping[str, Any], *, if_match: str | None = None
    ) -> Document:
        """Replace the data. Raises: PreconditionFailed when it moved past `if_match`."""
        answer = self._client.post(
            self._url(name),
            {"Data": data},
            if_match=if_match,
            repeatable=if_match is None,
            what=f"write Sync document {name!r}",
        )
        return _document(answer.body)

    def put(self, name: str, data: Mapping[str, Any]) -> Document:
        """Write a document that never expires, whether it exists or not."""
        try:
            return self.update(name, data)
        except NotFound:
            pass
        try:
            return self.create(name, data)
        except Conflict:  # somebody created it between the two calls
            return self.update(name, data)

    def delete(self, name: str) -> None:
        """Delete a document; one that is gone already is fine."""
        try:
            self._client.delete(self._url(name), what=f"delete Sync document {name!r}")
        except NotFound:
            return

    def list(self) -> Iterator[Document]:
        """Go through all documents of the service, page by page."""
        url = urls.sync("Services", self._service_sid, "Documents")
        what = f"list Sync documents of {self._service_sid}"
        listed = self._client.list(url, page_size=LONGEST_PAGE, what=what)
        return (_document(record) for record in listed)

    def _url(self, name: str) -> str:
        return urls.sync("Services", self._service_sid, "Documents", name)


def _document(body: Mapping[str, Any]) -> Document:
    return Document(
        sid=body["sid"],
        unique_name=body.get("unique_name") or "",
        data=body["data"],
        revision=str(body["revision"]),
    )
