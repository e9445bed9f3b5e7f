"""The plugin under the real Pulumi engine, with programs of the typed classes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.provider.project import ROOT, Project, new_project
from tests.provider.stage import WORKSPACES
from twilio_emulator.testing import RunningEmulator, start_emulator, wait_for

QUEUE = "twilio:taskrouter:TaskQueue"

CENTRE = """
    workspace = taskrouter.Workspace("centre", friendly_name="Centre")
    ready = taskrouter.Activity(
        "ready", workspace_sid=workspace.sid, friendly_name="Ready", available=True
    )
    settings = taskrouter.WorkspaceSettings(
        "settings", workspace_sid=workspace.sid, default_activity_sid=ready.sid
    )
    taskrouter.TaskChannel(
        "mail", workspace_sid=workspace.sid, friendly_name="Mail", unique_name="mail"
    )
    sales, support = (
        taskrouter.TaskQueue(
            name,
            workspace_sid=workspace.sid,
            friendly_name=name,
            target_workers=f"skills HAS '{name}'",
            max_reserved_workers=limit,
        )
        for name, limit in (("sales", LIMIT), ("support", 50))
    )
    def to(queue, timeout):
        return {"queue": queue.sid, "timeout": timeout}
    taskrouter.Workflow(
        "incoming",
        workspace_sid=workspace.sid,
        friendly_name="Incoming",
        configuration={
            "task_routing": {
                "filters": [
                    {"expression": "topic == 'x'", "targets": [to(sales, 30)]},
                    {"expression": "topic == 'y'", "targets": [to(support, TIMEOUT)]},
                ],
                "default_filter": {"queue": sales.sid},
            }
        },
    )
    taskrouter.Worker(
        "alice",
        workspace_sid=workspace.sid,
        friendly_name="alice",
        attributes={"skills": ["sales"], "friendly_name": "Alice", "level": 3},
        opts=pulumi.ResourceOptions(depends_on=[settings]),
    )
    sync.Service("store", friendly_name="Store")
    pulumi.export("salesSid", sales.sid)
    pulumi.export("same", taskrouter.get_task_queue_output(
        workspace_sid=workspace.sid, friendly_name=sales.friendly_name
    ).sid)
"""


def centre(limit: int = 1, timeout: int = 60) -> str:
    """Write the program of a small contact centre."""
    return CENTRE.replace("LIMIT", str(limit)).replace("TIMEOUT", str(timeout))


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    """An emulated account."""
    with start_emulator(workers=3) as running:
        yield running


@pytest.fixture
def project(emulator: RunningEmulator, tmp_path: Path) -> Project:
    """A project without resources in an account as it was at first."""
    emulator.reset()
    return new_project(tmp_path, emulator)


def delete_by_hand(emulator: RunningEmulator, id_: str) -> None:
    """Delete a queue past the engine."""
    workspace_sid, sid = id_.split("/")
    url = f"{WORKSPACES}/{workspace_sid}/TaskQueues/{sid}"
    assert emulator.request("DELETE", url).status_code == 204


def test_a_contact_centre_from_first_update_to_destroy(
    project: Project, emulator: RunningEmulator
) -> None:
    """It comes up in one update, settles, shows changes exactly, and goes again."""
    project.program(centre())
    project.up()
    outputs = json.loads(project.run("stack", "output", "--json"))
    assert outputs["salesSid"] == outputs["same"]
    project.assert_settled()

    project.program(centre(limit=5))
    assert project.planned() == {"sales": ("update", ["maxReservedWorkers"])}
    project.program(centre(timeout=90))
    path = "configuration.task_routing.filters[1].targets[0].timeout"
    assert project.planned() == {"incoming": ("update", [path])}
    project.up()
    project.assert_settled()

    before = {each["sid"] for each in emulator.request("GET", WORKSPACES).json()["workspaces"]}
    project.run("destroy", "--yes", "--skip-preview")
    after = {each["sid"] for each in emulator.request("GET", WORKSPACES).json()["workspaces"]}
    assert len(before - after) == 1


def test_a_value_out_of_range_costs_no_request(project: Project, emulator: RunningEmulator) -> None:
    """60 reservations: preview and update name resource and property; nothing is sent for it."""
    project.program(centre(limit=60))
    emulator.clear_journal()

    for command in (("preview",), ("up", "--yes", "--skip-preview")):
        printed = project.run(*command, fails=True)

        assert "'sales': property maxReservedWorkers value {60} has a problem" in printed
        assert "60 is greater than the maximum of 50" in printed
        assert "Traceback" not in printed
    # What does not depend on the queue may be on its way before the engine has heard of it.
    asked = [entry["params"] for entry in emulator.journal(kind="api")]
    assert not [params for params in asked if "sales" in str(params.get("FriendlyName"))]


QUEUES = """
    workspace = flex.get_configuration().taskrouter_workspace_sid
    for name in NAMES:
        taskrouter.TaskQueue(
            name,
            workspace_sid=workspace,
            friendly_name=name,
            target_workers="1==1",
            opts=pulumi.ResourceOptions(ignore_changes=["task_order"]),
        )
"""


def queues(*names: str) -> str:
    """Write a program of queues in the Flex workspace."""
    return QUEUES.replace("NAMES", repr(names))


def test_a_queue_deleted_by_hand_is_dropped_and_made_again(
    project: Project, emulator: RunningEmulator
) -> None:
    """Refresh drops what is gone, the next update makes it again, then all is settled."""
    project.program(queues("one", "two"))
    project.up()
    delete_by_hand(emulator, project.id_of("two"))

    project.run("refresh", "--yes", "--skip-preview")
    assert project.planned() == {"two": ("create", [])}
    project.up()

    project.assert_settled()


def test_an_existing_queue_is_adopted_by_the_line_the_error_prints(
    project: Project, emulator: RunningEmulator
) -> None:
    """A namesake stops the update; its import line, run as printed, leaves nothing to do."""
    project.program(queues("one", "Everyone"))
    printed = project.up(fails=True)
    (line,) = [line.strip() for line in printed.splitlines() if "pulumi import" in line][:1]

    arguments = line.removeprefix("pulumi ").split()
    project.run(*arguments, "--yes")

    project.assert_settled()
    assert project.id_of("Everyone") == arguments[3]
    assert '"protect": true' not in project.state()


def test_ignored_changes_may_use_pythons_names(project: Project, emulator: RunningEmulator) -> None:
    """ignore_changes=["task_order"] ignores drift of taskOrder."""
    project.program(queues("one"))
    project.up()
    workspace_sid, sid = project.id_of("one").split("/")
    url = f"{WORKSPACES}/{workspace_sid}/TaskQueues/{sid}"
    emulator.request("POST", url, data={"TaskOrder": "LIFO"})

    project.run("refresh", "--yes", "--skip-preview")

    assert project.planned() == {}


def test_reading_a_resource_without_managing_it(
    project: Project, emulator: RunningEmulator
) -> None:
    """`get` gives what Twilio has, and destroy leaves it."""
    workspaces = emulator.request("GET", WORKSPACES).json()["workspaces"]
    sid, name = workspaces[0]["sid"], workspaces[0]["friendly_name"]
    project.program(
        f"""
        found = taskrouter.Workspace.get("flex", "{sid}")
        pulumi.export("name", found.friendly_name)
        """
    )

    project.up()
    assert json.loads(project.run("stack", "output", "--json")) == {"name": name}
    project.run("destroy", "--yes", "--skip-preview")

    assert emulator.request("GET", f"{WORKSPACES}/{sid}").status_code == 200


def test_credentials_stay_out_of_state_and_output(
    project: Project, emulator: RunningEmulator
) -> None:
    """A token from the stack's configuration or a Provider is nowhere in clear."""
    token = emulator.auth_token
    bare = dict.fromkeys(("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"), "")
    project.run("config", "set", "twilio:accountSid", emulator.account_sid)
    project.run("config", "set", "--secret", "twilio:authToken", token)
    project.program(
        f"""
        from pulumi_twilio.resources import Provider
        sync.Service("default", friendly_name="By configuration")
        account = Provider(
            "account", account_sid="{emulator.account_sid}", auth_token="{token}"
        )
        sync.Service("own", pulumi.ResourceOptions(provider=account), friendly_name="Own")
        """
    )

    printed = project.up(**bare)

    # The sample account's SID ends like its token, so look for the whole value.
    assert token not in printed.replace(emulator.account_sid, "")
    assert token not in project.state().replace(emulator.account_sid, "")


def test_wrong_credentials_are_one_error(project: Project) -> None:
    """Wrong credentials stop the update with one message that says what to do."""
    project.program(queues("one", "two", "three"))

    printed = project.up(fails=True, TWILIO_AUTH_TOKEN="wrong")

    diagnostics = printed.partition("Diagnostics:")[2]
    assert diagnostics.count("401") == 1
    assert "check the account SID and the auth token" in diagnostics
    assert "Traceback" not in printed


def test_the_schema_is_served(project: Project) -> None:
    """`pulumi package get-schema` accepts the schema and shows every resource."""
    plugin = project.folder / "plugins" / "pulumi-resource-twilio"

    printed = project.run("package", "get-schema", str(plugin))

    served = json.loads(printed[printed.index("{") :])
    committed = json.loads((ROOT / "pulumi_twilio" / "schema.json").read_text())
    assert set(served["resources"]) == set(committed["resources"])
    assert set(served["functions"]) == set(committed["functions"])


def test_the_plugin_ends_with_its_parent() -> None:
    """An engine that is killed leaves no plugin behind."""
    starter = (
        "import subprocess, sys\n"
        "plugin = subprocess.Popen([sys.executable, '-m', 'pulumi_twilio.provider'],"
        " stdout=subprocess.PIPE)\n"
        "plugin.stdout.readline()\n"
        "print(plugin.pid)\n"
    )

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", starter],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    process = Path(f"/proc/{int(done.stdout)}")
    wait_for(lambda: not process.exists() or _is_zombie(process), what="the plugin to end")


def _is_zombie(process: Path) -> bool:
    try:
        return ") Z " in (process / "stat").read_text()
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("value", ["'hunter2' * 80", "pulumi.Output.secret('hunter2' * 80)"])
def test_a_refused_secret_is_not_printed(project: Project, value: str) -> None:
    """The engine prints the value of the property a failure names; a secret one is not named so."""
    project.program(
        f"""
        from pulumi_twilio.resources import serverless
        serverless.Variable(
            "secret",
            service_sid="ZS" + "0" * 32,
            environment_sid="ZE" + "0" * 32,
            key="SECRET",
            value={value},
        )
        """
    )

    printed = project.up(fails=True)

    assert "value: is 560 bytes long, Twilio's limit is 450" in printed
    assert "hunter2" not in printed


def test_a_look_up_waits_for_a_provider_that_is_not_known_yet(
    project: Project, emulator: RunningEmulator
) -> None:
    """A Provider made of another resource's output: its look-ups are unknown in a preview."""
    project.program(
        f"""
        from pulumi_twilio.resources import Provider
        first = sync.Service("first", friendly_name="First")
        late = Provider(
            "late",
            account_sid=first.sid.apply(lambda _: "{emulator.account_sid}"),
            auth_token="{emulator.auth_token}",
        )
        found = flex.get_configuration_output(opts=pulumi.InvokeOutputOptions(provider=late))
        taskrouter.TaskQueue(
            "queue",
            workspace_sid=found.taskrouter_workspace_sid,
            friendly_name="Late",
            opts=pulumi.ResourceOptions(provider=late),
        )
        """
    )

    assert set(project.planned()) >= {"first", "late", "queue"}
    project.up()
