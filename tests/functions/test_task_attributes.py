"""`/update-task-attributes`: nobody's change is lost, none is applied twice."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from taskrouter_ops.task_attributes import Append, Merge, SyncDeferredChanges
from tests.functions.contact_centre import ContactCentre
from tests.functions.front_end import FrontEnd, error_of
from twilio_client import TwilioClient, credentials_from

TASKS = "/Tasks/WT[0-9a-f]+$"
DOCUMENTS = "/Documents/deferred-"


@pytest.fixture
def desk(centre: ContactCentre) -> FrontEnd:
    """A desk with one task."""
    return FrontEnd.opened(centre, customer="c1")


def store_of(centre: ContactCentre) -> SyncDeferredChanges:
    """The Python library's store over the same Sync service."""
    settings = credentials_from({}, centre.emulator.environment())
    client = TwilioClient(settings.credentials, settings.base_url)
    return SyncDeferredChanges(client, centre.sync_service_sid)


def test_a_change_is_merged_into_what_is_there(desk: FrontEnd) -> None:
    """Objects merge, null removes, and the answer holds the attributes without marks."""
    desk.write(a={"b": 1, "c": 2}, l=[1])

    answer = desk.update({"a": {"b": None, "d": 3}, "l": [2]}, id="one")

    assert answer.status_code == 200
    expected = {"a": {"c": 2, "d": 3}, "l": [2]}
    assert answer.json() == {
        "outcome": "updated",
        "taskSid": desk.task_sid,
        "attributes": expected,
    }
    assert desk.attributes() == expected


def test_a_form_is_a_body_too(desk: FrontEnd) -> None:
    """Values of a form that are not text are JSON text, and its numbers stay exact."""
    form = {
        "Token": desk.token,
        "taskSid": desk.task_sid,
        "attributes": '{"account":12345678901234567890,"rate":1.5}',
        "deferred": "false",
    }

    answer = desk.centre.emulator.request("POST", desk.url("update-task-attributes"), data=form)

    assert answer.json()["outcome"] == "updated"
    text = desk.centre.emulator.request("GET", desk.task_url).json()["attributes"]
    assert text == '{"customer":"c1","account":12345678901234567890,"rate":1.5}'


def test_what_a_change_does_not_touch_is_written_as_it_was(desk: FrontEnd) -> None:
    """Large numbers and the order of keys such as "10" survive, beside a change and within one."""
    text = '{"b":12345678901234567890,"10":{"9":1.0,"1":-0.5,"id":98765432109876543210}}'
    desk.centre.post(desk.task_url, Attributes=text)

    desk.update({"10": {"new": 1}})

    found = desk.centre.emulator.request("GET", desk.task_url).json()["attributes"]
    assert found == text.replace("}}", ',"new":1}}')


def test_the_same_id_twice_changes_once(desk: FrontEnd) -> None:
    """A repeated request is recognised, also after others wrote."""
    assert desk.append("x", id="first").json()["outcome"] == "updated"
    desk.append("y")

    again = desk.append("x", id="first")

    assert again.json()["outcome"] == "unchanged"
    assert desk.attributes()["notes"] == ["x", "y"]


def test_nothing_new_is_not_written(desk: FrontEnd) -> None:
    """A change that changes nothing costs no write."""
    desk.centre.emulator.clear_journal()

    assert desk.update({"customer": "c1"}).json()["outcome"] == "unchanged"
    assert desk.centre.calls(method="POST", path=TASKS) == []


def test_fifty_at_once_lose_nothing(desk: FrontEnd) -> None:
    """Requests of many clients on one task all end up in it, each once."""

    def send(number: int) -> None:
        body = {"id": f"request-{number}"}
        while (answer := desk.append(number, **body)).status_code != 200:
            assert answer.status_code in (409, 429, 503), answer.text

    with ThreadPoolExecutor(10) as clients:
        list(clients.map(send, range(50)))

    assert sorted(desk.attributes()["notes"]) == list(range(50))


def test_deferred_changes_go_with_the_next_update(desk: FrontEnd) -> None:
    """Nothing is written until then, and then in one write, oldest first."""
    desk.centre.emulator.clear_journal()
    for number in (1, 2):
        answer = desk.append(number, deferred=True, id=f"d{number}")
        assert answer.json() == {"outcome": "deferred", "taskSid": desk.task_sid}
    assert desk.append(1, deferred=True, id="d1").json()["outcome"] == "deferred"
    assert desk.centre.calls(path=TASKS) == []

    desk.append(3)

    assert desk.attributes()["notes"] == [1, 2, 3]
    assert len(desk.centre.calls(method="POST", path=TASKS)) == 1
    assert (desk.kept() or {}) == {
        "task_sid": desk.task_sid,
        "batches": [],
        "done": ["d1", "d2"],
    }


def test_what_the_function_keeps_the_library_takes_and_the_other_way_round(desk: FrontEnd) -> None:
    """Both sides keep the same document, with numbers of any size."""
    store = store_of(desk.centre)
    desk.append("from the page", deferred=True, id="page-1")
    store.defer(desk.task_sid, (Append(("notes",), ["from Python"]),), "python-1")
    store.defer(desk.task_sid, (Merge({"n": 12345678901234567890}),))

    batches = store.take(desk.task_sid)
    desk.update({"flushed": True})

    assert [batch.changes[:2] for batch in batches] == [("page-1", "python-1")]
    assert desk.attributes()["notes"] == ["from the page", "from Python"]
    assert desk.attributes()["n"] == 12345678901234567890
    assert store.kept(desk.task_sid) == 0


@pytest.mark.parametrize(
    "fault",
    [{"status": 429, "count": 2}, {"status": 503, "count": 2}, {"drop": True, "count": 2}],
    ids=["429", "503", "drop"],
)
@pytest.mark.parametrize(
    "path", [TASKS, DOCUMENTS, "/Tokens/validate$"], ids=["task", "sync", "iam"]
)
def test_failures_that_pass_are_waited_out(
    desk: FrontEnd, fault: dict[str, object], path: str
) -> None:
    """Throttling, errors and dropped connections of any call end in the change made once."""
    desk.append(1, deferred=True)

    with desk.centre.emulator.fault(kind="api", path=path, **fault) as fault_id:
        answer = desk.append(2)
        (hits,) = [f["hits"] for f in desk.centre.emulator.faults() if f["id"] == fault_id]

    assert hits == 2
    assert answer.json()["outcome"] == "updated"
    assert desk.attributes()["notes"] == [1, 2]


@pytest.mark.parametrize("fault", [{"status": 500}, {"drop": True}], ids=["500", "drop"])
@pytest.mark.parametrize("path", [TASKS, DOCUMENTS], ids=["task", "sync"])
def test_an_answer_that_was_lost_changes_nothing_twice(
    desk: FrontEnd, fault: dict[str, object], path: str
) -> None:
    """A write that took effect though its answer was lost is recognised."""
    rule = {"kind": "api", "method": "POST", "path": path, "after": True, "count": 1}

    desk.append(1, deferred=True)
    with desk.centre.emulator.fault(**rule, **fault):
        deferred = desk.append(2, deferred=True)
        written = desk.append(3)

    assert (deferred.json()["outcome"], written.json()["outcome"]) == ("deferred", "updated")
    assert desk.attributes()["notes"] == [1, 2, 3]


def test_a_function_killed_after_its_write_applies_once(desk: FrontEnd) -> None:
    """What was taken and written but not dropped is recognised by its mark."""
    desk.append(1, deferred=True)
    drop = {"kind": "api", "method": "POST", "path": DOCUMENTS, "skip": 1, "latency_ms": 3000}
    kill = {"kind": "function", "process": "kill", "process_after_ms": 1500, "count": 1}

    with desk.centre.emulator.fault(**drop), desk.centre.emulator.fault(**kill):
        killed = desk.append(2, id="again")
    assert killed.status_code == 500
    assert desk.attributes()["notes"] == [1, 2]

    assert desk.append(2, id="again").json()["outcome"] == "unchanged"
    assert desk.attributes()["notes"] == [1, 2]
    assert (desk.kept() or {})["batches"] == []


def test_what_changed_nothing_does_not_come_after_later_changes(desk: FrontEnd) -> None:
    """A batch without effect that could not be dropped is recognised by its mark as well."""
    desk.update({"customer": "c1"}, deferred=True)
    drop = {"kind": "api", "method": "POST", "path": DOCUMENTS, "skip": 1, "status": 400}

    with desk.centre.emulator.fault(**drop):
        assert desk.update({"customer": "c2"}).json()["outcome"] == "updated"
    desk.update({"other": 1})

    assert desk.attributes() == {"customer": "c2", "other": 1}
    assert (desk.kept() or {})["batches"] == []


def test_a_failed_flush_keeps_everything_and_says_so(desk: FrontEnd) -> None:
    """Twilio refuses the write: what was deferred stays for the next one."""
    desk.append(1, deferred=True)
    desk.append(2, deferred=True)

    with desk.centre.emulator.fault(kind="api", method="POST", path=TASKS, status=500):
        answer = desk.append(3)
    assert error_of(answer) == (502, "twilio", True)
    assert "what was deferred for the task is kept (2 changes)" in answer.json()["error"]["message"]
    assert "notes" not in desk.attributes()

    desk.append(3)
    assert desk.attributes()["notes"] == [1, 2, 3]


def test_a_task_that_is_gone_is_said(desk: FrontEnd) -> None:
    """An unknown task is an outcome, and what was deferred for it is kept."""
    desk.append(1, deferred=True)
    desk.centre.delete(desk.task_url)

    answer = desk.append(2)

    assert answer.json() == {"outcome": "gone", "taskSid": desk.task_sid}
    assert len((desk.kept() or {})["batches"]) == 1


def test_attributes_that_would_be_too_long_are_not_sent(desk: FrontEnd) -> None:
    """4096 characters are Twilio's limit; nothing is sent beyond."""
    answer = desk.update({"text": "x" * 4096})

    assert error_of(answer) == (413, "too-large", False)
    assert desk.attributes() == {"customer": "c1"}


def test_deferred_changes_that_would_be_too_long_are_not_kept(desk: FrontEnd) -> None:
    """10 KiB are kept for a task; what is kept stays kept."""
    desk.append(1, deferred=True)

    answer = desk.update({"text": "x" * 10_240}, deferred=True)

    assert error_of(answer) == (413, "too-large", False)
    desk.append(2)
    assert desk.attributes()["notes"] == [1, 2]


def test_an_append_to_something_else_is_refused(desk: FrontEnd) -> None:
    """The error names the path, and nothing of the change is written."""
    change = [{"merge": {"new": 1}}, {"append": {"path": ["customer"], "values": ["secret"]}}]

    answer = desk.update(changes=change)

    assert error_of(answer) == (422, "not-applicable", False)
    assert "customer is of type string" in answer.json()["error"]["message"]
    assert "secret" not in answer.text
    assert desk.attributes() == {"customer": "c1"}


@pytest.mark.parametrize(
    "centre", [{"FRONT_END_TIME_BUDGET_MS": "2500"}], indirect=True, ids=["short"]
)
def test_the_time_ends_before_twilio_ends_it(desk: FrontEnd) -> None:
    """An API that hangs ends in 503, and repeating with the same id is safe."""
    with desk.centre.emulator.fault(kind="api", path=TASKS, latency_ms=4000):
        answer = desk.append(1, id="once")
    assert error_of(answer) == (503, "out-of-time", True)

    desk.append(1, id="once")
    assert desk.attributes()["notes"] == [1]


@pytest.mark.parametrize(
    "centre", [{"FRONT_END_TIME_BUDGET_MS": "2500"}], indirect=True, ids=["short"]
)
def test_races_lost_to_the_end_are_a_conflict(desk: FrontEnd) -> None:
    """When others write first each time, the error says that a retry is safe."""
    rule = {"kind": "api", "method": "POST", "path": TASKS, "status": 412}
    body = {"code": 20412, "message": "Precondition failed", "status": 412}

    with desk.centre.emulator.fault(**rule, body=json.dumps(body)):
        answer = desk.append(1)

    assert error_of(answer) == (409, "conflict", True)
    assert "notes" not in desk.attributes()


@pytest.mark.parametrize("centre", [{"BATCH_SECRET": ""}], indirect=True, ids=["no-secret"])
def test_a_secret_of_the_batches_is_not_needed(desk: FrontEnd) -> None:
    """A variable that only the batches need does not stop this endpoint."""
    assert desk.update({"a": 1}).status_code == 200


def test_nothing_that_was_sent_is_logged(desk: FrontEnd) -> None:
    """Neither attributes nor tokens are in the logs, whatever the answer was."""
    desk.update({"ssn": "hush-hush"})
    desk.update(changes=[{"append": {"path": ["customer"], "values": ["hush-hush"]}}])
    desk.update({"ssn": "hush-hush" * 500})
    desk.update("hush-hush")

    deployment = desk.centre.deployment
    url = f"https://serverless.twilio.com/v1/Services/{deployment.service_sid}"
    url += f"/Environments/{deployment.environment_sid}/Logs"
    logs = desk.centre.emulator.request("GET", url).text
    assert '\\"answer\\":422' in logs
    assert "hush-hush" not in logs
    assert desk.token not in logs
