"""The Flex configuration."""

from __future__ import annotations

from typing import Any

import pytest

from twilio_emulator.testing import RunningEmulator

URL = "https://flex-api.twilio.com/v1/Configuration"


def test_an_update_replaces_properties_and_keeps_the_rest(emulator: RunningEmulator) -> None:
    """Nested values are replaced whole; what Twilio keeps itself is ignored."""
    emulator.reset()
    before = emulator.request("GET", URL, params={"UiVersion": "2.0"}).json()
    sent = {
        "account_sid": emulator.account_sid,
        "url": "https://example.com",
        "attributes": {"a": 1},
        "ui_attributes": {"colour": "blue"},
    }
    emulator.request("POST", URL, json=sent)
    after = emulator.request("POST", URL, json={"ui_attributes": {"theme": "dark"}}).json()

    assert (after["attributes"], after["ui_attributes"]) == ({"a": 1}, {"theme": "dark"})
    assert after["url"] == URL
    unchanged = set(before) - {"attributes", "ui_attributes", "date_updated"}
    assert {name: after[name] for name in unchanged} == {name: before[name] for name in unchanged}
    assert before["flex_service_instance_sid"].startswith("IS")
    assert before["flex_instance_sid"].startswith("GO")


@pytest.mark.parametrize(
    "sent",
    [
        {"colour": "blue"},
        {"taskrouter_skills": "sales"},
        {"crm_enabled": "yes"},
        {"ui_language": 7},
        {"status": "asleep"},
        {"status": ["ok"]},
        {"serverless_service_sids": ["ZS1"]},
        {"serverless_service_sids": [None]},
        ["ui_language"],
    ],
)
def test_what_is_no_property_is_refused_by_name(emulator: RunningEmulator, sent: Any) -> None:
    """Unknown names and wrong types change nothing."""
    before = emulator.request("GET", URL).json()
    answer = emulator.request("POST", URL, json=sent)

    assert (answer.status_code, answer.json()["code"]) == (400, 20001)
    if isinstance(sent, dict):
        assert next(iter(sent)) in answer.json()["message"]
    assert emulator.request("GET", URL).json() == before
