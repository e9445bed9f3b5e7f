"""Deployments: which build an environment runs."""

from __future__ import annotations

from typing import Any

from twilio_emulator.wire import Call, Parameter, Reply, Route, invalid, page

from . import rules
from .records import Build, Deployment
from .rules import HOST, PAGE_SIZE


def render(deployment: Deployment) -> dict[str, Any]:
    """Write a deployment as Serverless answers it."""
    return {
        **rules.stamped(deployment),
        "service_sid": deployment.service_sid,
        "environment_sid": deployment.environment_sid,
        "build_sid": deployment.build_sid,
        "url": rules.url(
            deployment.service_sid,
            "Environments",
            deployment.environment_sid,
            "Deployments",
            deployment.sid,
        ),
    }


def create_deployment(call: Call) -> Reply:
    """Make a build live, or with an empty BuildSid take the environment down.

    Raises: ApiError 400/20001 for a build that is not completed, with what it failed of.
    """
    environment = rules.find_environment(call)
    build_sid = call.params.get("BuildSid") or None
    if build_sid is not None:
        _check_build(call, environment.service_sid, build_sid)
    deployment = Deployment(
        **rules.born(call, "ZD"),
        service_sid=environment.service_sid,
        environment_sid=environment.sid,
        build_sid=build_sid,
    )
    call.store.put(deployment)
    call.store.change(environment, build_sid=build_sid, deployment_sid=deployment.sid)
    return Reply(render(deployment))


def _check_build(call: Call, service_sid: str, build_sid: str) -> None:
    build = call.store[Build].get(build_sid)
    if build is None or build.service_sid != service_sid:
        raise invalid(f"BuildSid: {build_sid} is not a Build of Service {service_sid}")
    if build.status != "completed":
        reason = f": {'; '.join(build.log)}" if build.log else ""
        raise invalid(f"Build {build_sid} cannot be deployed, it is {build.status}{reason}")


def list_deployments(call: Call) -> dict[str, Any]:
    """List an environment's deployments."""
    environment = rules.find_environment(call)
    deployments = rules.of_environment(call.store, Deployment, environment.sid)
    return page(call, "deployments", deployments, render)


def fetch_deployment(call: Call) -> dict[str, Any]:
    """Read a deployment."""
    return render(rules.find_in_environment(call, Deployment))


_ALL = "/v1/Services/{ServiceSid}/Environments/{EnvironmentSid}/Deployments"
_NEW = (Parameter("BuildSid", "sid", sid_prefix="ZB"), Parameter("IsPlugin", "boolean"))
ROUTES = (
    Route("POST", HOST, _ALL, create_deployment, parameters=_NEW, status=201),
    Route("GET", HOST, _ALL, list_deployments, page_size=PAGE_SIZE),
    Route("GET", HOST, _ALL + "/{Sid}", fetch_deployment),
)
