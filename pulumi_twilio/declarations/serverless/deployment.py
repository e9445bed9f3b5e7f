"""Deployment: which build an environment serves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_twilio.declarations import crud
from pulumi_twilio.declarations.call import Call, Created, Values
from pulumi_twilio.declarations.model import (
    Declaration,
    IdPart,
    Kind,
    Output,
    Property,
)
from pulumi_twilio.declarations.serverless.shared import (
    ENVIRONMENT_SID,
    SERVICE_ID_PART,
    SERVICE_SID,
)
from pulumi_twilio.declarations.serverless.versions import PAGE_SIZE
from twilio_client import NotFound, urls


def _create(call: Call) -> Created:
    values = _deploy(call)
    return Created(f"{call.value('serviceSid')}/{call.value('environmentSid')}", values)


def _update(call: Call) -> Values:
    return _deploy(call)


def _deploy(call: Call) -> Values:
    # Twilio keeps a list of deployments of which the last one counts: deploying a build twice
    # serves the same build.
    build_sid = call.inputs["buildSid"]
    answer = call.client.post(
        crud.collection_url(call),
        {"BuildSid": build_sid},
        repeatable=True,
        what=f"deploy build {build_sid} to environment {call.value('environmentSid')}",
    )
    return _values(call, build_sid, answer.body["sid"], build_sid)


def _values(call: Call, build_sid: str, sid: str | None, own: str | None) -> Values:
    place = {name: call.value(name) for name in call.declaration.parents}
    return {**place, "buildSid": build_sid, "sid": sid, "ownBuildSid": own}


def _read(call: Call) -> Values | None:
    build_sid = _served_build(call)
    if build_sid is None:
        return None
    # A refresh brings another's build into `buildSid`; that does not make it ours.
    known = call.state.get("ownBuildSid") or call.inputs.get("buildSid")
    own = build_sid if call.imported else known
    return _values(call, build_sid, _deployment_of(call, build_sid), own)


def _served_build(call: Call) -> str | None:
    """Return the build the environment serves; None for none, or no such environment."""
    url = urls.serverless(
        "Services", call.value("serviceSid"), "Environments", call.value("environmentSid")
    )
    try:
        environment = call.client.get(url, what=f"read the environment of {call.label}").body
    except NotFound:
        return None
    return environment.get("build_sid") or None


def _deployment_of(call: Call, build_sid: str) -> str | None:
    """Find the deployment that brought the build: ours if it did, else the newest that did."""
    url, ours = crud.collection_url(call), call.state.get("sid")
    what = f"list the deployments of {call.label}"
    matching = [
        each
        for each in call.client.list(url, page_size=PAGE_SIZE, what=what)
        if each.get("build_sid") == build_sid
    ]
    return _newest_sid(matching, ours)


def _newest_sid(deployments: Sequence[Mapping[str, Any]], ours: str | None) -> str | None:
    sids = [str(each["sid"]) for each in deployments]
    if ours in sids or not sids:
        return ours if ours in sids else None
    return str(max(deployments, key=lambda each: str(each["date_created"]))["sid"])


def _delete(call: Call) -> None:
    """Un-deploy, but only what is still ours."""
    served = _served_build(call)
    if served is None:
        return
    mine = call.state.get("ownBuildSid") or call.state.get("buildSid")
    if served != mine:
        call.warn(
            f"{call.label}: the environment serves build {served} by now, not {mine}; it is left "
            "as it is"
        )
        return
    what = f"take build {mine} off environment {call.value('environmentSid')}"
    call.client.post(crud.collection_url(call), {"BuildSid": ""}, repeatable=True, what=what)


DEPLOYMENT = Declaration(
    type="twilio:serverless:Deployment",
    doc=(
        "The build that an environment serves. Another build is deployed in place; deleting it "
        "leaves the environment empty, unless something else has been deployed there since."
    ),
    product="serverless",
    path=("Services", "{serviceSid}", "Environments", "{environmentSid}", "Deployments"),
    id_parts=(SERVICE_ID_PART, IdPart("environmentSid", "ZE")),
    properties=(
        SERVICE_SID,
        ENVIRONMENT_SID,
        Property("buildSid", Kind.STRING, "The build to serve.", required=True, sid="ZB"),
    ),
    outputs=(
        Output(
            "sid",
            Kind.STRING,
            "The SID of the deployment.",
            changes_with=("buildSid",),
            optional=True,
        ),
        Output(
            "ownBuildSid",
            Kind.STRING,
            "The build this resource deployed; a delete takes no other one off the environment.",
            changes_with=("buildSid",),
            optional=True,
        ),
    ),
    source=(
        "Serverless API, Deployment resource (OpenAPI serverless_v1): an empty BuildSid takes "
        "the build off; there is no delete"
    ),
    assumed="The environment's `build_sid` is what it serves, empty or null for nothing.",
    example={
        "serviceSid": "${service}",
        "environmentSid": "${environment}",
        "buildSid": "${build}",
    },
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
)
