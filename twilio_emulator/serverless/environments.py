"""Environments and their variables."""

from __future__ import annotations

import re
from typing import Any

from twilio_emulator.wire import Call, Parameter, Reply, Route, invalid, page

from . import rules
from .records import WITHIN_ENVIRONMENT, Environment, Variable
from .rules import HOST, PAGE_SIZE

VALUE_BYTES = 450
_SUFFIX = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


def render(environment: Environment) -> dict[str, Any]:
    """Write an environment as Serverless answers it."""
    url = rules.url(environment.service_sid, "Environments", environment.sid)
    return {
        **rules.stamped(environment),
        "service_sid": environment.service_sid,
        "build_sid": environment.build_sid,
        "unique_name": environment.unique_name,
        "domain_suffix": environment.domain_suffix,
        "domain_name": environment.domain_name,
        "url": url,
        "links": {
            name: f"{url}/{name.capitalize()}" for name in ("variables", "deployments", "logs")
        },
    }


def create_environment(call: Call) -> Reply:
    """Create an environment with its domain `<service>-<4 digits>[-<suffix>].twil.io`."""
    service = rules.find_service(call)
    name, suffix = call.params["UniqueName"], call.params.get("DomainSuffix") or None
    if suffix is not None and not _SUFFIX.fullmatch(suffix):
        raise invalid(f"DomainSuffix '{suffix}' may have lower-case letters, digits and hyphens")
    for other in rules.of_service(call.store, Environment, service.sid):
        if other.unique_name == name:
            raise rules.conflict(f"An Environment with the UniqueName '{name}' already exists")
        if other.domain_suffix == suffix:
            raise rules.conflict(f"An Environment with the DomainSuffix '{suffix}' already exists")
    label = service.domain_base if suffix is None else f"{service.domain_base}-{suffix}"
    environment = Environment(
        **rules.born(call, "ZE"),
        service_sid=service.sid,
        unique_name=name,
        domain_suffix=suffix,
        domain_name=f"{label}.twil.io",
    )
    return Reply(render(call.store.put(environment)))


def list_environments(call: Call) -> dict[str, Any]:
    """List a service's environments."""
    service = rules.find_service(call)
    environments = rules.of_service(call.store, Environment, service.sid)
    return page(call, "environments", environments, render)


def fetch_environment(call: Call) -> dict[str, Any]:
    """Read an environment."""
    return render(rules.find_environment(call, "Sid"))


def delete_environment(call: Call) -> None:
    """Delete an environment with all it has; its domain stops answering."""
    environment = rules.find_environment(call, "Sid")
    for kind in WITHIN_ENVIRONMENT:
        for record in rules.of_environment(call.store, kind, environment.sid):
            call.store.remove(record)
    call.store.remove(environment)


def render_variable(variable: Variable) -> dict[str, Any]:
    """Write a variable as Serverless answers it."""
    return {
        **rules.stamped(variable),
        "service_sid": variable.service_sid,
        "environment_sid": variable.environment_sid,
        "key": variable.key,
        "value": variable.value,
        "url": rules.url(
            variable.service_sid,
            "Environments",
            variable.environment_sid,
            "Variables",
            variable.sid,
        ),
    }


def create_variable(call: Call) -> Reply:
    """Create a variable; functions see it from their next invocation on.

    Source: environment variables page.
    """
    environment = rules.find_environment(call)
    _check_key(call, environment.sid, None)
    _check_value(call)
    variable = Variable(
        **rules.born(call, "ZV"),
        service_sid=environment.service_sid,
        environment_sid=environment.sid,
        key=call.params["Key"],
        value=call.params["Value"],
    )
    return Reply(render_variable(call.store.put(variable)))


def list_variables(call: Call) -> dict[str, Any]:
    """List an environment's variables."""
    environment = rules.find_environment(call)
    variables = rules.of_environment(call.store, Variable, environment.sid)
    return page(call, "variables", variables, render_variable)


def fetch_variable(call: Call) -> dict[str, Any]:
    """Read a variable with its value."""
    return render_variable(rules.find_in_environment(call, Variable))


def update_variable(call: Call) -> dict[str, Any]:
    """Change a variable's key or value."""
    variable = rules.find_in_environment(call, Variable)
    _check_key(call, variable.environment_sid, variable.sid)
    _check_value(call)
    names = {"Key": "key", "Value": "value"}
    given = {field: call.params[name] for name, field in names.items() if name in call.params}
    return render_variable(call.store.change(variable, **given))


def delete_variable(call: Call) -> None:
    """Delete a variable."""
    call.store.remove(rules.find_in_environment(call, Variable))


def _check_key(call: Call, environment_sid: str, own_sid: str | None) -> None:
    key = call.params.get("Key")
    for other in rules.of_environment(call.store, Variable, environment_sid):
        if other.key == key and other.sid != own_sid:
            raise rules.conflict(f"A Variable with the Key '{key}' already exists")


def _check_value(call: Call) -> None:
    size = len(call.params.get("Value", "").encode())
    if size > VALUE_BYTES and call.emulator.limits.enforced("variables"):
        raise invalid(f"Value has {size} bytes, the limit is {VALUE_BYTES}")


def _variable_parameters(*, required: bool) -> tuple[Parameter, ...]:
    return (
        Parameter("Key", required=required, max_length=128, blank=False),
        Parameter("Value", required=required, secret=True),
    )


_ALL = "/v1/Services/{ServiceSid}/Environments"
_VARIABLES = _ALL + "/{EnvironmentSid}/Variables"
_VARIABLE = _VARIABLES + "/{Sid}"
_NEW = (
    Parameter("UniqueName", required=True, max_length=100, blank=False),
    Parameter("DomainSuffix", max_length=16),
)
ROUTES = (
    Route("POST", HOST, _ALL, create_environment, parameters=_NEW, status=201),
    Route("GET", HOST, _ALL, list_environments, page_size=PAGE_SIZE),
    Route("GET", HOST, _ALL + "/{Sid}", fetch_environment),
    Route("DELETE", HOST, _ALL + "/{Sid}", delete_environment, status=204),
    Route(
        "POST",
        HOST,
        _VARIABLES,
        create_variable,
        parameters=_variable_parameters(required=True),
        status=201,
    ),
    Route("GET", HOST, _VARIABLES, list_variables, page_size=PAGE_SIZE),
    Route("GET", HOST, _VARIABLE, fetch_variable),
    Route(
        "POST",
        HOST,
        _VARIABLE,
        update_variable,
        parameters=_variable_parameters(required=False),
    ),
    Route("DELETE", HOST, _VARIABLE, delete_variable, status=204),
)
