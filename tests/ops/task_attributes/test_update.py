"""Updates of one task by many: nothing is lost, nothing happens twice, faults or not."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

import pytest

from taskrouter_ops.errors import InvalidChange, NotApplicable
from taskrouter_ops.task_attributes import Append, Merge, Remove
from taskrouter_ops.task_router_service import TaskRouterService
from tests.ops.task_attributes.desk import Desk, at_once
from twilio_client import (
    AttributesTooLong,
    AttributesUnreadable,
    RateLimited,
    ServerFault,
    TwilioError,
    Unauthorized,
    UpdateUncertain,
)
from twilio_client.attribute_json import parse_json

WRITERS, UPDATES = 50, 20
POSTS = {"method": "POST", "path": "/Tasks/WT"}


def appending(service: TaskRouterService, task: str, writer: int, updates: int = UPDATES) -> None:
    """Append a writer's number so many times, and count it as well."""
    for _ in range(updates):
        done = service.update_task_attributes(task, Append(("notes",), [writer]))
        assert done.outcome == "updated"


def test_fifty_writers_lose_nothing(desk: Desk) -> None:
    """1000 appends with duplicates are all there, in far fewer requests."""
    task, service = desk.task(customer="Ann"), desk.service()

    at_once(partial(appending, service, task, writer) for writer in range(WRITERS))

    attributes = desk.attributes(task)
    assert Counter(attributes["notes"]) == dict.fromkeys(range(WRITERS), UPDATES)
    assert attributes["customer"] == "Ann"
    assert len(desk.requests(task)) < WRITERS * UPDATES / 4


def test_writers_in_several_processes_lose_nothing(desk: Desk) -> None:
    """Services that know nothing of each other race; each conflict is a 412 and goes again."""
    task, services = desk.task(), [desk.service(deadline_seconds=60) for _ in range(5)]

    at_once(partial(appending, services[n % 5], task, n) for n in range(25))

    assert Counter(desk.attributes(task)["notes"]) == dict.fromkeys(range(25), UPDATES)
    assert any(request["status"] == 412 for request in desk.requests(task, "POST"))


FAULTS: dict[str, list[dict[str, Any]]] = {
    "412": [{"status": 412, "probability": 0.4}],
    "429": [{"status": 429, "probability": 0.4}],
    "5xx before": [{"status": 503, "probability": 0.3}],
    "5xx after": [{"status": 500, "after": True, "probability": 0.3}],
    "drop before": [{"drop": True, "probability": 0.3}],
    "drop after": [{"drop": True, "after": True, "probability": 0.3}],
    "slow": [{"latency_ms": 60, "probability": 0.5}],
    "all": [
        {"latency_ms": 20, "probability": 0.3},
        {"status": 412, "probability": 0.1},
        {"status": 429, "probability": 0.1},
        {"status": 502, "probability": 0.1},
        {"status": 500, "after": True, "probability": 0.1},
        {"drop": True, "probability": 0.1},
        {"drop": True, "after": True, "probability": 0.1},
    ],
}


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_faults_neither_lose_nor_repeat_an_append(desk: Desk, faults: list[dict[str, Any]]) -> None:
    """Three services of four writers each, while writes fail before and after their effect."""
    task, services = desk.task(), [desk.service(deadline_seconds=60) for _ in range(3)]
    for fault in faults:
        desk.emulator.add_fault(**POSTS, **fault)

    at_once(partial(appending, services[n % 3], task, n, 6) for n in range(12))

    desk.emulator.clear_faults()
    assert Counter(desk.attributes(task)["notes"]) == dict.fromkeys(range(12), 6)


LOST = pytest.mark.parametrize(
    "fault",
    [{"status": 500, "after": True}, {"drop": True, "after": True}],
    ids=["500", "drop"],
)


@LOST
def test_a_lost_answer_with_others_writing_in_between(desk: Desk, fault: dict[str, Any]) -> None:
    """The mark in the attributes tells that the append is there; nothing is appended twice."""
    task, service, other = desk.task(), desk.service(), desk.service()
    desk.emulator.add_fault(**POSTS, **fault, count=1)
    # Between the write that lost its answer and the reading, two others write.
    url = desk.url(task)
    send, reads = service._client.get, []

    def get(*arguments: Any, **options: Any) -> Any:
        if arguments[0] == url and reads:
            other.update_task_attributes(task, Append(("notes",), ["other"]))
            other.update_task_attributes(task, {"more": 1})
        reads.append(arguments[0])
        return send(*arguments, **options)

    service._client.get = get  # type: ignore[method-assign]
    done = service.update_task_attributes(task, Append(("notes",), ["mine"]))

    assert done.outcome == "updated"
    assert desk.attributes(task) == {"notes": ["mine", "other"], "more": 1}


@pytest.mark.parametrize("fault", [{"status": 503}, {"drop": True}], ids=["503", "drop"])
def test_a_write_that_failed_on_a_task_without_marks_while_others_wrote(
    desk: Desk, fault: dict[str, Any]
) -> None:
    """All marks there ever were are still there, ours is not: it is written again, once."""
    task, service, other = desk.task(), desk.service(), desk.service()
    desk.emulator.add_fault(**POSTS, **fault, count=1)
    send, reads = service._client.get, []

    def get(*arguments: Any, **options: Any) -> Any:
        if len(reads) == 1:
            other.update_task_attributes(task, Append(("n",), [1]))
            other.update_task_attributes(task, Append(("n",), [2]))
        reads.append(arguments[0])
        return send(*arguments, **options)

    service._client.get = get  # type: ignore[method-assign]
    assert service.update_task_attributes(task, Append(("n",), [3])).outcome == "updated"
    assert desk.attributes(task) == {"n": [1, 2, 3]}


@LOST
@pytest.mark.parametrize(
    "change", [Append(("n",), [1]), Remove(("n",), [0]), lambda a: {**a, "m": 1}]
)
def test_a_lost_answer_overwritten_by_somebody_is_uncertain(
    desk: Desk, fault: dict[str, Any], change: Any
) -> None:
    """Somebody put the attributes back who knows no marks: nobody can tell, and it says so."""
    task, service = desk.task(n=[0]), desk.service()
    service.update_task_attributes(task, Append(("n",), [5]))
    before = desk.attributes(task)
    desk.emulator.add_fault(**POSTS, **fault, count=1)
    send, reads = service._client.get, []

    def get(*arguments: Any, **options: Any) -> Any:
        if reads:
            desk.write(task, {**before, "n": [0], "applied_changes": ["strange1"]})
            desk.write(task, {**before, "n": [7], "applied_changes": ["strange1"]})
        reads.append(arguments[0])
        return send(*arguments, **options)

    service._client.get = get  # type: ignore[method-assign]
    with pytest.raises(UpdateUncertain, match=task) as caught:
        service.update_task_attributes(task, change)

    assert not caught.value.retry_safe
    assert desk.attributes(task)["n"] == [7]


def test_a_change_with_an_id_is_applied_once(desk: Desk) -> None:
    """A caller that got no answer repeats the call, in this process or another."""
    task = desk.task()

    first = desk.service().update_task_attributes(task, Append(("n",), [1]), change_id="call-1")
    again = desk.service().update_task_attributes(task, Append(("n",), [1]), change_id="call-1")
    other = desk.service().update_task_attributes(task, Append(("n",), [1]), change_id="call-2")

    assert [first.outcome, again.outcome, other.outcome] == ["updated", "unchanged", "updated"]
    assert again.attributes == {"n": [1]}
    assert desk.attributes(task) == {"n": [1, 1]}


def test_one_id_twice_at_once_is_applied_once(desk: Desk) -> None:
    """Also where both wait for the same write."""
    task, service = desk.task(), desk.service()
    change = partial(service.update_task_attributes, task, Append(("n",), [1]), change_id="call-1")

    outcomes = Counter(done.outcome for done in at_once([change] * 8))

    assert outcomes == {"updated": 1, "unchanged": 7}
    assert desk.attributes(task) == {"n": [1]}


def test_a_merge_costs_two_requests_and_leaves_no_mark(desk: Desk) -> None:
    """RFC 7396: null removes at any depth, lists replace, the rest stays."""
    task = desk.task(a={"x": 1, "y": {"z": 2}}, tags=[1, 2, 3], keep="é")

    done = desk.service().update_task_attributes(task, {"a": {"y": {"z": None}}, "tags": [9]})

    assert done.outcome == "updated"
    assert done.attributes == {"a": {"x": 1, "y": {}}, "tags": [9], "keep": "é"}
    assert desk.text(task) == '{"a":{"x":1,"y":{}},"tags":[9],"keep":"é"}'
    assert [request["method"] for request in desk.requests(task)][:2] == ["GET", "POST"]


def test_nothing_to_change_writes_nothing(desk: Desk) -> None:
    """One read, whatever the change is."""
    task, service = desk.task(a=1, n=[1]), desk.service()

    for change in ({"a": 1.0}, Remove(("n",), [2]), lambda attributes: attributes, Merge({})):
        done = service.update_task_attributes(task, change)  # type: ignore[arg-type]
        assert (done.outcome, done.attributes) == ("unchanged", {"a": 1, "n": [1]})

    assert desk.requests(task, "POST") == []


def test_a_function_sees_the_attributes_without_marks(desk: Desk) -> None:
    """It may change what it was given, and what it says of the marks does not count."""
    task, service = desk.task(n=[1]), desk.service()
    service.update_task_attributes(task, Append(("n",), [2]))
    seen: list[dict[str, Any]] = []

    def change(attributes: dict[str, Any]) -> dict[str, Any]:
        seen.append(dict(attributes))
        attributes["n"] = sum(attributes["n"])
        return {**attributes, "applied_changes": "gone"}

    done = service.update_task_attributes(task, change)

    assert seen == [{"n": [1, 2]}]
    assert done.attributes == {"n": 3}
    assert len(desk.text(task)) == len('{"n":3,"applied_changes":["12345678","12345678"]}')


@pytest.mark.parametrize("deferred", [False, True])
def test_an_empty_id_is_none(desk: Desk, deferred: bool) -> None:
    """`--id "$ID"` without the variable must not pass for a call that is safe to repeat."""
    task = desk.task()

    with pytest.raises(InvalidChange, match="id: must be 1 to 36"):
        desk.service().update_task_attributes(task, Append(("n",), [1]), deferred, change_id="")

    assert desk.requests(task) == []


def test_over_4096_characters_nothing_is_sent(desk: Desk) -> None:
    """The guard counts what would be written, marks included."""
    task, service = desk.task(a=1), desk.service()

    for change in ({"note": "x" * 4090}, Append(("note",), ["x" * 4065])):
        with pytest.raises(AttributesTooLong, match=f"update Task {task}.*limit is 4096"):
            service.update_task_attributes(task, change)

    assert desk.requests(task, "POST") == []
    assert service.update_task_attributes(task, {"note": "x" * 4079}).outcome == "updated"
    assert len(desk.text(task)) == 4096


def test_marks_give_way_where_space_is_short(desk: Desk) -> None:
    """The oldest go; the attributes themselves always fit as far as 4096 characters."""
    task, service = desk.task(), desk.service()
    for number in range(30):
        service.update_task_attributes(task, Append(("n",), [number]))
    service.update_task_attributes(task, {"note": "x" * 3600})
    service.update_task_attributes(task, Append(("note2",), ["y" * 300]))

    assert len(desk.text(task)) <= 4096
    assert desk.attributes(task)["n"] == list(range(30))


def test_gone_is_a_value(desk: Desk) -> None:
    """A task nobody knows, and one that is deleted between reading and writing."""
    task, service = desk.task(), desk.service()

    def deleting(attributes: dict[str, Any]) -> dict[str, Any]:
        desk.client.delete(desk.url(task))
        return {**attributes, "a": 1}

    assert service.update_task_attributes("WT" + "0" * 32, {"a": 1}).outcome == "gone"
    done = service.update_task_attributes(task, deleting)
    assert (done.outcome, done.attributes) == ("gone", None)
    assert service.task(task) is None


def test_a_completed_task_still_takes_attributes(desk: Desk) -> None:
    """Somebody completes it between reading and writing: the write goes again and is there."""
    task, service = desk.assigned_task(), desk.service()
    runs: list[int] = []

    def completing(attributes: dict[str, Any]) -> dict[str, Any]:
        if not runs:
            desk.client.post(desk.url(task), {"AssignmentStatus": "completed"})
        runs.append(1)
        return {**attributes, "after": True}

    assert service.update_task_attributes(task, completing).outcome == "updated"
    assert desk.attributes(task)["after"] is True
    assert desk.status(task) == "completed"
    assert len(runs) == 2


def test_attributes_that_are_no_object_are_left_alone(desk: Desk) -> None:
    """Whoever wrote them there: a merge would destroy them."""
    task = desk.task()
    body = {**desk.client.get(desk.url(task)).body, "attributes": '["a list"]'}
    desk.emulator.add_fault(method="GET", path=f"/Tasks/{task}$", status=200, body=body)

    with pytest.raises(AttributesUnreadable, match="a JSON array") as caught:
        desk.service().update_task_attributes(task, {"a": 1})

    assert "a list" not in str(caught.value)
    assert desk.requests(task, "POST") == []


@pytest.mark.parametrize(
    ("fault", "error", "safe"),
    [
        ({"status": 429}, RateLimited, True),
        ({"status": 503}, ServerFault, True),
        ({"drop": True}, UpdateUncertain, False),
    ],
    ids=["429", "503", "drop"],
)
def test_faults_until_the_deadline_are_an_error(
    desk: Desk, fault: dict[str, Any], error: type[TwilioError], safe: bool
) -> None:
    """It says whether repeating the call is safe, and nothing was written."""
    task, service = desk.task(), desk.service(deadline_seconds=0.4)
    desk.emulator.add_fault(**POSTS, **fault)

    with pytest.raises(error) as caught:
        service.update_task_attributes(task, Append(("n",), [1]))

    assert caught.value.retry_safe is safe
    assert desk.attributes(task) == {}


def test_a_merge_may_be_repeated_even_where_nobody_can_tell(desk: Desk) -> None:
    """The second time it ends in the same attributes."""
    task, service = desk.task(), desk.service(deadline_seconds=0.4)
    desk.emulator.add_fault(**POSTS, drop=True)

    with pytest.raises(UpdateUncertain) as caught:
        service.update_task_attributes(task, {"a": 1})

    assert caught.value.retry_safe


def test_an_answer_slower_than_the_deadline_is_found_out_about(desk: Desk) -> None:
    """The write took effect; it is recognised although the time for writing is over."""
    task, service = desk.task(), desk.service(deadline_seconds=1.0)
    service.update_task_attributes(task, {"a": 1})
    rule = {**POSTS, "status": 504, "after": True, "latency_ms": 500, "count": 1}
    desk.emulator.add_fault(**rule)

    done = service.update_task_attributes(task, Append(("n",), [1]))

    assert done.outcome == "updated"
    assert desk.attributes(task) == {"a": 1, "n": [1]}


def test_wrong_credentials_are_an_error_at_once(desk: Desk) -> None:
    """No retry helps."""
    task, service = desk.task(), desk.service()
    service._client._auth = (desk.client.credentials.account_sid, "f" * 32)

    with pytest.raises(Unauthorized):
        service.update_task_attributes(task, {"a": 1})

    assert len(desk.requests(task)) == 1


@pytest.mark.parametrize("sid", ["", "WT1", "WT" + "g" * 32, "../Workers/WK" + "0" * 32])
def test_what_is_no_task_sid_is_refused(desk: Desk, sid: str) -> None:
    """An empty one would name the list of tasks, where a POST makes a task."""
    service = desk.service()

    for call in (partial(service.update_task_attributes, sid, {}), partial(service.flush, sid),
                 partial(service.complete_task, sid), partial(service.task, sid)):  # fmt: skip
        with pytest.raises(ValueError, match="is no task SID"):
            call()

    assert desk.emulator.journal(kind="api", path="Tasks|Workers") == []


def test_wrong_changes_are_named_before_anything_is_sent(desk: Desk) -> None:
    """All problems at once; an append to a text fails once it is seen."""
    task, service = desk.task(name="Ann"), desk.service()

    with pytest.raises(InvalidChange, match="JSON does not have"):
        service.update_task_attributes(task, {"a": float("nan"), "b": {1, 2}})
    assert desk.requests(task) == []
    with pytest.raises(NotApplicable, match=f"update Task {task}: cannot append to name"):
        service.update_task_attributes(task, Append(("name",), [1]))
    assert desk.requests(task, "POST") == []


def test_a_lost_answer_is_recognised_where_twilio_keeps_another_number(desk: Desk) -> None:
    """What is kept is no longer what was sent; the mark says that the write happened."""
    task, service = desk.task(n=[]), desk.service()
    number = parse_json("0.10000000000000000001")

    desk.emulator.add_fault(**POSTS, status=500, after=True, count=1)
    done = service.update_task_attributes(task, Append(("n",), [number]))

    assert done.outcome == "updated"
    assert len(desk.attributes(task)["n"]) == 1
