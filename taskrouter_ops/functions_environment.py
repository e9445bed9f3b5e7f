"""The environment the functions are deployed in, found by its domain."""

from __future__ import annotations

from collections.abc import Iterator

from taskrouter_ops.errors import SetupError
from taskrouter_ops.target import Target
from twilio_client import TwilioClient, urls

BATCH_SECRET = "BATCH_SECRET"  # noqa: S105 # the variable's name, not its value


def batch_secret(client: TwilioClient, target: Target) -> str:
    """Read the secret of the batch endpoints from the environment's variables.

    Whoever holds the account's credentials may read it, so it needs to be kept nowhere else.

    Raises: SetupError when no environment serves the domain or it has no such variable;
    TwilioError (repeating is safe).
    Source: Serverless API v1, Variable resource (`value` is part of the answer).
    """
    environment_sid, variables = environment_variables(client, target)
    if secret := variables.get(BATCH_SECRET):
        return secret
    raise SetupError(no_secret(environment_sid, target))


def no_secret(environment_sid: str, target: Target) -> str:
    """Say that an environment has no secret for batches, and what to do."""
    return (
        f"environment {environment_sid} of {target.functions_domain} has no variable "
        f"{BATCH_SECRET}: deploy the functions again with `pulumi up`"
    )


def environment_variables(client: TwilioClient, target: Target) -> tuple[str, dict[str, str]]:
    """Find the environment that serves the domain: its SID and its variables, secrets in clear.

    Raises: SetupError when no environment of the account serves it; TwilioError.
    """
    for service_sid, environment_sid in _environments(client, target.functions_domain):
        url = urls.serverless("Services", service_sid, "Environments", environment_sid, "Variables")
        listed = client.list(url, page_size=100, what=f"list {environment_sid}'s Variables")
        return environment_sid, {each["key"]: str(each["value"] or "") for each in listed}
    raise SetupError(
        f"no environment of this account serves {target.functions_domain!r}: "
        "check the functions URL and the account"
    )


def _environments(client: TwilioClient, domain: str) -> Iterator[tuple[str, str]]:
    services = client.list(urls.serverless("Services"), page_size=100, what="list Services")
    for service in services:
        url = urls.serverless("Services", service["sid"], "Environments")
        what = f"list {service['sid']}'s Environments"
        for environment in client.list(url, page_size=100, what=what):
            if environment["domain_name"] == domain:
                yield service["sid"], environment["sid"]
