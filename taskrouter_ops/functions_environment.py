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
    for service_sid, environment_sid in _environments(client, target.functions_domain):
        url = urls.serverless("Services", service_sid, "Environments", environment_sid, "Variables")
        for variable in client.list(url, page_size=100, what=f"list {environment_sid}'s Variables"):
            if variable["key"] == BATCH_SECRET:
                return str(variable["value"])
        raise SetupError(
            f"environment {environment_sid} of {target.functions_domain} has no variable "
            f"{BATCH_SECRET}: deploy the functions again with `pulumi up`"
        )
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
