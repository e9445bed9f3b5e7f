"""Wrong inputs are refused before Twilio hears of them, all at once, by property path."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_twilio.declarations import declarations
from pulumi_twilio.declarations.special import UNKNOWN, Secret, has_secret, reveal
from pulumi_twilio.provider.check import failures, normalised

WORKSPACE = "WS" + "0" * 32
QUEUE = {"workspaceSid": WORKSPACE, "friendlyName": "Sales"}


def problems(resource: str, values: dict[str, Any]) -> dict[str, str]:
    """Check inputs as the provider does: {path: reason}."""
    declaration = declarations()[f"twilio:{resource}"]
    news = reveal(normalised(declaration.properties, values))
    found = failures(declaration.properties, news, declaration.check)
    return {each.path: each.reason for each in found}


@pytest.mark.parametrize("declaration", declarations().values(), ids=lambda each: each.type)
def test_every_example_is_accepted(declaration: Any) -> None:
    """What the reference page shows passes the check once its names are filled in."""
    prefixes = {each.name: each.sid_prefixes for each in declaration.properties}
    example = {
        name: UNKNOWN if "${" in str(value) and prefixes[name] else value
        for name, value in declaration.example.items()
    }

    assert failures(declaration.properties, example, declaration.check) == []


@pytest.mark.parametrize("declaration", declarations().values(), ids=lambda each: each.type)
def test_every_required_property_is_missed(declaration: Any) -> None:
    """Nothing given: each required property is named."""
    required = {each.name for each in declaration.properties if each.required}
    found = {each.path for each in failures(declaration.properties, {}, None)}

    assert found == required


def test_sixty_is_above_the_limit() -> None:
    """The limit of reservations names the property, the value and the maximum."""
    found = problems("taskrouter:TaskQueue", {**QUEUE, "maxReservedWorkers": 60})

    assert found == {"maxReservedWorkers": "60 is greater than the maximum of 50"}


@pytest.mark.parametrize("value", [1, 50])
def test_the_limits_themselves_are_allowed(value: int) -> None:
    """1 and 50 are fine."""
    assert not problems("taskrouter:TaskQueue", {**QUEUE, "maxReservedWorkers": value})


def test_all_failures_come_at_once() -> None:
    """Several mistakes give several failures, an unknown name with a suggestion."""
    found = problems(
        "taskrouter:TaskQueue",
        {
            "workspaceSid": "WQ1",
            "friendlyName": "",
            "targetWorker": "1==1",
            "taskOrder": "RANDOM",
            "maxReservedWorkers": "five",
        },
    )

    assert found == {
        "targetWorker": "is not a property of this resource; did you mean targetWorkers?",
        "workspaceSid": "'WQ1' is not a SID (WS and 32 hexadecimal digits)",
        "friendlyName": "is required",
        "taskOrder": "'RANDOM' is not one of FIFO, LIFO",
        "maxReservedWorkers": "must be a whole number",
    }


def test_values_not_known_yet_pass() -> None:
    """A preview checks what it knows and lets the rest be."""
    assert not problems("taskrouter:TaskQueue", {**QUEUE, "workspaceSid": UNKNOWN})


@pytest.mark.parametrize("url", ["ftp://example.com", "example.com/x", "https://", "http://a b"])
def test_callback_urls_are_urls(url: str) -> None:
    """A callback that is no http(s) URL is refused."""
    values = {**QUEUE, "configuration": {}, "assignmentCallbackUrl": url}
    found = problems("taskrouter:Workflow", values)

    assert found == {"assignmentCallbackUrl": f"{url!r} is not an http(s) URL"}


def test_json_text_becomes_the_object() -> None:
    """State keeps a configuration as an object whatever the program wrote, secret or not."""
    declaration = declarations()["twilio:taskrouter:Workflow"]
    text = Secret('{"task_routing": {"filters": []}}')

    news = normalised(declaration.properties, {"configuration": text})

    assert news == {"configuration": Secret({"task_routing": {"filters": []}})}


def test_text_that_is_no_json_is_refused() -> None:
    """A broken configuration is named before the API call."""
    found = problems("taskrouter:Workflow", {**QUEUE, "configuration": "{"})

    assert found == {"configuration": "must be an object"}


def test_the_syncs_attributes_are_refused() -> None:
    """A program cannot set what the worker-queue sync writes."""
    found = problems("taskrouter:Worker", {**QUEUE, "attributes": {"queues": []}})

    assert found == {"attributes.queues": "belongs to the worker-queue sync, leave it out"}


def test_attributes_over_twilios_limit_are_refused() -> None:
    """4096 characters of attributes are the most."""
    found = problems("taskrouter:Worker", {**QUEUE, "attributes": {"notes": "x" * 4096}})

    assert found == {"attributes": "attributes would be 4108 characters, Twilio's limit is 4096"}


def test_channel_names_must_fit_expressions() -> None:
    """A hyphen in a channel's unique name would be a subtraction."""
    found = problems("taskrouter:TaskChannel", {**QUEUE, "uniqueName": "back-office"})

    assert list(found) == ["uniqueName"]


def test_declared_secrets_are_wrapped_and_never_quoted() -> None:
    """A secret property is secret even if the program passed it in clear."""
    declaration = declarations()["twilio:serverless:Variable"]

    news = normalised(declaration.properties, {"value": "hunter2"})

    assert has_secret(news["value"])


@pytest.mark.parametrize("attributes", [{"ids": [2**53 + 1]}, '{"ids": [9007199254740993]}'])
def test_numbers_pulumi_cannot_hold_are_refused(attributes: object) -> None:
    """A record number must not silently become another one."""
    found = problems("taskrouter:Worker", {**QUEUE, "attributes": attributes})

    assert list(found) == ["attributes.ids[0]"]
    assert "write it as text" in found["attributes.ids[0]"]
