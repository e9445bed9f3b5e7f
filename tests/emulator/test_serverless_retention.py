"""What no deployment needs is deleted after seven days, logs after thirty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .running import API, Running, running

DAY = 24 * 3600
HELLO = "exports.handler = (context, event, callback) => callback(null, 'hello');"
TALKING = "exports.handler = (c, e, callback) => { console.log('hi'); callback(null, 'ok'); };"


@pytest.fixture
def emulator() -> Iterator[Running]:
    """Run an emulator whose clock stands still until it is moved."""
    with running(start="2026-01-01T00:00:00Z") as started:
        yield started


def _exists(emulator: Running, path: str) -> bool:
    return emulator.api("GET", API, path).status_code == 200


def test_unused_versions_and_empty_files_go_after_seven_days(emulator: Running) -> None:
    """A version outside of builds goes first, then the function that is left empty."""
    service = emulator.service("unused")
    version = emulator.upload(service, "/a", HELLO)
    base = f"/v1/Services/{service}/Functions"
    file = f"{base}/{version['function_sid']}"
    empty = emulator.api("POST", API, base, data={"FriendlyName": "empty"}).json()["sid"]

    emulator.emulator.advance(7 * DAY - 1)
    assert _exists(emulator, f"{file}/Versions/{version['sid']}")
    assert _exists(emulator, f"{base}/{empty}")
    emulator.emulator.advance(1)
    assert not _exists(emulator, f"{file}/Versions/{version['sid']}")
    assert not _exists(emulator, file)
    assert not _exists(emulator, f"{base}/{empty}")
    assert _exists(emulator, f"/v1/Services/{service}")


def test_what_is_live_stays_and_what_was_replaced_goes(emulator: Running) -> None:
    """A build goes seven days after another took its place, with its version."""
    deployed = emulator.deploy("replaced", {"/a": HELLO})
    path = f"/v1/Services/{deployed.service}"
    first = emulator.api("GET", API, deployed.path).json()["build_sid"]
    emulator.emulator.advance(20 * DAY)
    assert deployed.call("/a").text == "hello"

    version = emulator.upload(deployed.service, "/b", HELLO)
    second = emulator.build(deployed.service, FunctionVersions=version["sid"])["sid"]
    assert deployed.activate(second).status_code == 201
    emulator.emulator.advance(7 * DAY - 1)
    assert _exists(emulator, f"{path}/Builds/{first}")
    emulator.emulator.advance(1)
    assert not _exists(emulator, f"{path}/Builds/{first}")
    assert not _exists(emulator, f"{path}/Functions/{deployed.functions['/a']}")
    assert _exists(emulator, f"{path}/Builds/{second}")
    assert deployed.call("/b").text == "hello"


def test_logs_are_shown_for_a_day_and_kept_for_thirty(emulator: Running) -> None:
    """The last day's lines are listed; older ones when asked for, until they are gone."""
    deployed = emulator.deploy("talking", {"/a": TALKING})
    deployed.call("/a")
    line = next(log for log in deployed.logs() if "hi" in log["message"])
    other = emulator.service("other")
    log = f"{deployed.path}/Logs/{line['sid']}"
    assert _exists(emulator, log)
    assert not _exists(emulator, log.replace(deployed.service, other))

    emulator.emulator.advance(2 * DAY)
    assert deployed.logs() == []
    assert line in deployed.logs(StartDate="2026-01-01T00:00:00Z")
    assert deployed.logs(StartDate="2026-01-01T00:00:00Z", EndDate="2025-12-31T00:00:00Z") == []
    stranger = deployed.logs(StartDate="2026-01-01T00:00:00Z", FunctionSid="ZH" + "0" * 32)
    assert stranger == []
    emulator.emulator.advance(29 * DAY)
    assert deployed.logs(StartDate="2026-01-01T00:00:00Z") == []
    assert not _exists(emulator, log)
