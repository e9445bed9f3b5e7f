"""The verbs functions and assets share: one resource per file, one version per change.

Creating is two requests, the function and its first version; a file whose upload failed is
kept with its SID and the next update uploads it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pulumi_twilio.declarations import crud
from pulumi_twilio.declarations.call import Call, Created, PartlyCreated, Refused, Values
from pulumi_twilio.declarations.compare import differs
from pulumi_twilio.declarations.model import (
    Declaration,
    Failure,
    IdPart,
    Kind,
    Namesake,
    Output,
    Property,
    Sent,
    sid_output,
)
from pulumi_twilio.declarations.serverless import versions
from pulumi_twilio.declarations.serverless.shared import (
    SERVICE_ID_PART,
    SERVICE_SID,
    friendly_name,
)
from pulumi_twilio.declarations.serverless.versions import FileKind, Version
from pulumi_twilio.declarations.special import Asset
from twilio_client import NotFound, TwilioError

VISIBILITIES = ("public", "protected", "private")
IN_THE_VERSION = ("path", "visibility", "content")

# Stand in state for the hash of content that refresh cannot know, and show in its diff.
PURGED = Asset(hash="purged")
REPLACED = Asset(hash="replaced")


@dataclass(frozen=True)
class _Verbs:
    """Create, read and update of one kind of file."""

    kind: FileKind

    def create(self, call: Call) -> Created:
        made = crud.create(call)
        try:
            uploaded = versions.upload(call, self.kind, made.values["sid"])
        except (Refused, TwilioError) as error:
            raise PartlyCreated(
                made,
                f"{error}. The {self.kind.title} {made.id} exists without a version; "
                "run the update again to upload one",
            ) from error
        return Created(made.id, {**made.values, **_version_inputs(call), **uploaded})

    def read(self, call: Call) -> Values | None:
        record = crud.read(call)
        if record is None:
            return None
        try:
            listed = versions.list_versions(call)
        except NotFound:
            return None
        ours = call.state.get("versionSid")
        current = versions.newest(listed, ours)
        if current is None:
            return {**record, **_version_inputs(call), "content": PURGED}
        return {**record, **self._version_values(call, listed, current, ours)}

    def _version_values(
        self, call: Call, listed: Sequence[Version], current: Version, ours: str | None
    ) -> Values:
        kept = any(version["sid"] == ours for version in listed)
        content = self._content(call, current, ours)
        return {
            "path": current["path"],
            "visibility": current["visibility"],
            "content": content,
            "versionSid": ours if kept else current["sid"],
            "contentHash": content.hash if content else None,
        }

    def _content(self, call: Call, current: Version, ours: str | None) -> Asset | None:
        if self.kind.readable:
            return versions.read_content(call, current["sid"]) or PURGED
        if current["sid"] == ours or call.imported:
            return call.inputs.get("content")
        return REPLACED

    def update(self, call: Call) -> Values:
        if _renamed(call):
            crud.update(call)
        values = {**call.state, **call.inputs}
        if _needs_version(call):
            values |= versions.upload(call, self.kind, call.value("sid"))
        return values


def _version_inputs(call: Call) -> Values:
    return {name: call.inputs.get(name) for name in IN_THE_VERSION}


def _renamed(call: Call) -> bool:
    return bool(call.old_inputs.get("friendlyName") != call.inputs["friendlyName"])


def _needs_version(call: Call) -> bool:
    if not call.state.get("versionSid"):
        return True
    return any(
        differs(each, call.old_inputs.get(each.name), call.inputs.get(each.name))
        for each in call.declaration.properties
        if each.name in IN_THE_VERSION
    )


def _check_with(path_example: str) -> Callable[[Values], list[Failure]]:
    def check(inputs: Values) -> list[Failure]:
        failures = []
        path, content = inputs.get("path"), inputs.get("content")
        if isinstance(path, str) and not path.startswith("/"):
            reason = f"{path!r} must begin with a slash, as in {path_example!r}"
            failures.append(Failure("path", reason))
        if isinstance(content, Asset) and content.uri:
            reason = "must be a FileAsset or a StringAsset: remote assets are not fetched"
            failures.append(Failure("content", reason))
        return failures

    return check


def file_declaration(
    kind: FileKind, *, doc: str, path_example: str, text_example: str, assumed: str
) -> Declaration:
    """Declare a resource of this kind of file."""
    verbs = _Verbs(kind)
    return Declaration(
        type=f"twilio:serverless:{kind.title}",
        doc=doc,
        product="serverless",
        path=("Services", "{serviceSid}", kind.segment),
        id_parts=(SERVICE_ID_PART, IdPart("sid", "ZH")),
        properties=_properties(kind, path_example),
        outputs=(
            sid_output(kind.title),
            Output(
                "versionSid",
                Kind.STRING,
                "The SID of the version with this path, visibility and content; a build takes it.",
                changes_with=IN_THE_VERSION,
                optional=True,
            ),
            Output(
                "contentHash",
                Kind.STRING,
                "SHA-256 of the content, hexadecimal.",
                changes_with=("content",),
                optional=True,
            ),
        ),
        namesake=Namesake("friendlyName"),
        source=(
            f"Serverless API, {kind.title} and {kind.title} Version resources (OpenAPI "
            "serverless_v1); versions in no build are purged after 7 days"
        ),
        assumed=assumed,
        example={
            "serviceSid": "${service}",
            "friendlyName": path_example.strip("/"),
            "path": path_example,
            "visibility": "protected",
            "content": Asset.of_text(text_example),
        },
        check=_check_with(path_example),
        create=verbs.create,
        read=verbs.read,
        update=verbs.update,
    )


def _properties(kind: FileKind, path_example: str) -> tuple[Property, ...]:
    return (
        SERVICE_SID,
        friendly_name(f"The {kind.title}'s name in the Console."),
        Property(
            "path",
            Kind.STRING,
            f"Where it answers below the environment's domain, such as `{path_example}`.",
            required=True,
            max_length=255,
            sent=Sent.NEVER,
        ),
        Property(
            "visibility",
            Kind.STRING,
            "Who may reach it: everybody (public), requests Twilio signed (protected), or only "
            "functions of the same build (private).",
            required=True,
            choices=VISIBILITIES,
            sent=Sent.NEVER,
        ),
        Property(
            "content",
            Kind.ASSET,
            "The file: a `FileAsset` or a `StringAsset`. A changed file is uploaded as a new "
            "version." + ("" if kind.readable else " Twilio gives no way to read it back."),
            required=True,
            write_only=not kind.readable,
            sent=Sent.NEVER,
        ),
    )
