"""What follows from the declarations is up to date and complete."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pulumi_twilio import resources
from pulumi_twilio.declarations import declarations, lookups
from pulumi_twilio.generate.__main__ import ROOT, generated, stale
from pulumi_twilio.resources.names import schema_path


def test_generated_files_are_up_to_date() -> None:
    """Schema, classes and pages are what `python -m pulumi_twilio.generate` writes."""
    assert [str(path.relative_to(ROOT)) for path in stale(generated())] == []


def test_no_component_is_exported() -> None:
    """A component here would make the engine host components instead of the provider."""
    import pulumi

    exported = [
        getattr(module, name)
        for module in (getattr(resources, name) for name in resources.__all__)
        for name in getattr(module, "__all__", ())
    ]

    assert exported
    assert not [
        each
        for each in exported
        if isinstance(each, type) and issubclass(each, pulumi.ComponentResource)
    ]


@pytest.mark.parametrize("declaration", declarations().values(), ids=lambda each: each.type)
def test_every_resource_has_source_and_documentation(declaration: object) -> None:
    """Facts have a source; every value says what it is."""
    assert declaration.source  # type: ignore[attr-defined]
    values = (*declaration.properties, *declaration.outputs)  # type: ignore[attr-defined]
    assert all(each.doc.endswith((".", ")", "…", "`")) for each in values)


def test_secrets_are_marked_in_the_schema() -> None:
    """The engine learns from the schema what to keep encrypted."""
    schema = json.loads(Path(ROOT, "pulumi_twilio", "schema.json").read_text())
    variables = schema["config"]["variables"]

    assert {name for name, each in variables.items() if each.get("secret")} == {
        "authToken",
        "apiKeySecret",
    }
    value = schema["resources"]["twilio:serverless:Variable"]["inputProperties"]["value"]
    assert value["secret"] is True


def test_every_name_has_a_look_up() -> None:
    """The look-ups the architecture names exist."""
    names = {name.removeprefix("twilio:") for name in lookups()}

    assert names >= {
        *(f"taskrouter:get{each}" for each in ("Workspace", "Activity", "TaskChannel")),
        *(f"taskrouter:get{each}" for each in ("TaskQueue", "Workflow", "Worker")),
        *("sync:getService", "serverless:getService", "serverless:getEnvironment"),
        "flex:getConfiguration",
    }


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("task_order", "taskOrder"),
        ("attributes.task_order", "attributes.task_order"),
        ("target_workers[0]", "targetWorkers[0]"),
        ("taskOrder", "taskOrder"),
    ],
)
def test_option_paths_take_pythons_names(path: str, expected: str) -> None:
    """Only the property's own name is translated, never the user's keys below it."""
    names = {"task_order": "taskOrder", "target_workers": "targetWorkers"}

    assert schema_path(path, names) == expected
