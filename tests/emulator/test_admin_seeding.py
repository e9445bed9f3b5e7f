"""Seeding: workers, tasks, calls and conferences in bulk from one document."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from twilio_emulator.admin.seeding import template
from twilio_emulator.cli import app
from twilio_emulator.control import ControlError
from twilio_emulator.testing import RunningEmulator

from .conftest import TASKROUTER, WorkspaceClient

ROOT = Path(__file__).resolve().parents[2]


def tasks(flex: WorkspaceClient, **filters: Any) -> list[dict[str, Any]]:
    """List the workspace's tasks."""
    return list(flex.get("/Tasks", PageSize=1000, **filters)["tasks"])


def test_tasks_are_made_and_routed(flex: WorkspaceClient) -> None:
    """Pending tasks wait or are offered as routing finds, each with attributes of its own."""
    made = flex.emulator.seed({"tasks": [{"count": 300, "attributes": {"number": "{n}"}}]})
    found = tasks(flex)

    assert made == {"made": {"workers": 0, "tasks": 300, "calls": 0, "conferences": 0}}
    assert {json.loads(task["attributes"])["number"] for task in found} == set(range(1, 301))
    assert Counter(task["assignment_status"] for task in found) == {"reserved": 15, "pending": 285}


def test_ten_thousand_tasks_are_made_at_once(flex: WorkspaceClient) -> None:
    """A load test's tasks come from one request, all of them or none."""
    flex.emulator.seed({"tasks": [{"count": 10_000}]})

    assert flex.emulator.status()["counts"]["taskrouter.task"] == 10_000


def test_attributes_may_be_any_text(flex: WorkspaceClient) -> None:
    """What is no JSON object is kept as it is: no filter finds anything in it, all else works."""
    texts = ['{"number": {n}, "cut off', "[{n}]", "", "not JSON at all"]
    flex.emulator.seed({"tasks": [{"count": 2, "attributes": text} for text in texts]})
    found = tasks(flex)

    made = [text.replace("{n}", str(n)) for text in texts for n in (1, 2)]
    assert sorted(task["attributes"] for task in found) == sorted(made)
    assert tasks(flex, EvaluateTaskAttributes="number == 1") == []
    changed = flex.change(f"/Tasks/{found[0]['sid']}", Attributes='{"number": 1}')
    assert tasks(flex, EvaluateTaskAttributes="number == 1") == [changed]


def test_assigned_tasks_have_an_accepted_reservation(flex: WorkspaceClient) -> None:
    """Assigned tasks are their workers' in turn, counted as load, and can be completed."""
    workers = flex.get("/Workers", Available="true")["workers"][:2]
    names = [worker["friendly_name"] for worker in workers]
    flex.emulator.seed({"tasks": [{"count": 5, "state": "assigned", "worker": names, "age": 90}]})

    holders = Counter[str]()
    for task in tasks(flex, AssignmentStatus="assigned"):
        (reservation,) = flex.get(f"/Tasks/{task['sid']}/Reservations")["reservations"]
        assert reservation["reservation_status"] == "accepted"
        assert 90 <= task["age"] < 100
        holders[reservation["worker_name"]] += 1
    assert holders == {names[0]: 3, names[1]: 2}
    done = flex.change(f"/Tasks/{task['sid']}", AssignmentStatus="completed")
    assert done["assignment_status"] == "completed"


def test_what_only_shows_while_it_is_made_undoes_all(flex: WorkspaceClient) -> None:
    """A task that no queue takes, or that nobody can accept, has nothing made at all."""
    workspace = flex.emulator.request("POST", TASKROUTER, data={"FriendlyName": "Bare"}).json()
    bare = WorkspaceClient(flex.emulator, workspace["sid"])
    queue = bare.make("TaskQueues", FriendlyName="Q")["sid"]
    rules = {"filters": [{"expression": "a==1", "targets": [{"queue": queue}]}]}
    configuration = json.dumps({"task_routing": rules})
    bare.make("Workflows", FriendlyName="Only a", Configuration=configuration)
    worker = {"friendly_name": "w", "activity": bare.get("/Activities")["activities"][0]["sid"]}
    assigned = {"state": "assigned", "worker": "w"}
    before = flex.emulator.status()["counts"]

    for tasks_made, reason in (
        ([{**assigned, "attributes": {"a": 2}}], "no filter of the workflow takes"),
        ([{"state": "assigned", "attributes": {"a": 1}}], "nobody is available"),
    ):
        with pytest.raises(ControlError, match=reason):
            flex.emulator.seed(
                {"workspace": "Bare", "workers": [worker], "tasks": [{"count": 3}, *tasks_made]}
            )

    assert flex.emulator.status()["counts"] == before
    bare.send("DELETE")


def test_workers_are_made_with_channels(flex: WorkspaceClient) -> None:
    """Workers come by number with attributes, activity and capacity, and are offered tasks."""
    flex.emulator.seed({"tasks": [{"count": 16}]})
    waiting = len(tasks(flex, AssignmentStatus="pending"))
    flex.emulator.seed(
        {
            "workers": [
                {
                    "count": 3,
                    "friendly_name": "new-{n}",
                    "attributes": {"number": "{n}", "team": {"$choice": ["red", "blue"]}},
                    "activity": "Available",
                    "channels": {"default": 2},
                }
            ]
        }
    )
    worker = flex.get("/Workers", FriendlyName="new-2")["workers"][0]
    channels = flex.get(f"/Workers/{worker['sid']}/Channels")["channels"]

    assert json.loads(worker["attributes"])["number"] == 2
    assert json.loads(worker["attributes"])["team"] in ("red", "blue")
    capacity = {c["task_channel_unique_name"]: c["configured_capacity"] for c in channels}
    assert capacity["default"] == 2
    assert waiting == 1
    assert tasks(flex, AssignmentStatus="pending") == []


def test_calls_and_conferences_are_made(emulator: RunningEmulator) -> None:
    """Calls and conferences stand in the 2010 API with the fields given."""
    emulator.seed(
        {
            "calls": [{"count": 2, "to": "+1555000000{n}", "from": "+15550000100"}],
            "conferences": [{"friendly_name": "Room", "participants": [{"label": "agent"}]}],
        }
    )
    root = f"https://api.twilio.com/2010-04-01/Accounts/{emulator.account_sid}"
    calls = emulator.request("GET", f"{root}/Calls.json").json()["calls"]
    rooms = emulator.request("GET", f"{root}/Conferences.json").json()["conferences"]

    assert {"+15550000001", "+15550000002"} <= {call["to"] for call in calls}
    assert "Room" in [room["friendly_name"] for room in rooms]


def test_everything_wrong_is_said_with_its_place(flex: WorkspaceClient) -> None:
    """Wrong kinds of values are refused together, and nothing is made."""
    before = flex.emulator.status()["counts"]
    with pytest.raises(ControlError) as refused:
        flex.emulator.seed(
            {
                "workers": [{"count": "many"}, {"colour": 1}],
                "tasks": [{"state": "done", "priority": -1}],
                "calls": [{"to": 5, "start_time": "yesterday"}],
            }
        )

    for part in (
        "workers[0].count: 'many' is not of type 'integer'",
        "workers[1]: unknown colour (known: activity,",
        "tasks[0].state: 'done' is not one of pending, assigned",
        "tasks[0].priority: -1 is less than the minimum of 0",
        "calls[0].to: 5 is not of type 'string'",
        "calls[0].start_time: 'yesterday' is not a 'date-time'",
    ):
        assert part in str(refused.value)
    assert flex.emulator.status()["counts"] == before


def test_names_that_nothing_has_are_said_with_those_there_are(flex: WorkspaceClient) -> None:
    """Names are looked up before anything is made; each miss is told with the choices."""
    taken = flex.get("/Workers")["workers"][0]["friendly_name"]
    with pytest.raises(ControlError) as refused:
        flex.emulator.seed(
            {
                "workers": [{"activity": "Lunch"}, {"friendly_name": taken}],
                "tasks": [
                    {"workflow": "Nobody", "channel": "fax"},
                    {"queue": "Everyone", "worker": "x", "age": 90_000},
                    {"attributes": {"a": {"$number": [2, 1]}, "b": {"$choice": []}}},
                    {"attributes": {"long": "x" * 5000}},
                ],
            }
        )

    for part in (
        "workers[0].activity: there is no 'Lunch' (there are: Available, Unavailable, Break",
        f"workers[1].friendly_name: there are such workers already: {taken}",
        "tasks[0].workflow: there is no 'Nobody' (there are: Assign to Anyone)",
        "tasks[0].channel: there is no 'fax'",
        "tasks[1].worker: needs state: assigned",
        "tasks[1].worker: there is no 'x'",
        "tasks[1].age: 90000 s is not below the timeout of 86400 s",
        "tasks[2].attributes.a.$number: must be two whole numbers",
        "tasks[2].attributes.b.$choice: must be a list of values",
        "tasks[3].attributes: 5011 characters, the limit is 4096",
    ):
        assert part in str(refused.value)


@given(low=st.integers(-5, 5), span=st.integers(0, 9), number=st.integers(1, 99), seed=st.text())
def test_a_template_is_a_function_of_number_and_seed(
    low: int, span: int, number: int, seed: str
) -> None:
    """The same number and seed fill in the same, within the bounds given."""
    form = {"id": "{n}", "text": "call {n}", "deep": [{"$number": [low, low + span]}]}

    def filled() -> Any:
        return template.fill(form, number, random.Random(seed))  # noqa: S311

    assert filled() == filled()
    assert (filled()["id"], filled()["text"]) == (number, f"call {number}")
    assert low <= filled()["deep"][0] <= low + span
    assert template.problems(form, "x") == []


def test_the_documented_file_is_followed(flex: WorkspaceClient) -> None:
    """The file the documentation shows makes what it says."""
    page = (ROOT / "docs" / "emulator-testing.md").read_text("utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    before = flex.emulator.status()["counts"]
    made = flex.emulator.seed(yaml.safe_load(example))["made"]
    after = flex.emulator.status()["counts"]

    assert made == {"workers": 50, "tasks": 10_020, "calls": 5, "conferences": 1}
    assert after["taskrouter.task"] - before["taskrouter.task"] == 10_020
    assert after["call"] - before["call"] == 7


def test_the_command_reads_yaml_and_standard_input(flex: WorkspaceClient, tmp_path: Any) -> None:
    """`seed FILE` and `seed -` make what a document says, and tell what was made."""
    port = ("--port", str(flex.emulator.port))
    file = tmp_path / "centre.yaml"
    file.write_text("tasks:\n- count: 2\n  attributes: {kind: '{n}'}\n")
    runner = CliRunner()

    assert runner.invoke(app, ["seed", str(file), *port]).output == "Made 2 tasks\n"
    piped = runner.invoke(app, ["seed", "-", "--json", *port], input='{"workers": [{"count": 1}]}')
    assert json.loads(piped.output)["workers"] == 1
    assert "neither YAML nor JSON" in runner.invoke(app, ["seed", "-", *port], input="[").output
    assert "must be a mapping" in runner.invoke(app, ["seed", "-", *port], input="3").output
    missing = runner.invoke(app, ["seed", "nowhere.yaml", *port])
    assert (missing.exit_code, "No such file" in missing.output) == (1, True)
    assert json.loads(runner.invoke(app, ["seed", "--schema"]).output)["type"] == "object"
