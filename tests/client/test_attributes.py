"""Attribute changes under races."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.client.conftest import ScriptedServer, answer
from twilio_client import (
    AttributesTooLong,
    PreconditionFailed,
    TwilioClient,
    update_attributes,
    urls,
)

WORKER = urls.taskrouter("Workspaces", "WS1", "Workers", "WK1")


def worker(version: int, **attributes: object) -> tuple[int, object, dict[str, str]]:
    """Script a worker at a version."""
    return answer(200, {"attributes": json.dumps(attributes)}, ETag=f'"{version}"')


def add_team(attributes: dict[str, Any]) -> dict[str, Any]:
    """Change one key."""
    return {**attributes, "team": "blue"}


def test_lost_race_is_run_again_on_the_fresh_copy(
    server: ScriptedServer, client: TwilioClient
) -> None:
    """After 412 the change is computed anew from what is there now, so nothing is lost."""
    server.answers = [worker(3, a=1), answer(412), worker(4, a=1, b=2), answer(200)]

    result = update_attributes(client, WORKER, add_team)

    assert result.outcome == "updated"
    assert json.loads(server.asked[-1].form["Attributes"][0]) == {"a": 1, "b": 2, "team": "blue"}
    assert server.asked[-1].headers["If-Match"] == "4"


def test_equal_attributes_are_not_written(server: ScriptedServer, client: TwilioClient) -> None:
    """A change that changes nothing costs one read and no write."""
    server.answers = [worker(3, team="blue")]

    assert update_attributes(client, WORKER, add_team).outcome == "unchanged"
    assert [asked.method for asked in server.asked] == ["GET"]


@pytest.mark.parametrize("script", [[answer(404)], [worker(1), answer(404)]], ids=["read", "write"])
def test_gone_is_a_value(
    server: ScriptedServer, client: TwilioClient, script: list[object]
) -> None:
    """A resource that disappears, before or during, is an outcome and no error."""
    server.answers = script

    assert update_attributes(client, WORKER, add_team).outcome == "gone"


def test_too_long_is_not_sent(server: ScriptedServer, client: TwilioClient) -> None:
    """Attributes over 4096 characters are refused before anything is written."""
    server.answers = [worker(1, note="x" * 4080)]

    with pytest.raises(AttributesTooLong, match="would be 4105 characters, Twilio's limit is 4096"):
        update_attributes(client, WORKER, add_team, what="update Worker WK1")

    assert [asked.method for asked in server.asked] == ["GET"]


def test_endless_races_end(server: ScriptedServer, client: TwilioClient) -> None:
    """Races lost until the deadline end in an error that says a repeat is safe."""
    server.answers = [worker(1), answer(412)] * 3
    now = iter(range(0, 100, 20))

    with pytest.raises(PreconditionFailed) as caught:
        update_attributes(client, WORKER, add_team, deadline_seconds=30, clock=lambda: next(now))

    assert caught.value.retry_safe
    assert len(server.asked) == 4
