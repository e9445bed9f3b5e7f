"""Build: versions of functions and assets with their npm packages, ready to deploy.

A build never changes, so every property replaces it. Twilio builds in the background:
creating one waits for the end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from pulumi_twilio.declarations import crud
from pulumi_twilio.declarations.call import Call, Created, PartlyCreated, Refused, Values
from pulumi_twilio.declarations.model import (
    Declaration,
    IdPart,
    Kind,
    Output,
    Property,
    sid_output,
)
from pulumi_twilio.declarations.serverless.shared import SERVICE_ID_PART, SERVICE_SID
from pulumi_twilio.declarations.serverless.versions import PAGE_SIZE
from twilio_client import InvalidRequest, NotFound, TwilioError, urls

RUNTIMES = ("node18", "node20", "node22")
BUILD_SECONDS = 300.0
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 2.0
LOG_LINES_SEARCHED = 500

_GONE_VERSION = (
    "If a version is missing: Twilio purges those that are in no build after 7 days, and "
    "`pulumi up --refresh` uploads the files again"
)


def _create(call: Call) -> Created:
    try:
        made = crud.create(call)
    except (InvalidRequest, NotFound) as error:
        raise Refused(f"{error}. {_GONE_VERSION}") from error
    # Asking for no packages is known too, unlike after an import.
    known = {**made.values, "dependencies": call.inputs.get("dependencies") or {}}
    return Created(made.id, _finished(call, Created(made.id, known)))


def _update(call: Call) -> Values:
    """Take up a build whose creation ended before Twilio was done."""
    known = {"dependencies": {}, **call.state, **call.inputs}
    made = Created(call.id, known)
    return _finished(call, made)


def _finished(call: Call, made: Created) -> Values:
    """Wait until Twilio has built it.

    Raises: Refused when the build failed (it is deleted again); PartlyCreated when the time
    is over or Twilio cannot be asked: the next update goes on waiting for the same build.
    """
    sid = made.id.rsplit("/", 1)[1]
    try:
        status = _awaited_status(call, sid)
    except TwilioError as error:
        reason = f"{error}. Run the update again to go on waiting for build {sid}"
        raise PartlyCreated(made, reason) from error
    if status == "completed":
        return {**made.values, "status": status}
    if status == "failed":
        raise Refused(_failure(call, sid))
    reason = (
        f"Twilio is still {status} {sid} of {call.value('serviceSid')} after the time allowed; "
        "run the same command again to go on waiting, or set a longer customTimeouts.create"
    )
    raise PartlyCreated(made, reason)


def _awaited_status(call: Call, sid: str) -> str:
    """Poll until the build ended, the time is over or the engine cancelled."""
    url = f"{crud.collection_url(call)}/{sid}/Status"
    started, pause = call.patience.clock(), FIRST_PAUSE_SECONDS
    limit = call.patience.seconds
    while True:
        status = str(call.client.get(url, what=f"read the status of build {sid}").body["status"])
        left = limit - (call.patience.clock() - started)
        if status != "building" or left <= 0 or call.patience.wait(min(pause, left)):
            return status
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def _failure(call: Call, sid: str) -> str:
    """Delete the failed build and say what is known of the failure."""
    url, what = f"{crud.collection_url(call)}/{sid}", f"delete the failed build {sid}"
    reason = "; ".join(_logged_errors(call, sid)) or "Twilio gives no reason"
    try:
        call.client.delete(url, what=what)
        kept = "It was deleted again"
    except TwilioError as error:
        kept = f"It could not be deleted again ({error})"
    return (
        f"build {call.name!r} in {call.value('serviceSid')} failed ({sid}): {reason}. {kept}. "
        "Check the package versions in `dependencies` and that every function parses; if this "
        "build was taken up from an earlier update, run `pulumi up --refresh`"
    )


def _logged_errors(call: Call, sid: str) -> list[str]:
    """Collect what the logs of the service's environments say about a build."""
    try:
        lines = [
            line
            for environment in _environments(call)
            for line in islice(_logs(call, str(environment["sid"])), LOG_LINES_SEARCHED)
        ]
    except TwilioError:
        return []
    said = [str(line["message"]) for line in lines if _is_error_of(line, sid)]
    return list(dict.fromkeys(said))


def _is_error_of(line: Mapping[str, Any], build_sid: str) -> bool:
    return line.get("build_sid") == build_sid and str(line.get("level")).lower() == "error"


def _logs(call: Call, environment_sid: str) -> Iterator[dict[str, Any]]:
    service_sid = call.value("serviceSid")
    url = urls.serverless("Services", service_sid, "Environments", environment_sid, "Logs")
    return call.client.list(url, page_size=PAGE_SIZE, what=f"read the logs of {environment_sid}")


def _environments(call: Call) -> Iterator[dict[str, Any]]:
    service_sid = call.value("serviceSid")
    url = urls.serverless("Services", service_sid, "Environments")
    return call.client.list(
        url, page_size=PAGE_SIZE, what=f"list the environments of {service_sid}"
    )


def _read(call: Call) -> Values | None:
    values = crud.read(call)
    if values is None:
        # A build that an environment still serves is as good as there, record or not.
        served = bool(call.state) and _is_served(call)
        return {**call.state, **call.inputs, "dependencies": None} if served else None
    return values


def _is_served(call: Call) -> bool:
    try:
        return any(each.get("build_sid") == call.value("sid") for each in _environments(call))
    except NotFound:
        return False


def _version_sids(listed: Any) -> list[str]:
    return sorted(str(version["sid"]) for version in listed or ())


def _dependencies_text(dependencies: Mapping[str, str]) -> str:
    items = [{"name": name, "version": dependencies[name]} for name in sorted(dependencies)]
    return json.dumps(items, separators=(",", ":"))


BUILD = Declaration(
    type="twilio:serverless:Build",
    doc=(
        "A build of function and asset versions with their npm packages. Twilio cannot change "
        "one: every change makes a new build, and the same files keep the one there is. "
        f"Creating waits until Twilio has built it, at most {BUILD_SECONDS:g} s unless "
        "customTimeouts says else."
    ),
    product="serverless",
    path=("Services", "{serviceSid}", "Builds"),
    id_parts=(SERVICE_ID_PART, IdPart("sid", "ZB")),
    properties=(
        SERVICE_SID,
        Property(
            "functionVersionSids",
            Kind.STRING_SET,
            "The function versions in it, at most 50.",
            sid="ZN",
            replaces=True,
            wire="FunctionVersions",
            answer="function_versions",
            to_wire=list,
            from_answer=_version_sids,
        ),
        Property(
            "assetVersionSids",
            Kind.STRING_SET,
            "The asset versions in it.",
            sid="ZN",
            replaces=True,
            wire="AssetVersions",
            answer="asset_versions",
            to_wire=list,
            from_answer=_version_sids,
        ),
        Property(
            "dependencies",
            Kind.STRING_MAP,
            "Versions of npm packages by name. Twilio adds some of its own and tells all of them "
            "alike, so those it has are not read back.",
            replaces=True,
            write_only=True,
            to_wire=_dependencies_text,
        ),
        Property(
            "runtime",
            Kind.STRING,
            "The Node.js version functions run on; left out, Twilio's choice.",
            choices=RUNTIMES,
            replaces=True,
            unset_keeps=True,
        ),
    ),
    outputs=(
        sid_output("Build"),
        Output("status", Kind.STRING, "`completed`, or `building` while Twilio is at it."),
    ),
    wait_seconds=BUILD_SECONDS,
    retries_delete=True,
    source=(
        "Serverless API, Build and Build Status resources (OpenAPI serverless_v1); builds that "
        "nothing serves are purged"
    ),
    assumed=(
        "Twilio refuses with 400 to delete a build that an environment serves. After an import "
        "the program's dependencies count as those of the build."
    ),
    example={"serviceSid": "${service}", "functionVersionSids": ["${functionVersion}"]},
    create=_create,
    read=_read,
    update=_update,
)
