"""The functions: deployed in this account, closed to strangers, and there at all."""

from __future__ import annotations

from taskrouter_ops.callback_verification import REFUSED, EventHandler
from taskrouter_ops.doctor.findings import Finding
from taskrouter_ops.functions_environment import BATCH_SECRET, batch_secret
from taskrouter_ops.target import BATCH_PATH, Target
from taskrouter_ops.waiting import Waiting
from twilio_client import TwilioClient

ENVIRONMENT = "functions-environment"
EVENT_HANDLER = "event-handler"
BATCH_ENDPOINT = "batch-endpoint"
FRONT_END_ENDPOINTS = "front-end-endpoints"

# For front ends; a build from before they existed lacks them and syncs as well as any.
FRONT_END_PATHS = ("/update-task-attributes", "/complete-task", "/accept-reservation")


def environment(client: TwilioClient, target: Target) -> Finding:
    """Find the environment behind the domain. Raises: SetupError, TwilioError."""
    batch_secret(client, target)
    found = f"{target.functions_domain} is of this account and has {BATCH_SECRET}"
    return Finding(ENVIRONMENT, "ok", found)


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
    bad = [f"{path} ({status})" for path, status in answers.items() if status not in REFUSED]
    if bad:
        advice = "deploy the functions again with `pulumi up` if front ends are to use them"
        return Finding(FRONT_END_ENDPOINTS, "warning", f"not there: {', '.join(bad)}", advice)
    return Finding(FRONT_END_ENDPOINTS, "ok", "all three refuse a request without a token")
