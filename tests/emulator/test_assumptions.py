"""Assumptions that can be switched: the other choice does what it says."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.emulator.conftest import WorkspaceClient
from twilio_emulator.expressions import parse
from twilio_emulator.testing import start_emulator

TASKROUTER = "https://taskrouter.twilio.com/v1/Workspaces"
SWITCHES = """
from twilio_emulator import assumptions
assumptions.IF_MATCH_STAR_FITS_ANY_VERSION = True
assumptions.NEXT_PAGE_CARRIES_NUMBER = False
assumptions.STALE_VERSION_TEXT = "another text for {sid}"
assumptions.LEAVING_KEEPS_OFFERS = False
assumptions.BUSY_WORKERS_CAN_BE_DELETED = False
"""


@pytest.fixture(scope="module")
def otherwise(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkspaceClient]:
    """Run an emulator that assumes otherwise: the process sets the constants when it starts."""
    folder = tmp_path_factory.mktemp("assumptions")
    (folder / "sitecustomize.py").write_text(SWITCHES)
    with start_emulator(workers=4, environ={"PYTHONPATH": f"{folder}:."}) as emulator:
        found = emulator.request("GET", TASKROUTER).json()["workspaces"]
        yield WorkspaceClient(emulator, found[0]["sid"])


def _worker(workspace: WorkspaceClient) -> str:
    return f"/Workers/{workspace.get('/Workers', Available='true')['workers'][0]['sid']}"


def test_a_star_fits_every_version(otherwise: WorkspaceClient) -> None:
    """If-Match `*` lets a write through, a number that is stale does not."""
    path, data = _worker(otherwise), {"Attributes": "{}"}
    any_version = otherwise.send("POST", path, data=data, headers={"If-Match": "*"})
    stale = otherwise.send("POST", path, data=data, headers={"If-Match": "99"})

    assert any_version.status_code == 200
    assert (stale.status_code, stale.json()["message"]) == (
        412,
        f"another text for {path.rpartition('/')[2]}",
    )


def test_a_pages_address_goes_without_a_number(otherwise: WorkspaceClient) -> None:
    """The token alone finds the next page."""
    meta = otherwise.get("/Workers", PageSize="2")["meta"]
    query = dict(httpx.URL(meta["next_page_url"]).params)

    assert set(query) == {"PageSize", "PageToken"}
    assert len(otherwise.get("/Workers", **query)["workers"]) == 2


def test_a_worker_with_an_offer_stays(otherwise: WorkspaceClient) -> None:
    """Neither leaving nor deletion is allowed while a reservation is open."""
    otherwise.make("Tasks", Attributes="{}")
    reserved = next(
        f"/Workers/{worker['sid']}"
        for worker in otherwise.get("/Workers")["workers"]
        if otherwise.get(f"/Workers/{worker['sid']}/Reservations")["reservations"]
    )
    away = otherwise.get("/Activities", Available="false")["activities"][0]["sid"]

    assert "pending reservations" in otherwise.refusal("POST", reserved, ActivitySid=away)
    assert "has reservations" in otherwise.refusal("DELETE", reserved)
    otherwise.change(reserved, ActivitySid=away, RejectPendingReservations="true")
    otherwise.remove(reserved)


def test_strings_may_compare_whatever_their_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equality, HAS, IN and CONTAINS then see no difference."""
    monkeypatch.setattr(
        "twilio_emulator.assumptions.STRINGS_COMPARE_CASE_SENSITIVELY",
        False,
    )
    parse.cache_clear()
    scope = {"team": "Sales", "skills": ["VIP"]}
    try:
        for text in (
            "team == 'sALES'",
            "skills HAS 'vip'",
            "team IN ['sales']",
            "team CONTAINS 'AL'",
        ):
            assert parse(text).matches(scope), text
    finally:
        parse.cache_clear()
