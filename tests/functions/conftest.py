"""A contact centre with the functions deployed, fresh for every test."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functions.contact_centre import EVENTS, SYNC, TASKROUTER, ContactCentre
from tests.functions.deployment import SECRET, deploy
from twilio_emulator.testing import RunningEmulator, start_emulator

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def emulator() -> Iterator[RunningEmulator]:
    """One emulator for all tests of the functions."""
    with start_emulator(workers=0) as running:
        yield running


@pytest.fixture
def centre(emulator: RunningEmulator, request: pytest.FixtureRequest) -> Iterator[ContactCentre]:
    """A workspace of its own whose callback is the deployed event handler.

    `@pytest.mark.parametrize("centre", [{…}], indirect=True)` gives the functions variables.
    """
    name = f"functions-{next(_numbers)}"
    workspace = _create(emulator, TASKROUTER, FriendlyName=name)
    service = _create(emulator, SYNC, FriendlyName=name)
    variables = {
        "TWILIO_FLEX_WORKSPACE_SID": workspace,
        "TWILIO_FLEX_SYNC_SID": service,
        "BATCH_SECRET": SECRET,
        "TWILIO_SERVICE_MIN_BACKOFF": "10",
        "TWILIO_SERVICE_MAX_BACKOFF": "100",
        "TR_EVENTS_LOG_EVENTS": "true",
        **getattr(request, "param", {}),
    }
    deployment = deploy(emulator, name, variables)
    form = {"EventCallbackUrl": deployment.event_handler, "EventsFilter": EVENTS}
    emulator.request("POST", f"{TASKROUTER}/{workspace}", data=form)
    emulator.clear_journal()
    yield ContactCentre(emulator, workspace, service, deployment)
    emulator.clear_faults()
    emulator.request("POST", f"{TASKROUTER}/{workspace}", data={"EventCallbackUrl": ""})


def _create(emulator: RunningEmulator, url: str, **form: str) -> str:
    answer = emulator.request("POST", url, data=form)
    assert answer.status_code == 201, answer.text
    return str(json.loads(answer.text)["sid"])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test here more time than its own waits need."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.timeout(120))
