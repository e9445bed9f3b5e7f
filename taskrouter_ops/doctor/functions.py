"""The functions: deployed in this account, closed to strangers, and there at all."""

from __future__ import annotations

from collections.abc import Mapping

from taskrouter_ops.callback_verification import REFUSED, EventHandler
from taskrouter_ops.doctor.findings import Finding
from taskrouter_ops.errors import SetupError
from taskrouter_ops.functions_environment import BATCH_SECRET, environment_variables, no_secret
from taskrouter_ops.target import BATCH_PATH, Target
from taskrouter_ops.waiting import Waiting
from twilio_client import TwilioClient

ENVIRONMENT = "functions-environment"
EVENT_HANDLER = "event-handler"
BATCH_ENDPOINT = "batch-endpoint"
FRONT_END_ENDPOINTS = "front-end-endpoints"

MISSING = 404

# For front ends; a build from before they existed lacks them and syncs as well as any.
FRONT_END_PATHS = ("/update-task-attributes", "/complete-task", "/accept-reservation")


def environment(client: TwilioClient, target: Target) -> Finding:
    """Find the environment behind the domain. Raises: SetupError, TwilioError."""
    environment_sid, variables = environment_variables(client, target)
    if not variables.get(BATCH_SECRET):
        raise SetupError(no_secret(environment_sid, target))
    if wrong := _of_another_deployment(variables, target):
        found = f"{environment_sid} has {', '.join(wrong)}"
        advice = "they work on another deployment: deploy the functions again with `pulumi up`"
        return Finding(ENVIRONMENT, "failed", found, advice)
    found = f"{target.functions_domain} is of this account and has {BATCH_SECRET}"
    return Finding(ENVIRONMENT, "ok", found)


def _of_another_deployment(variables: Mapping[str, str], target: Target) -> list[str]:
    """Name the variables that lead elsewhere than to the workspace and Sync service known."""
    wanted = {
        "TWILIO_FLEX_WORKSPACE_SID": target.workspace_sid,
        "TWILIO_FLEX_SYNC_SID": target.sync_service_sid,
    }
    return [
        f"{name} {variables.get(name) or 'not set'} instead of {sid}"
        for name, sid in wanted.items()
        if sid and variables.get(name) != sid
    ]


def event_handler(client: TwilioClient, target: Target, url: str, waiting: Waiting) -> Finding:
    """Call the event handler unsigned, and signed where there is a token.

    Raises: VerificationFailed, TwilioError.
    """
    address = url.partition("#")[0]
    handler = EventHandler(client, target, address, 0.0, waiting)
    checks = handler.check(client.credentials.auth_token)
    return Finding(EVENT_HANDLER, "ok", "; ".join(check.detail for check in checks))


def batch_endpoint(client: TwilioClient, target: Target) -> Finding:
    """Send what is no batch message: it is to be refused. Raises: Unreachable."""
    url = target.function(BATCH_PATH)
    status = client.call_function(url, json_body={}).status
    if status in REFUSED:
        return Finding(BATCH_ENDPOINT, "ok", "an unsigned message was refused")
    advice = "look at its log in the Console, then deploy the functions again with `pulumi up`"
    return Finding(BATCH_ENDPOINT, "failed", f"{url} answered a stranger with {status}", advice)


def front_end_endpoints(client: TwilioClient, target: Target) -> Finding:
    """Call what front ends call, without a token: it is to be refused. Raises: Unreachable."""
    answers = {
        path: client.call_function(target.function(path), json_body={}).status
        for path in FRONT_END_PATHS
    }
    if open_ones := [f"{path} ({status})" for path, status in answers.items() if status < 300]:
        found = f"answered without a token: {', '.join(open_ones)}"
        advice = "anybody can change tasks: deploy the functions again with `pulumi up`"
        return Finding(FRONT_END_ENDPOINTS, "failed", found, advice)
    closed = REFUSED | {MISSING}
    if bad := [f"{path} ({status})" for path, status in answers.items() if status not in closed]:
        found = f"did not refuse a request without a token but failed: {', '.join(bad)}"
        advice = "look at their logs in the Console, then deploy the functions with `pulumi up`"
        return Finding(FRONT_END_ENDPOINTS, "failed", found, advice)
    if missing := [path for path, status in answers.items() if status == MISSING]:
        advice = "deploy the functions again with `pulumi up` if front ends are to use them"
        return Finding(FRONT_END_ENDPOINTS, "warning", f"not there: {', '.join(missing)}", advice)
    return Finding(FRONT_END_ENDPOINTS, "ok", "all three refuse a request without a token")
